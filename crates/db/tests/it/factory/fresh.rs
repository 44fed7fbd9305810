//! Rows that are new in any case.

use seedbed_api::plan::{Call, Outcome};
use seedbed_db::FactoryValues;
use seedbed_factory::Manner;

use super::ground::{Maker, call};

fn fresh(table: &str, count: u32) -> Call {
    Call { count: Some(count), fresh: true, ..call(table, &[]) }
}

#[tokio::test]
async fn sessions_at_the_same_time_take_different_rows() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
         CREATE TABLE posts (id serial PRIMARY KEY, author int NOT NULL REFERENCES users, \
           title text NOT NULL UNIQUE)",
    )
    .await;
    for table in ["users", "posts"] {
        let mut running = Vec::new();
        for _ in 0..8 {
            let maker = maker.beside().await;
            running.push(tokio::spawn(async move {
                for _ in 0..5 {
                    let made = maker.make(&fresh(table, 2)).await;
                    assert_eq!(made.outcomes, [Outcome::Created; 2]);
                }
            }));
        }
        for one in running {
            one.await.unwrap();
        }
    }
    let count = |table: &str| format!("SELECT count(*) FROM {table}");
    assert_eq!(maker.value(&count("posts")).await, "80");
    // Those asked for, and the author of all posts, who was there.
    assert_eq!(maker.value(&count("users")).await, "80");
}

#[tokio::test]
async fn another_scope_does_not_wait() {
    let maker =
        Maker::new("CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE)").await;
    let other = maker.beside().await;
    maker.batch("BEGIN").await;
    let _ = maker.make_in(&fresh("users", 1), Manner::InTransaction).await;
    let scoped = Call { scope: Some("a test".to_owned()), ..fresh("users", 1) };
    assert_eq!(other.make(&scoped).await.outcome(), Outcome::Created);
    maker.batch("ROLLBACK").await;
    assert_eq!(other.value("SELECT count(*) FROM users").await, "1");
}

#[tokio::test]
async fn every_value_of_a_small_domain_is_used_before_the_end_is_told() {
    let maker = Maker::new(
        "CREATE TABLE seats (seat int PRIMARY KEY CHECK (seat BETWEEN 0 AND 99), row text NOT NULL)",
    )
    .await;
    maker.make(&Call { count: Some(80), ..call("seats", &[]) }).await;
    maker.batch("DELETE FROM seats WHERE seat = 17").await;
    maker.make(&fresh("seats", 20)).await;
    assert_eq!(maker.value("SELECT count(*) FROM seats").await, "99");
    maker.make(&fresh("seats", 1)).await;
    let compiled = maker.factory.compile(&fresh("seats", 1)).unwrap();
    let mut values = FactoryValues::new(&maker.factory, &maker.runner);
    let failure = maker.runner.run(compiled, Manner::Autocommit, &mut values).await.unwrap_err();
    assert!(failure.chain().contains("can hold 100 values"), "{}", failure.chain());
}

#[tokio::test]
async fn rows_without_a_key_differ_from_those_that_are_there() {
    let maker = Maker::new(
        "CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL, n int);
         INSERT INTO notes (body) SELECT 'note ' || n FROM generate_series(1, 100100) AS n",
    )
    .await;
    maker.make(&Call { count: Some(5), ..call("notes", &[]) }).await;
    maker.batch("DELETE FROM notes WHERE id = 100102").await;
    for _ in 0..3 {
        maker.make(&fresh("notes", 2)).await;
    }
    // One row was deleted.
    let bodies = "SELECT count(*) - count(DISTINCT body) || ' of ' || count(*) FROM notes";
    assert_eq!(maker.value(bodies).await, "0 of 100110");
}

#[tokio::test]
async fn a_second_unique_value_that_is_taken_gives_way() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
           username text NOT NULL UNIQUE)",
    )
    .await;
    maker.make(&call("users", &[])).await;
    maker.batch("UPDATE users SET email = 'other', username = username").await;
    assert_eq!(maker.make(&fresh("users", 3)).await.outcomes, [Outcome::Created; 3]);
}
