//! Which row is meant, and how it is found.

use seedbed_api::plan::{Argument, Call, Outcome, Policy};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each, fingerprint};

const USERS: &str = "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
    username text UNIQUE, name text, created_at timestamptz DEFAULT now())";

fn alice() -> Call {
    call("users", &[("email", "alice@example.com"), ("name", "Alice")])
}

#[tokio::test]
async fn the_same_call_is_the_same_row_and_a_repeat_writes_nothing() {
    let maker = Maker::new(USERS).await;
    assert_eq!(maker.make(&alice()).await.outcome(), Outcome::Created);
    let before = fingerprint(&maker).await;
    let again = maker.make(&alice()).await;
    assert_eq!(again.outcome(), Outcome::Matched);
    assert_eq!(again.get(0, "id"), Some("1"));
    assert_eq!(fingerprint(&maker).await, before);
}

#[tokio::test]
async fn a_smallserial_survives_repeats() {
    let maker = Maker::new(
        "CREATE TABLE tags (id smallserial PRIMARY KEY, name varchar(20) NOT NULL UNIQUE)",
    )
    .await;
    let call = call("tags", &[("name", "red")]);
    for _ in 0..50 {
        maker.make(&call).await;
    }
    assert_eq!(maker.value("SELECT last_value FROM tags_id_seq").await, "1");
}

#[tokio::test]
async fn only_what_was_passed_and_differs_is_updated() {
    let maker = Maker::new(USERS).await;
    let first = maker.make(&alice()).await;
    let born = first.get(0, "created_at").unwrap().to_owned();
    let mut other = alice();
    other.set.extend(call("", &[("name", "Alicia"), ("created_at", "2001-01-01")]).set);
    let strict = Call { policy: Policy::Strict, ..other.clone() };
    let told = maker.told(&strict, Manner::Autocommit).await;
    assert!(told.message.contains("differs"), "{told:?}");
    // A time of creation is for a row that is made, unless all must be so.
    let mut older = alice();
    older.set.extend(call("", &[("created_at", "2001-01-01")]).set);
    assert_eq!(maker.make(&older).await.outcome(), Outcome::Matched);
    let exact = Call { policy: Policy::Strict, ..older };
    let told = maker.told(&exact, Manner::Autocommit).await;
    assert!(told.message.contains("differs"), "{told:?}");
    let keep = Call { policy: Policy::Keep, ..other.clone() };
    assert_eq!(maker.make(&keep).await.get(0, "name"), Some("Alice"));
    let updated = maker.make(&other).await;
    assert_eq!(updated.outcome(), Outcome::Updated);
    assert_eq!(updated.get(0, "name"), Some("Alicia"));
    assert_eq!(updated.get(0, "created_at"), Some(born.as_str()));
    assert_eq!(maker.make(&other).await.outcome(), Outcome::Matched);
}

#[tokio::test]
async fn a_time_of_creation_that_stays_another_is_told() {
    let maker = Maker::new(USERS).await;
    let born = |email: Argument, day: &str, name: &str| {
        let mut call = call("users", &[("created_at", day), ("name", name)]);
        call.count = matches!(email, Argument::Each(_)).then_some(2);
        call.set.insert("email".to_owned(), email);
        call
    };
    let kept = async |call: &Call| {
        let made = maker.make_in(call, Manner::Autocommit).await.remove(0);
        (made.outcomes, made.kept.map(|kept| (kept.columns, kept.ordinals)))
    };
    let one = || Argument::Same(Some("a@x.test".to_owned()));
    let two = || each(&["b@x.test", "a@x.test"]);
    let told = |ordinal| Some((vec!["created_at".to_owned()], vec![ordinal]));
    use Outcome::{Created, Matched, Updated};
    let (first, other) = ("2001-01-01 00:00:00+00", "2002-02-02");
    assert_eq!(kept(&born(one(), first, "A")).await, (vec![Created], None));
    // Another spelling of the same time is no other time.
    let same = "2001-01-01 01:00:00+01";
    assert_eq!(kept(&born(one(), same, "A")).await, (vec![Matched], None));
    assert_eq!(kept(&born(one(), other, "A")).await, (vec![Matched], told(0)));
    assert_eq!(kept(&born(one(), other, "B")).await, (vec![Updated], told(0)));
    assert_eq!(kept(&born(one(), same, "C")).await, (vec![Updated], None));
    assert_eq!(kept(&born(two(), other, "C")).await, (vec![Created, Matched], told(1)));
    assert_eq!(kept(&born(two(), other, "D")).await, (vec![Updated, Updated], told(1)));
    // Where rows of the call are one row, each is told.
    let mut twice = born(each(&["a@x.test", "a@x.test"]), other, "");
    twice.set.insert("name".to_owned(), each(&["D", "D"]));
    let (_, found) = kept(&twice).await;
    assert_eq!(found.map(|(_, ordinals)| ordinals), Some(vec![0, 1]));
    let keep = Call { policy: Policy::Keep, ..born(one(), other, "A") };
    assert_eq!(kept(&keep).await, (vec![Matched], None));
    assert_eq!(
        maker.value("SELECT count(*) FROM users WHERE created_at = '2001-01-01Z'").await,
        "1"
    );
}

