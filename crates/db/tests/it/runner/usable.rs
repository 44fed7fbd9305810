//! Whatever goes wrong, the caller's transaction goes on.

use seedbed_api::plan::{Plan, Reason, Rows, Step, Target};
use seedbed_db::{Complaint, Runner, Session};
use seedbed_factory::Manner;

use super::plans::{Names, argument, call, done, one_user, plan, runner, step, trouble};

/// Opens a transaction with a row of the caller's in it.
async fn begin(runner: &Runner<Session>) {
    let sql = "BEGIN; INSERT INTO users (email, name) VALUES ('mine@example.com', 'Me')";
    runner.session().batch(sql).await.unwrap();
}

/// The transaction works, has the caller's row, and no savepoint of ours.
async fn is_usable(runner: &Runner<Session>) {
    let session = runner.session();
    let counted = "SELECT count(*) FROM users WHERE email = 'mine@example.com'";
    assert_eq!(session.value(counted).await.unwrap().unwrap(), "1");
    let failure = session.batch("RELEASE SAVEPOINT seedbed_step").await.unwrap_err();
    assert!(Complaint::is(&failure, "3B001"), "{}", failure.chain());
    session.batch("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn every_failure_leaves_the_transaction_usable() {
    let insert = |sql: &str| Step { savepoint: true, ..step("insert", sql, &[argument("email")]) };
    let strict = Step { on: Target::Differing, last: true, ..step("strict", "", &[]) };
    let one = |steps: Vec<Step>| plan(Rows::One, steps);
    let look_up = one_user().steps.remove(0);
    let mine = "mine@example.com";
    let twice = "SELECT NULL, 't', email || n, email, name FROM users, generate_series(1, 2) AS n \
                 WHERE email = $1::text";
    let divided = "SELECT NULL, NULL, (1 / (length($1::text) - 16))::text, NULL, NULL";
    let not_null = "INSERT INTO users (email) VALUES ($1::text) RETURNING NULL";
    let double = "INSERT INTO users (email, name) VALUES ($1::text, 'Me')";
    let cases: Vec<(&str, Plan, Reason, Option<&str>)> = vec![
        ("a check", one_user(), Reason::Refused, Some("23514")),
        ("a missing value", one(vec![insert(not_null)]), Reason::Refused, Some("23502")),
        ("a unique key", one(vec![insert(double)]), Reason::Refused, Some("23505")),
        ("nothing found", one(vec![Step { last: true, ..look_up.clone() }]), Reason::Left, None),
        ("two rows", one(vec![insert(twice)]), Reason::Split, None),
        ("a difference", one(vec![look_up, strict]), Reason::Left, None),
        // A step without a savepoint: only parsing it can fail.
        (
            "a table that is gone",
            one(vec![step("x", "SELECT * FROM gone", &[])]),
            Reason::Refused,
            Some("42P01"),
        ),
        ("a calculation", one(vec![insert(divided)]), Reason::Refused, Some("22012")),
    ];
    let runner = runner().await;
    for (about, plan, reason, sqlstate) in cases {
        // The second time the statements are parsed already.
        for _ in 0..2 {
            begin(&runner).await;
            let email = match about {
                "a check" | "nothing found" => "a@example.com",
                _ => mine,
            };
            let compiled = call(&plan, email, Some("Nobody"));
            let ran = runner.run(compiled, Manner::InTransaction, &mut Names::of("Nobody")).await;
            let trouble = trouble(ran.unwrap());
            assert_eq!(
                (trouble.reason, trouble.sqlstate.as_deref()),
                (reason, sqlstate),
                "{about}"
            );
            is_usable(&runner).await;
        }
    }
}

#[tokio::test]
async fn a_failure_of_the_values_leaves_the_transaction_usable() {
    let runner = runner().await;
    begin(&runner).await;
    let compiled = call(&one_user(), "a@example.com", None);
    let ran = runner.run(compiled, Manner::InTransaction, &mut Names::default()).await;
    assert!(ran.unwrap_err().to_string().contains("no names left"));
    is_usable(&runner).await;
}

#[tokio::test]
async fn the_server_names_the_constraint_and_evidence_is_gathered() {
    let runner = runner().await;
    let mut plan = one_user();
    let evidence =
        |name: &str, sql: &str| Step { on: Target::All, ..step(name, sql, &[argument("email")]) };
    plan.evidence = vec![
        evidence("broken", "SELECT 1 / length(left($1::text, 0))"),
        evidence("rows", "SELECT count(*)::text, $1::text FROM users"),
    ];
    begin(&runner).await;
    let compiled = call(&plan, "a@example.com", None);
    let ran = runner.run(compiled, Manner::InTransaction, &mut Names::of("Nobody")).await.unwrap();
    let trouble = trouble(ran);
    assert_eq!(trouble.constraint.as_deref(), Some("users_name_check"));
    assert_eq!(trouble.table.as_deref(), Some("users"));
    let found = vec![vec![Some("1".to_owned()), Some("a@example.com".to_owned())]];
    assert_eq!(trouble.evidence.into_iter().collect::<Vec<_>>(), [("rows".to_owned(), found)]);
    is_usable(&runner).await;
}

#[tokio::test]
async fn a_tolerated_refusal_is_no_trouble() {
    let runner = runner().await;
    let mut steps = one_user().steps;
    let look_up = steps.remove(0);
    let put = "INSERT INTO users (email, name) VALUES ($1::text, 'x') \
               RETURNING NULL::text, NULL::text, id::text, email, name";
    let insert = Step {
        savepoint: true,
        tolerates: vec!["23505".to_owned()],
        ..step("insert", put, &[argument("email")])
    };
    begin(&runner).await;
    let compiled = call(&plan(Rows::One, vec![insert, look_up]), "mine@example.com", None);
    let ran = runner.run(compiled, Manner::InTransaction, &mut Names::default()).await.unwrap();
    assert_eq!(done(ran).rows[0][2].as_deref(), Some("Me"));
    is_usable(&runner).await;
}

#[tokio::test]
async fn a_transaction_that_had_failed_before_is_told_as_that() {
    let runner = runner().await;
    runner.session().batch("BEGIN").await.unwrap();
    let _ = runner.session().batch("SELECT 1 / 0").await.unwrap_err();
    for _ in 0..2 {
        let compiled = call(&one_user(), "a@example.com", None);
        let ran = runner.run(compiled, Manner::InTransaction, &mut Names::default()).await.unwrap();
        assert_eq!(trouble(ran).sqlstate.as_deref(), Some("25P02"));
    }
    runner.session().batch("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn a_broken_connection_is_an_error() {
    let runner = runner().await;
    let end = step("end", "SELECT pg_terminate_backend(pg_backend_pid())::text", &[]);
    let compiled = call(&plan(Rows::One, vec![end]), "a@example.com", None);
    let failure =
        runner.run(compiled, Manner::Autocommit, &mut Names::default()).await.unwrap_err();
    assert!(Complaint::is(&failure, "57P01"), "{}", failure.chain());
}
