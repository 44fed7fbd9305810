//! Triggers that write their own values into columns beside the key: a row is as
//! it was passed or it is told at once, and no call writes for ever.

use seedbed_api::plan::{Call, Outcome, Policy};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each, fingerprint};

/// A table whose trigger keeps digits of telephone numbers alone.
fn numbers(when: &str) -> String {
    format!(
        "CREATE TABLE norm (id serial PRIMARY KEY, n int NOT NULL UNIQUE, ph text, title text);
         CREATE FUNCTION digits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           NEW.ph := regexp_replace(NEW.ph, '[^0-9]', '', 'g'); RETURN NEW; END $$;
         CREATE TRIGGER digits BEFORE {when} ON norm FOR EACH ROW EXECUTE FUNCTION digits()"
    )
}

const BOTH: &str = "INSERT OR UPDATE";

#[tokio::test]
async fn what_a_trigger_changes_is_told_at_once_and_leaves_nothing() {
    let maker = Maker::new(&numbers(BOTH)).await;
    let before = fingerprint(&maker).await["public.norm"].clone();
    let mut many = Call { count: Some(2), ..call("norm", &[]) };
    many.set.insert("n".to_owned(), each(&["1", "2"]));
    many.set.insert("ph".to_owned(), each(&["+49-30", "1234"]));
    for policy in [Policy::Converge, Policy::Strict] {
        let one = Call { policy, ..call("norm", &[("n", "1"), ("ph", "+49-30"), ("title", "t")]) };
        for call in [&one, &Call { policy, ..many.clone() }] {
            for _ in 0..2 {
                let told = maker.told(call, Manner::Autocommit).await;
                assert!(told.message.contains(" ph"), "{told:?}");
                assert!(!told.message.contains("title"), "{told:?}");
                assert_eq!(told.detail.as_deref(), Some("triggers: digits"));
                if policy == Policy::Converge {
                    assert!(told.message.contains("a trigger of norm changes"), "{told:?}");
                    assert_eq!(told.hints[0], "seedbed make norm ph=…");
                }
                assert_eq!(maker.value("SELECT count(*) FROM norm").await, "0");
            }
        }
    }
    assert_eq!(fingerprint(&maker).await["public.norm"], before);
}

#[tokio::test]
async fn a_value_as_the_trigger_leaves_it_is_made_once() {
    let maker = Maker::new(&numbers(BOTH)).await;
    let mut many = Call { count: Some(2), ..call("norm", &[]) };
    many.set.insert("n".to_owned(), each(&["1", "2"]));
    many.set.insert("ph".to_owned(), each(&["4930", "1234"]));
    let one = call("norm", &[("n", "1"), ("ph", "4930")]);
    assert_eq!(maker.make(&one).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Matched, Outcome::Created]);
    let before = fingerprint(&maker).await;
    assert_eq!(maker.make(&one).await.outcome(), Outcome::Matched);
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Matched; 2]);
    let raw = call("norm", &[("n", "1"), ("ph", "+49-30")]);
    assert_eq!(
        maker.make(&Call { policy: Policy::Keep, ..raw.clone() }).await.outcome(),
        Outcome::Matched
    );
    for _ in 0..2 {
        let told = maker.told(&raw, Manner::Autocommit).await;
        assert!(told.message.contains("changes what was passed in ph"), "{told:?}");
    }
    assert_eq!(fingerprint(&maker).await, before);
    // Values that no trigger touches are updated as ever.
    let other = call("norm", &[("n", "1"), ("ph", "555"), ("title", "t")]);
    assert_eq!(maker.make(&other).await.outcome(), Outcome::Updated);
    assert_eq!(maker.make(&other).await.outcome(), Outcome::Matched);
    assert_eq!(maker.value("SELECT concat(ph, title) FROM norm WHERE n = 1").await, "555t");
    many.set.insert("ph".to_owned(), each(&["1", "1234"]));
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Updated, Outcome::Matched]);
}