#[tokio::test]
async fn rows_that_match_by_different_keys_are_told() {
    let maker = Maker::new(USERS).await;
    maker
        .batch(
            "INSERT INTO users (id, email, username) VALUES (7, 'a@x.test', 'a'), \
                 (9, 'b@x.test', 'b')",
        )
        .await;
    let both = |email, username| call("users", &[("email", email), ("username", username)]);
    let told = maker.told(&both("a@x.test", "b"), Manner::Autocommit).await;
    assert!(
        told.message.contains("7 by email") && told.message.contains("9 by username"),
        "{told:?}"
    );
    // One key alone: which one identifies?
    let told = maker.told(&both("a@x.test", "new"), Manner::Autocommit).await;
    assert!(told.message.contains("users 7 has this email, but another username"), "{told:?}");
    let chosen = Call { key: vec!["email".to_owned()], ..both("a@x.test", "new") };
    assert_eq!(maker.make(&chosen).await.get(0, "username"), Some("new"));
    // Both, or none.
    assert_eq!(maker.make(&both("b@x.test", "b")).await.outcome(), Outcome::Matched);
    assert_eq!(maker.make(&both("c@x.test", "c")).await.outcome(), Outcome::Created);
}

#[tokio::test]
async fn a_key_beside_the_named_one_that_is_taken_is_told() {
    let maker = Maker::new(USERS).await;
    maker.batch("INSERT INTO users (email, username) VALUES ('a@x.test', 'a')").await;
    let call = Call {
        key: vec!["email".to_owned()],
        ..call("users", &[("email", "b@x.test"), ("username", "a")])
    };
    maker.batch("BEGIN; INSERT INTO users (email) VALUES ('mine@x.test')").await;
    let told = maker.told(&call, Manner::InTransaction).await;
    assert!(told.message.contains("username"), "{told:?}");
    maker.batch("COMMIT").await;
    assert_eq!(maker.value("SELECT count(*) FROM users").await, "2");
}

#[tokio::test]
async fn batches_make_what_is_missing() {
    let maker = Maker::new(USERS).await;
    maker.make(&alice()).await;
    let mut many = Call { count: Some(3), ..Call::default() };
    many.table = "users".to_owned();
    many.set.insert(
        "email".to_owned(),
        each(&["z@example.com", "alice@example.com", "b\"\\{}%,é@example.com"]),
    );
    many.set.insert("name".to_owned(), each(&["Z", "A", "B"]));
    let made = maker.make(&many).await;
    assert_eq!(made.outcomes, [Outcome::Created, Outcome::Updated, Outcome::Created]);
    assert_eq!(made.get(1, "id"), Some("1"));
    assert_eq!(made.get(2, "email"), Some("b\"\\{}%,é@example.com"));
    let before = fingerprint(&maker).await;
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Matched; 3]);
    assert_eq!(fingerprint(&maker).await, before);
}

#[tokio::test]
async fn expression_keys_compare_as_the_index_does() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, name text);
         CREATE UNIQUE INDEX users_email ON users (lower(email))",
    )
    .await;
    let first = call("users", &[("email", "Alice@x.test"), ("name", "A")]);
    let other = call("users", &[("email", "alice@X.test"), ("name", "B")]);
    assert_eq!(maker.make(&first).await.outcome(), Outcome::Created);
    let found = maker.make(&other).await;
    assert_eq!((found.outcome(), found.get(0, "email")), (Outcome::Updated, Some("Alice@x.test")));
    // Two spellings in one batch are one row.
    let mut many = Call { count: Some(2), table: "users".to_owned(), ..Call::default() };
    many.set.insert("email".to_owned(), each(&["New@x.test", "NEW@x.test"]));
    let made = maker.make(&many).await;
    assert_eq!(made.get(0, "id"), made.get(1, "id"));
    assert_eq!(maker.value("SELECT count(*) FROM users").await, "2");
}

#[tokio::test]
async fn partial_keys_need_a_row_inside_their_predicate() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, kind text, deleted_at timestamptz);
         CREATE UNIQUE INDEX active ON users (email) WHERE deleted_at IS NULL AND kind <> 'bot'",
    )
    .await;
    let inside = call("users", &[("email", "a@x.test"), ("kind", "human")]);
    // The sixth execution of a prepared statement has a generic plan.
    for number in 0..8 {
        let address = format!("{number}@x.test");
        let call = call("users", &[("email", &address), ("kind", "human")]);
        assert_eq!(maker.make(&call).await.outcome(), Outcome::Created);
    }
    assert_eq!(maker.make(&inside).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&inside).await.outcome(), Outcome::Matched);
    let outside = call("users", &[("email", "b@x.test"), ("kind", "bot")]);
    // Another row, which has no such key.
    assert_eq!(maker.make(&outside).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&outside).await.outcome(), Outcome::Matched);
}

#[tokio::test]
async fn a_deferrable_key_is_no_target_but_still_a_key() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE DEFERRABLE, name text)",
    )
    .await;
    assert_eq!(maker.make(&alice_named()).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&alice_named()).await.outcome(), Outcome::Matched);
}

fn alice_named() -> Call {
    call("users", &[("email", "alice@example.com"), ("name", "Alice")])
}

#[tokio::test]
async fn numbers_and_times_keep_every_digit() {
    let maker = Maker::new(
        "CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz, n numeric(30,10), j jsonb, d json)",
    )
    .await;
    let wanted = call(
        "t",
        &[
            ("id", "9007199254740993"),
            ("at", "2024-02-29 12:34:56.789012+02"),
            ("n", "12345678901234567890.0123456789"),
            ("j", r#"{"a": [1, "x"]}"#),
            ("d", r#"{"b":1, "a":2}"#),
        ],
    );
    let made = maker.make(&wanted).await;
    assert_eq!(made.get(0, "id"), Some("9007199254740993"));
    assert_eq!(made.get(0, "n"), Some("12345678901234567890.0123456789"));
    assert_eq!(maker.make(&wanted).await.outcome(), Outcome::Matched);
}
