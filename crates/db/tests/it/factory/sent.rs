//! What a call sends: a row that is there costs its look-up, a row that is
//! missing among parents that are there its look-up and its insert.

use seedbed_api::plan::Outcome;
use seedbed_factory::Manner;

use super::ground::{Maker, call};

const SCHEMA: &str = "CREATE TABLE orgs (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
        org int NOT NULL REFERENCES orgs)";

/// The first words of the statements since the last time.
fn sent(maker: &Maker) -> Vec<String> {
    let first = |sql: String| sql.split(' ').next().unwrap_or_default().to_owned();
    maker.runner.log().into_iter().map(first).collect()
}

#[tokio::test]
async fn a_row_that_is_there_is_looked_up_and_nothing_else() {
    let maker = Maker::new(SCHEMA).await;
    let user = call("users", &[("email", "a@x.test")]);
    maker.make(&user).await;
    let _ = sent(&maker);
    assert_eq!(maker.make(&user).await.outcome(), Outcome::Matched);
    assert_eq!(sent(&maker), ["SELECT"]);
}

#[tokio::test]
async fn a_row_among_parents_that_are_there_is_made_in_one_statement() {
    let maker = Maker::new(SCHEMA).await;
    let user = |email| call("users", &[("email", email)]);
    maker.make(&user("a@x.test")).await;
    // The organisation was missing: both rows or none.
    let first = sent(&maker);
    assert!(
        first.contains(&"BEGIN".to_owned()) && first.contains(&"COMMIT".to_owned()),
        "{first:?}"
    );

    assert_eq!(maker.make(&user("b@x.test")).await.outcome(), Outcome::Created);
    assert_eq!(sent(&maker), ["SELECT", "INSERT"]);
    maker.batch("BEGIN").await;
    maker.make_in(&user("c@x.test"), Manner::InTransaction).await;
    maker.batch("COMMIT").await;
    assert_eq!(sent(&maker), ["SELECT", "SAVEPOINT", "INSERT", "RELEASE"]);
    let rows = "SELECT count(*) || ' of ' || count(DISTINCT org) FROM users";
    assert_eq!(maker.value(rows).await, "3 of 1");
}

#[tokio::test]
async fn statements_that_make_nothing_fire_no_trigger() {
    let maker = Maker::new(&format!(
        "{SCHEMA};
         CREATE TABLE audit (said text);
         CREATE FUNCTION said() RETURNS trigger LANGUAGE plpgsql AS \
           $$ BEGIN INSERT INTO audit VALUES ('insert'); RETURN NULL; END $$;
         CREATE TRIGGER said AFTER INSERT ON users FOR EACH STATEMENT EXECUTE FUNCTION said();
         CREATE TABLE soft (id serial PRIMARY KEY, email text NOT NULL, kind text NOT NULL);
         CREATE FUNCTION is_live(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql \
           AS $$ BEGIN RETURN $1 = 'live'; END $$;
         CREATE UNIQUE INDEX live ON soft (email) WHERE is_live(kind);
         CREATE TRIGGER said BEFORE INSERT ON soft FOR EACH STATEMENT EXECUTE FUNCTION said()"
    ))
    .await;
    let said = "SELECT count(*) FROM audit";
    // The parent is missing at first.
    for (email, count) in [("a@x.test", "1"), ("b@x.test", "2"), ("b@x.test", "2")] {
        maker.make(&call("users", &[("email", email)])).await;
        assert_eq!(maker.value(said).await, count);
    }
    // A row that cannot be made leaves no trace of a trigger.
    let dead = call("soft", &[("email", "a"), ("kind", "dead")]);
    let told = maker.told(&dead, Manner::Autocommit).await;
    assert!(told.message.contains("outside the predicate"), "{told:?}");
    assert_eq!(maker.value(said).await, "2");
    assert_eq!(
        maker.make(&call("soft", &[("email", "a"), ("kind", "live")])).await.outcome(),
        Outcome::Created
    );
    assert_eq!(maker.value(said).await, "3");
}

#[tokio::test]
async fn triggers_take_the_long_way() {
    let maker = Maker::new(&format!(
        "{SCHEMA};
         CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER seen BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION seen()"
    ))
    .await;
    for email in ["a@x.test", "b@x.test"] {
        let _ = sent(&maker);
        maker.make(&call("users", &[("email", email)])).await;
    }
    // What a trigger did for a row that it suppressed must not stay behind.
    assert!(sent(&maker).contains(&"BEGIN".to_owned()));
}
