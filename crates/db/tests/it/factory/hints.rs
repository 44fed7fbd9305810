//! Hints are lines to paste.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call};

#[tokio::test]
async fn near_names_come_as_lines() {
    let maker = Maker::new(
        "CREATE TYPE mood AS ENUM ('happy', 'in between');
         CREATE TABLE artist (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood);
         CREATE TABLE songs (id serial PRIMARY KEY, artist int REFERENCES artist);
         CREATE SCHEMA old; CREATE TABLE old.band (id int PRIMARY KEY);
         CREATE SCHEMA new; CREATE TABLE new.band (id int PRIMARY KEY)",
    )
    .await;
    for (call, line) in [
        (call("artsit", &[]), "\"seedbed make artist\""),
        (call("artist", &[("nmae", "x")]), "\"seedbed make artist name=…\""),
        (call("artist", &[("mood", "hapy")]), "\"seedbed make artist mood=happy\""),
        (call("artist", &[("mood", "in betwen")]), "\"seedbed make artist 'mood=in between'\""),
        (
            Call { key: vec!["nmae".to_owned()], ..call("artist", &[]) },
            "\"seedbed make artist --key name\"",
        ),
        (
            Call {
                with: vec![Call { count: Some(2), ..call("sonsg", &[]) }],
                ..call("artist", &[])
            },
            "\"seedbed make artist --with songs=2\"",
        ),
        (call("band", &[]), "\"seedbed make old.band\""),
    ] {
        let refused = maker.refused(&call);
        assert!(refused.contains(line), "{refused}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_used_come_with_what_can() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, age int);
         CREATE TABLE mails (id serial PRIMARY KEY, sender int REFERENCES users, \
           receiver int REFERENCES users)",
    )
    .await;
    let by = |key: &str, set| Call { key: vec![key.to_owned()], ..call("users", set) };
    let refused = maker.refused(&by("id", &[]));
    assert!(refused.contains("[\"seedbed make users id=…\"]"), "{refused}");
    // The id that was not passed is none.
    let refused = maker.refused(&by("age", &[("age", "1")]));
    assert!(refused.contains("\"--key email\"") && !refused.contains("--key id"), "{refused}");
    assert!(refused.contains("ON \\\"public\\\".\\\"users\\\" (\\\"age\\\")"), "{refused}");
    let refused = maker.refused(&Call { with: vec![call("mails", &[])], ..call("users", &[]) });
    assert!(refused.contains("\"seedbed make mails sender=…\""), "{refused}");
    assert!(refused.contains("\"seedbed make mails receiver=…\""), "{refused}");
}

#[tokio::test]
async fn what_is_named_already_is_not_named_again() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
           username text NOT NULL UNIQUE);
         INSERT INTO users (email, username) VALUES ('a@x.test', 'a'), ('b@x.test', 'b')",
    )
    .await;
    let both = |email, username| call("users", &[("email", email), ("username", username)]);
    let named = Call { key: vec!["email".to_owned()], ..both("a@x.test", "zz") };
    maker.make(&named).await;
    let named = Call { key: vec!["email".to_owned()], ..both("c@x.test", "b") };
    let told = maker.told(&named, Manner::Autocommit).await;
    assert!(!told.hints.iter().any(|hint| hint == "--key email"), "{told:?}");
    assert!(told.hints.iter().any(|hint| hint == "--key username"), "{told:?}");
    let told = maker.told(&both("a@x.test", "b"), Manner::Autocommit).await;
    let lines = ["seedbed make users email=…", "seedbed make users username=…"];
    assert_eq!(told.hints, lines, "{told:?}");
}

#[tokio::test]
async fn a_value_of_another_type_is_told_by_its_column() {
    let maker = Maker::new(
        "CREATE TABLE items (code text PRIMARY KEY, amount int, day date, other uuid, \
         note text)",
    )
    .await;
    let set = [("code", "a"), ("amount", "many"), ("day", "2024-05-05"), ("note", "n")];
    let told = maker.told(&call("items", &set), Manner::Autocommit).await;
    assert!(told.message.contains("items.amount is not of its type"), "{told:?}");
    assert_eq!(told.detail.as_deref(), Some("amount is integer"));
    assert_eq!(told.hints, ["seedbed make items amount=…"]);
}

/// What is there already and nobody passed: told with the columns to pass.
#[tokio::test]
async fn a_generated_value_that_is_taken_is_told_with_lines() {
    let maker = Maker::new(
        "CREATE EXTENSION btree_gist;
         CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
           username text NOT NULL UNIQUE);
         CREATE TABLE stays (id serial PRIMARY KEY, name text NOT NULL UNIQUE, room int NOT NULL, \
           during daterange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&))",
    )
    .await;
    // Other people's rows with what the first of these would have.
    for (table, key) in [("users", "email"), ("stays", "name")] {
        maker.make(&call(table, &[])).await;
        maker.batch(&format!("UPDATE {table} SET {key} = 'another'")).await;
    }
    for (table, line) in [
        ("users", "seedbed make users username=…"),
        ("stays", "seedbed make stays room=… during=…"),
    ] {
        for count in [None, Some(3)] {
            let told = maker.told(&Call { count, ..call(table, &[]) }, Manner::Autocommit).await;
            let expected = [line.to_owned(), format!("seedbed make {table} --fresh")];
            assert_eq!(told.hints, expected, "{told:?}");
        }
        let count = maker.value(&format!("SELECT count(*) FROM {table}")).await;
        assert_eq!(count, "1", "nothing was made of {table}");
        // Both are ways out.
        let fresh = Call { fresh: true, ..call(table, &[]) };
        assert_eq!(maker.make(&fresh).await.outcome(), Outcome::Created);
    }
    let user = call("users", &[("username", "mine")]);
    assert_eq!(maker.make(&user).await.outcome(), Outcome::Created);
    let stay = call("stays", &[("room", "1"), ("during", "[2020-01-01,2020-01-02)")]);
    assert_eq!(maker.make(&stay).await.outcome(), Outcome::Created);
}
