//! Many sessions want the same row.

use std::sync::Arc;
use std::time::Duration;

use seedbed_api::plan::{Outcome, Reason};
use seedbed_db::Runner;
use seedbed_factory::Manner;
use tokio::task::JoinSet;

use super::plans::{Names, TABLE, call, done, make, one_user, trouble};
use crate::ground::{WAIT, database, session};

#[tokio::test]
async fn ten_sessions_make_one_row() {
    const ROUNDS: usize = 30;
    let target = database();
    session(&target).await.batch(TABLE).await.unwrap();
    let barrier = Arc::new(tokio::sync::Barrier::new(10));
    let mut all = JoinSet::new();
    for _ in 0..10 {
        let (session, barrier) = (session(&target).await, barrier.clone());
        all.spawn(async move {
            let runner = Runner::new(session);
            let mut made = Vec::new();
            for round in 0..ROUNDS {
                barrier.wait().await;
                let email = format!("u{round}@example.com");
                let compiled = call(&one_user(), &email, None);
                let ran = runner.run(compiled, Manner::Autocommit, &mut Names::of("A")).await;
                made.push(done(ran.unwrap()));
            }
            made
        });
    }
    let made = all.join_all().await;
    for round in 0..ROUNDS {
        let of_round = || made.iter().map(|all| &all[round]);
        let created = of_round().filter(|made| made.outcomes == [Outcome::Created]).count();
        assert_eq!(created, 1, "round {round}");
        assert!(of_round().all(|made| made.rows == of_round().next().unwrap().rows));
    }
    let counted = session(&target).await.value("SELECT count(*) FROM users").await.unwrap();
    assert_eq!(counted.unwrap(), ROUNDS.to_string());
}

#[tokio::test]
async fn waiting_for_another_session_is_bounded() {
    let target = database();
    let other = Runner::new(session(&target).await);
    other.session().batch(TABLE).await.unwrap();
    other.session().batch("BEGIN").await.unwrap();
    make(&other, "a@example.com", Manner::InTransaction).await;
    for transaction in [false, true] {
        let mut plan = one_user();
        plan.transaction = transaction;
        let runner = Runner::new(session(&target).await).waiting(Duration::from_millis(100));
        let compiled = call(&plan, "a@example.com", None);
        let mut names = Names::of("A");
        let run = runner.run(compiled, Manner::Autocommit, &mut names);
        let ran = tokio::time::timeout(WAIT, run).await.expect("the wait is bounded");
        let trouble = trouble(ran.unwrap());
        assert_eq!(trouble.reason, Reason::Refused);
        assert_eq!(trouble.sqlstate.as_deref(), Some("55P03"), "{trouble:?}");
        let setting = runner.session().value("SHOW lock_timeout").await.unwrap();
        assert_eq!(setting.unwrap(), "0");
        make(&runner, "b@example.com", Manner::Autocommit).await;
    }
    // A bound of the session is left alone.
    let runner = Runner::new(session(&target).await).waiting(Duration::from_secs(600));
    runner.session().batch("SET lock_timeout = '50ms'").await.unwrap();
    let compiled = call(&one_user(), "a@example.com", None);
    let ran = runner.run(compiled, Manner::Autocommit, &mut Names::of("A")).await.unwrap();
    assert_eq!(trouble(ran).sqlstate.as_deref(), Some("55P03"));
    other.session().batch("COMMIT").await.unwrap();
    let made = make(&runner, "a@example.com", Manner::Autocommit).await;
    assert_eq!(made.outcomes, [Outcome::Matched]);
}

#[tokio::test]
async fn waiting_is_bounded_once_where_the_session_is_the_runners_own() {
    let target = database();
    let other = Runner::new(session(&target).await);
    other.session().batch(TABLE).await.unwrap();
    let wait = Duration::from_millis(100);
    let runner = Runner::owning(session(&target).await).waiting(wait).logging();
    let shown = async || runner.session().value("SHOW lock_timeout").await.unwrap().unwrap();
    // What the server refuses takes the bound back with it; what it runs keeps it.
    let compiled = call(&one_user(), "c@example.com", None);
    let ran = runner.run(compiled, Manner::Autocommit, &mut Names::of("Nobody")).await.unwrap();
    assert_eq!(trouble(ran).sqlstate.as_deref(), Some("23514"));
    assert_eq!(shown().await, "0");
    make(&runner, "c@example.com", Manner::Autocommit).await;
    assert_eq!(shown().await, "100ms");
    other.session().batch("BEGIN").await.unwrap();
    make(&other, "a@example.com", Manner::InTransaction).await;
    for reset in [false, true] {
        for transaction in [false, true] {
            let mut plan = one_user();
            plan.transaction = transaction;
            let compiled = call(&plan, "a@example.com", None);
            let mut names = Names::of("A");
            let run = runner.run(compiled, Manner::Autocommit, &mut names);
            let ran = tokio::time::timeout(WAIT, run).await.expect("the wait is bounded");
            assert_eq!(trouble(ran.unwrap()).sqlstate.as_deref(), Some("55P03"), "{reset}");
        }
        // Nobody tells the runner.
        runner.session().reset().await.unwrap();
        assert_eq!(shown().await, "0");
    }
    // A bound of the session is left alone.
    runner.session().batch("SET lock_timeout = '50ms'").await.unwrap();
    runner.forget();
    make(&runner, "d@example.com", Manner::Autocommit).await;
    assert_eq!(shown().await, "50ms");
}
