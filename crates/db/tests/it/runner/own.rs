//! Transactions of our own.

use std::future::pending;
use std::time::{Duration, Instant};

use seedbed_api::plan::{Argument, Outcome, Plan, Rows, Step, Values, ValuesRequest};
use seedbed_api::{Kind, Result};
use seedbed_db::{Runner, Session, ValueSource};
use seedbed_factory::Manner;

use super::plans::{
    Names, TABLE, argument, call, done, make, one_user, plan, runner, step, trouble,
};
use crate::ground::{database, session};

/// Inserts a row that a deferred constraint judges at COMMIT.
const DEFERRED: &str = "ALTER TABLE users ADD boss bigint REFERENCES users \
    DEFERRABLE INITIALLY DEFERRED";

fn with_a_boss(boss: &str) -> Plan {
    let sql = format!(
        "INSERT INTO users (email, name, boss) VALUES ($1::text, 'x', {boss}) \
         RETURNING NULL::text, NULL::text, id::text, email, name"
    );
    let insert = Step {
        outcome: Some(Outcome::Created),
        savepoint: true,
        ..step("insert", &sql, &[argument("email")])
    };
    let mut plan = plan(Rows::One, vec![insert]);
    plan.transaction = true;
    plan
}

#[tokio::test]
async fn a_plan_that_needs_a_transaction_gets_one() {
    let runner = runner().await;
    runner.session().batch(DEFERRED).await.unwrap();
    let run = async |boss: &str, email: &str, manner| {
        let compiled = call(&with_a_boss(boss), email, None);
        runner.run(compiled, manner, &mut Names::default()).await.unwrap()
    };
    done(run("1", "a@example.com", Manner::Autocommit).await);
    let log = runner.log();
    assert!(log[0].starts_with("BEGIN") && log.last().unwrap() == "COMMIT", "{log:?}");
    let refused = trouble(run("1000", "b@example.com", Manner::Autocommit).await);
    assert_eq!((refused.step.as_str(), refused.sqlstate.as_deref()), ("commit", Some("23503")));
    // In the caller's transaction the constraint is the caller's affair.
    runner.session().batch("BEGIN").await.unwrap();
    let _ = runner.log();
    done(run("1000", "c@example.com", Manner::InTransaction).await);
    let log = runner.log();
    assert!(!log.iter().any(|sql| sql.starts_with("BEGIN") || sql == "COMMIT"), "{log:?}");
    runner.session().batch("ROLLBACK").await.unwrap();
    let emails = runner.session().value("SELECT string_agg(email, ' ') FROM users").await.unwrap();
    assert_eq!(emails.unwrap(), "a@example.com");
}

#[tokio::test]
async fn trouble_and_failures_are_rolled_back() {
    let runner = runner().await;
    let mut plan = one_user();
    plan.transaction = true;
    let first = with_a_boss("NULL").steps.remove(0);
    let sql = "INSERT INTO users (email, name) VALUES ('first@example.com', 'x')";
    plan.steps.insert(0, Step { sql: sql.to_owned(), parameters: Vec::new(), ..first });
    for (mut names, is_trouble) in [(Names::of("Nobody"), true), (Names::default(), false)] {
        let compiled = call(&plan, "a@example.com", None);
        let ran = runner.run(compiled, Manner::Autocommit, &mut names).await;
        assert_eq!(ran.is_ok(), is_trouble);
        assert_eq!(runner.log().last().unwrap(), "ROLLBACK");
    }
    let counted = runner.session().value("SELECT count(*) FROM users").await.unwrap();
    assert_eq!(counted.unwrap(), "0");
    make(&runner, "a@example.com", Manner::Autocommit).await;
}

#[tokio::test]
async fn a_transaction_that_nothing_is_run_in_is_not_begun() {
    let runner = runner().await;
    let mut compiled = call(&with_a_boss("NULL"), "a@example.com", None);
    // BEGIN goes with the statement, which lacks its value.
    compiled.arguments.insert("email".to_owned(), Argument::Each(Vec::new()));
    let ran = runner.run(compiled, Manner::Autocommit, &mut Names::default()).await;
    assert_eq!(ran.unwrap_err().kind(), Kind::Config);
    assert!(runner.log().is_empty());
    // And the next run does not begin it.
    make(&runner, "a@example.com", Manner::Autocommit).await;
    assert!(!runner.log().iter().any(|sql| sql.starts_with("BEGIN")));
}

/// Waits until nobody holds a lock on the table.
async fn is_free(watcher: &Session) {
    let began = Instant::now();
    while watcher.batch("BEGIN; LOCK TABLE users NOWAIT; COMMIT").await.is_err() {
        watcher.batch("ROLLBACK").await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(10), "the lock is still held");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Never answers.
struct Silence;

impl ValueSource for Silence {
    async fn values(&mut self, _request: &ValuesRequest) -> Result<Values> {
        pending().await
    }
}

#[tokio::test]
async fn a_run_dropped_while_it_waits_for_values_is_undone() {
    let target = database();
    let watcher = session(&target).await;
    watcher.batch(TABLE).await.unwrap();
    let runner = Runner::new(session(&target).await);
    let mut plan = one_user();
    plan.transaction = true;
    let lock = step("lock", "LOCK TABLE users IN EXCLUSIVE MODE", &[]);
    plan.steps.insert(0, lock);
    let compiled = call(&plan, "a@example.com", None);
    let mut silence = Silence;
    let run = runner.run(compiled, Manner::Autocommit, &mut silence);
    assert!(tokio::time::timeout(Duration::from_millis(300), run).await.is_err());
    // The lock is gone although the session is still here, …
    is_free(&watcher).await;
    // … and nobody can take it for one without a transaction.
    assert!(runner.session().is_closed());
    assert!(runner.session().batch("SELECT 1").await.is_err());
}

#[tokio::test]
async fn a_run_dropped_in_a_statement_is_undone_with_its_session() {
    let target = database();
    let watcher = session(&target).await;
    // Server 13 does not look whether its client is still there.
    if watcher.server_version().0 < 14 {
        return;
    }
    watcher.batch(TABLE).await.unwrap();
    let runner = Runner::new(session(&target).await);
    let sleep = "SELECT NULL, NULL, pg_sleep(600)::text, NULL, NULL FROM users";
    let put = "INSERT INTO users (email, name) VALUES ('half@example.com', 'x')";
    let mut plan = plan(Rows::One, vec![step("insert", put, &[]), step("wait", sleep, &[])]);
    plan.transaction = true;
    let compiled = call(&plan, "a@example.com", None);
    let mut names = Names::default();
    let run = runner.run(compiled, Manner::Autocommit, &mut names);
    assert!(tokio::time::timeout(Duration::from_millis(500), run).await.is_err());
    assert!(runner.session().is_closed());
    drop(runner);
    is_free(&watcher).await;
    let counted = watcher.value("SELECT count(*) FROM users").await.unwrap();
    assert_eq!(counted.unwrap(), "0");
}

#[tokio::test]
async fn in_the_callers_transaction_a_dropped_run_harms_nothing() {
    let runner = runner().await;
    runner.session().batch("BEGIN").await.unwrap();
    let compiled = call(&one_user(), "a@example.com", None);
    let mut silence = Silence;
    let run = runner.run(compiled, Manner::InTransaction, &mut silence);
    assert!(tokio::time::timeout(Duration::from_millis(200), run).await.is_err());
    make(&runner, "a@example.com", Manner::InTransaction).await;
    runner.session().batch("COMMIT").await.unwrap();
    let counted = runner.session().value("SELECT count(*) FROM users").await.unwrap();
    assert_eq!(counted.unwrap(), "1");
}
