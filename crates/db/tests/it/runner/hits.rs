//! A repeat finds its rows and writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::plan::{Argument, Outcome};
use seedbed_factory::{Compiled, Manner};

use super::plans::{Names, call, done, make, many_users, one_user, runner};

const STATE: &str =
    "SELECT xmin, ctid, * FROM users; SELECT last_value, is_called FROM users_id_seq";

#[tokio::test]
async fn a_hit_is_one_statement_that_writes_nothing() {
    let runner = runner().await;
    let session = runner.session();
    let made = make(&runner, "a@example.com", Manner::Autocommit).await;
    assert_eq!(made.outcomes, [Outcome::Created]);
    let before = session.rows(STATE).await.unwrap();
    let mut names = Names::default();
    let _ = runner.log();
    for _ in 0..50 {
        let again =
            runner.run(call(&one_user(), "a@example.com", None), Manner::Autocommit, &mut names);
        let again = done(again.await.unwrap());
        assert_eq!((again.rows, again.outcomes), (made.rows.clone(), vec![Outcome::Matched]));
    }
    assert_eq!(runner.log().len(), 50, "one statement for each hit");
    assert_eq!(session.rows(STATE).await.unwrap(), before);
    // In a transaction the server tells directly whether it wrote anything.
    session.batch("BEGIN").await.unwrap();
    let counted = "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables";
    let so_far = session.value(counted).await.unwrap();
    let compiled = call(&one_user(), "a@example.com", Some("Somebody"));
    let again = done(runner.run(compiled, Manner::InTransaction, &mut names).await.unwrap());
    assert_eq!(again.outcomes, [Outcome::Matched]);
    assert_eq!(session.value("SELECT txid_current_if_assigned()").await.unwrap(), None);
    assert_eq!(session.value(counted).await.unwrap(), so_far);
    session.batch("COMMIT").await.unwrap();
    assert_eq!(session.rows(STATE).await.unwrap(), before);
    assert_eq!(names.asked, 0);
}

#[tokio::test]
async fn what_differs_is_updated_once() {
    let runner = runner().await;
    make(&runner, "a@example.com", Manner::Autocommit).await;
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let compiled = call(&one_user(), "a@example.com", Some("Alice"));
        let made = runner.run(compiled, Manner::Autocommit, &mut Names::default()).await.unwrap();
        let made = done(made);
        assert_eq!(made.rows[0][2].as_deref(), Some("Alice"));
        outcomes.extend(made.outcomes);
    }
    assert_eq!(outcomes, [Outcome::Updated, Outcome::Matched]);
}

#[tokio::test]
async fn a_batch_makes_what_is_missing() {
    const COUNT: u32 = 5000;
    let runner = runner().await;
    make(&runner, "u7@example.com", Manner::Autocommit).await;
    let email = |row: u32| Some(format!("u{row}@example.com"));
    let arguments =
        BTreeMap::from([("email".to_owned(), Argument::Each((0..COUNT).map(email).collect()))]);
    let plan = Arc::new(many_users());
    for expected in [Outcome::Created, Outcome::Matched] {
        let compiled = Compiled { plan: plan.clone(), arguments: arguments.clone(), count: COUNT };
        let mut names = Names::of("quote \" backslash \\ brace } é 😀 NULL");
        let made = done(runner.run(compiled, Manner::Autocommit, &mut names).await.unwrap());
        for (row, (columns, outcome)) in (0..).zip(made.rows.iter().zip(&made.outcomes)) {
            assert_eq!(columns[1], email(row));
            let is_old = row == 7;
            assert_eq!(*outcome, if is_old { Outcome::Matched } else { expected });
            assert_eq!(columns[2].as_ref() == names.name.as_ref(), !is_old);
        }
        assert_eq!(made.rows.len(), COUNT as usize);
    }
    let counted = runner.session().value("SELECT count(*) FROM users").await.unwrap();
    assert_eq!(counted.unwrap(), "5000");
}

#[tokio::test]
async fn a_session_that_was_reset_parses_again() {
    let runner = runner().await;
    make(&runner, "a@example.com", Manner::Autocommit).await;
    runner.session().reset().await.unwrap();
    make(&runner, "a@example.com", Manner::Autocommit).await;
    runner.session().reset().await.unwrap();
    runner.forget();
    runner.session().batch("BEGIN").await.unwrap();
    make(&runner, "b@example.com", Manner::InTransaction).await;
    runner.session().batch("COMMIT").await.unwrap();
}