#[tokio::test]
async fn a_row_that_a_trigger_changes_while_it_is_made_alone_is_as_passed_at_once() {
    let maker = Maker::new(&numbers("INSERT")).await;
    let mut many = Call { count: Some(2), ..call("norm", &[]) };
    many.set.insert("n".to_owned(), each(&["1", "2"]));
    many.set.insert("ph".to_owned(), each(&["+49", "1234"]));
    for call in [call("norm", &[("n", "3"), ("ph", "+33")]), many] {
        let made = maker.make(&call).await;
        assert!(made.outcomes.iter().all(|outcome| *outcome == Outcome::Created));
        let before = fingerprint(&maker).await;
        let again = maker.make(&call).await;
        assert!(again.outcomes.iter().all(|outcome| *outcome == Outcome::Matched));
        assert_eq!(fingerprint(&maker).await, before);
    }
    let rows = "SELECT string_agg(ph, ' ' ORDER BY n) FROM norm";
    assert_eq!(maker.value(rows).await, "+49 1234 +33");
}

#[tokio::test]
async fn an_update_that_its_trigger_changes_is_undone() {
    let maker = Maker::new(&numbers("UPDATE")).await;
    let raw = |title| call("norm", &[("n", "1"), ("ph", "+49"), ("title", title)]);
    assert_eq!(maker.make(&raw("a")).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&raw("a")).await.outcome(), Outcome::Matched);
    let before = fingerprint(&maker).await["public.norm"].clone();
    for _ in 0..2 {
        let told = maker.told(&raw("b"), Manner::Autocommit).await;
        assert!(told.message.contains("changes what was passed in ph"), "{told:?}");
    }
    assert_eq!(maker.value("SELECT concat(ph, title) FROM norm").await, "+49a");
    // The old version is the one that counts, whatever was undone.
    let after = fingerprint(&maker).await["public.norm"].clone();
    assert_eq!(after, before);
    // A row that is made needs no transaction for that.
    let _ = maker.runner.log();
    maker.make(&call("norm", &[("n", "2"), ("ph", "5")])).await;
    let log = maker.runner.log();
    assert!(!log.iter().any(|sql| sql.starts_with("BEGIN")), "{log:?}");
}

#[tokio::test]
async fn strict_names_the_columns_that_differ() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text, age int)",
    )
    .await;
    maker.make(&call("users", &[("email", "a@x.test"), ("name", "A"), ("age", "4")])).await;
    let strict = Call {
        policy: Policy::Strict,
        ..call("users", &[("email", "a@x.test"), ("name", "A"), ("age", "5")])
    };
    let told = maker.told(&strict, Manner::Autocommit).await;
    assert_eq!(told.message, "a row of users is there but differs from what was passed in age");
}

#[tokio::test]
async fn a_row_of_a_circle_is_compared_as_soon_as_it_is_made() {
    let maker = Maker::new(&format!(
        "{};
         CREATE TABLE teams (id serial PRIMARY KEY, name text NOT NULL UNIQUE, ph text, \
           captain int NOT NULL);
         CREATE TABLE players (id serial PRIMARY KEY, name text NOT NULL UNIQUE, \
           team int NOT NULL REFERENCES teams);
         ALTER TABLE teams ADD FOREIGN KEY (captain) REFERENCES players;
         CREATE TRIGGER digits BEFORE INSERT OR UPDATE ON teams \
           FOR EACH ROW EXECUTE FUNCTION digits()",
        numbers(BOTH)
    ))
    .await;
    for _ in 0..2 {
        let raw = call("teams", &[("name", "a"), ("ph", "+49")]);
        let told = maker.told(&raw, Manner::Autocommit).await;
        assert!(
            told.message.contains("a trigger of teams changes what was passed in ph"),
            "{told:?}"
        );
        assert_eq!(maker.value("SELECT count(*) FROM players").await, "0");
    }
    let fine = call("teams", &[("name", "a"), ("ph", "49")]);
    assert_eq!(maker.make(&fine).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&fine).await.outcome(), Outcome::Matched);
}
