//! What the server itself wrote down.

use std::fs;

use seedbed_db::{Runner, Target};
use seedbed_factory::Manner;
use seedbed_testkit::Server;

use super::plans::{Names, TABLE, call, make, one_user, trouble};
use crate::ground::session;

#[tokio::test]
async fn the_servers_log_has_nothing_that_is_not_ours_to_say() {
    let server = Server::start_with("-c log_statement=all -c max_connections=10");
    let target = Target::parse(&server.socket_url("postgres", "postgres")).unwrap();
    let runner = Runner::new(session(&target).await);
    runner.session().batch(TABLE).await.unwrap();
    runner.session().batch("SELECT 'from here'").await.unwrap();
    for manner in [Manner::Autocommit, Manner::InTransaction] {
        if manner == Manner::InTransaction {
            runner.session().batch("BEGIN /* the caller's */").await.unwrap();
        }
        for email in ["a@example.com", "b@example.com", "a@example.com"] {
            make(&runner, email, manner).await;
        }
        let compiled = call(&one_user(), "a@example.com", Some("Nobody"));
        let ran = runner.run(compiled, manner, &mut Names::default()).await.unwrap();
        assert_eq!(trouble(ran).sqlstate.as_deref(), Some("23514"));
    }
    runner.session().batch("SELECT 'to here'").await.unwrap();
    let log = fs::read_to_string(server.folder().join("log")).unwrap();
    let (_, rest) = log.split_once("'from here'").unwrap();
    let (said, _) = rest.split_once("'to here'").unwrap();
    let statements: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split_once("LOG:  ")?.1.split_once(": "))
        .filter(|(kind, _)| kind.starts_with("execute") || *kind == "statement")
        .map(|(_, sql)| sql)
        .collect();
    assert!(statements.len() > 15, "{said}");
    let begun = statements.iter().filter(|sql| sql.starts_with("BEGIN")).count();
    assert_eq!(begun, 1, "{statements:?}");
    let words = [
        "COMMIT",
        "SETVAL",
        "TRUNCATE",
        "CREATE ",
        "ALTER ",
        "DROP ",
        "DISABLE",
        "SESSION_REPLICATION_ROLE",
        "SET LOCAL",
        "DEALLOCATE",
    ];
    for sql in statements {
        let upper = sql.to_uppercase();
        assert!(!words.iter().any(|word| upper.contains(word)), "{sql}");
        assert!(!upper.starts_with("ROLLBACK") || upper.starts_with("ROLLBACK TO"), "{sql}");
    }
}
