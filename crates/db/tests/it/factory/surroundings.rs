//! Other sessions, triggers, policies, partitions, isolation levels.

use std::time::Duration;

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call};

const USERS: &str =
    "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text)";

fn alice() -> Call {
    call("users", &[("email", "alice@example.com"), ("name", "Alice")])
}

#[tokio::test]
async fn ten_sessions_make_one_row_of_each_key() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
         username text NOT NULL UNIQUE)",
    )
    .await;
    let mut makers = Vec::new();
    for _ in 0..10 {
        makers.push(maker.beside().await);
    }
    let mut running = Vec::new();
    for maker in makers {
        running.push(tokio::spawn(async move {
            let mut created = 0;
            for number in 0..40 {
                let (email, name) = (format!("{number}@x.test"), format!("user{number}"));
                let call = call("users", &[("email", &email), ("username", &name)]);
                created += usize::from(maker.make(&call).await.outcome() == Outcome::Created);
            }
            created
        }));
    }
    let mut created = 0;
    for one in running {
        created += one.await.unwrap();
    }
    assert_eq!(created, 40);
    assert_eq!(maker.value("SELECT count(*) FROM users").await, "40");
}

#[tokio::test]
async fn a_row_another_session_rolls_back_is_made() {
    let maker = Maker::new(USERS).await;
    let other = maker.beside().await;
    other.batch("BEGIN").await;
    other.make_in(&alice(), Manner::InTransaction).await;
    let waiting = tokio::spawn({
        let maker = maker.beside().await;
        async move { maker.make(&alice()).await.outcome() }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    other.batch("ROLLBACK").await;
    assert_eq!(waiting.await.unwrap(), Outcome::Created);
}

#[tokio::test]
async fn a_row_that_is_waited_for_in_vain_is_told_with_who_holds_it() {
    let maker = Maker::new(USERS).await;
    let other = maker.beside().await;
    other.batch("SET application_name = 'the other test'; BEGIN").await;
    other.make_in(&alice(), Manner::InTransaction).await;
    maker.batch("SET lock_timeout = '200ms'; BEGIN").await;
    let told = maker.told(&alice(), Manner::InTransaction).await;
    assert!(told.message.contains("waited for in vain"), "{told:?}");
    assert!(told.detail.unwrap().contains("the other test"));
    // The transaction is still usable.
    maker.batch("INSERT INTO users (email) VALUES ('mine@x.test'); COMMIT").await;
    other.batch("ROLLBACK").await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_show_the_row_is_told() {
    let maker = Maker::new(USERS).await;
    let other = maker.beside().await;
    maker.batch("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM users").await;
    other.make(&alice()).await;
    let told = maker.told(&alice(), Manner::InTransaction).await;
    assert!(told.message.contains("snapshot"), "{told:?}");
    assert!(told.detail.unwrap().contains("repeatable read"));
    maker.batch("INSERT INTO users (email) VALUES ('mine@x.test'); COMMIT").await;
}

#[tokio::test]
async fn triggers_that_change_or_suppress_a_row_are_told() {
    let maker = Maker::new(USERS).await;
    maker
        .batch(
            "CREATE FUNCTION low() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN NEW.email := lower(NEW.email); RETURN NEW; END $$;
             CREATE TRIGGER low BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION low()",
        )
        .await;
    let maker = Maker::on(maker.target.clone()).await;
    let upper = call("users", &[("email", "ALICE@x.test")]);
    let told = maker.told(&upper, Manner::Autocommit).await;
    assert!(told.message.contains("trigger") && told.detail.unwrap().contains("low"));
    maker
        .batch(
            "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RETURN NULL; END $$;
             CREATE TRIGGER nothing BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION nothing()",
        )
        .await;
    let told = maker.told(&alice(), Manner::Autocommit).await;
    assert!(told.message.contains("suppressed"), "{told:?}");
}

#[tokio::test]
async fn a_row_that_policies_hide_is_told() {
    let role = crate::ground::unique("reader");
    let maker = Maker::new(USERS).await;
    maker.make(&alice()).await;
    maker
        .batch(&format!(
            "CREATE ROLE {role}; GRANT ALL ON users, users_id_seq TO {role};
             ALTER TABLE users ENABLE ROW LEVEL SECURITY;
             CREATE POLICY own ON users USING (name = 'mine') WITH CHECK (true)"
        ))
        .await;
    let maker = Maker::on(maker.target.clone()).await;
    maker.batch(&format!("SET ROLE {role}")).await;
    let hidden = call("users", &[("email", "alice@example.com"), ("name", "mine")]);
    let told = maker.told(&hidden, Manner::Autocommit).await;
    assert!(told.message.contains("row-level security hides it"), "{told:?}");
    // What it may not write is another matter.
    let told = maker.told(&call("users", &[("email", "b@x.test")]), Manner::Autocommit).await;
    assert!(told.message.contains("may not write this row"), "{told:?}");
    maker.batch(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test]
async fn a_missing_partition_is_told() {
    let maker = Maker::new(
        "CREATE TABLE events (day date NOT NULL, name text NOT NULL, UNIQUE (day, name)) \
           PARTITION BY RANGE (day);
         CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    )
    .await;
    let inside = call("events", &[("day", "2024-05-05"), ("name", "a")]);
    assert_eq!(maker.make(&inside).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&inside).await.outcome(), Outcome::Matched);
    let outside = call("events", &[("day", "2023-05-05"), ("name", "a")]);
    let told = maker.told(&outside, Manner::Autocommit).await;
    assert!(told.message.contains("no partition of events"), "{told:?}");
}

#[tokio::test]
async fn repeats_in_one_transaction_leave_no_versions() {
    let maker = Maker::new(USERS).await;
    maker.batch("BEGIN").await;
    for _ in 0..300 {
        maker.make_in(&alice(), Manner::InTransaction).await;
    }
    assert_eq!(
        maker
            .value(
                "SELECT n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE relname = 'users'"
            )
            .await,
        "0"
    );
    assert_eq!(
        maker.value("SELECT n_tup_ins FROM pg_stat_xact_user_tables WHERE relname = 'users'").await,
        "1"
    );
    maker.batch("COMMIT").await;
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_what_is_near() {
    let maker = Maker::new(
        "CREATE TYPE mood AS ENUM ('happy', 'sad');
         CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, mood mood, \
         big text GENERATED ALWAYS AS (upper(email)) STORED)",
    )
    .await;
    for (call, words) in [
        (call("usres", &[]), ["no table usres", "users"]),
        (call("users", &[("emial", "x")]), ["no column emial", "email"]),
        (call("users", &[("big", "x")]), ["computed by the database", "big"]),
        (call("users", &[("mood", "hapy")]), ["takes one of", "happy"]),
        (
            Call { count: Some(3), ..call("users", &[("email", "x")]) },
            ["same key", "make users email=… email=…"],
        ),
        (
            Call { key: vec!["mood".to_owned()], ..call("users", &[]) },
            ["not unique", "--key email"],
        ),
    ] {
        let told = maker.refused(&call);
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    }
}
