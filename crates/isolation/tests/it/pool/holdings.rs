//! Who holds connections is counted as the server counts.

use std::time::Duration;

use seedbed_db::Session;
use seedbed_isolation::holdings;
use seedbed_testkit::Server;

use crate::ground::admin;

#[tokio::test]
async fn sessions_are_counted_by_database_and_application() {
    let server = Server::start_with("-c max_connections=20 -c superuser_reserved_connections=4");
    let _ = server.psql("postgres", "create database x");
    let _ = server.psql("postgres", "create role plain login");
    let admin = admin(&server, "postgres");
    let asking = Session::connect(&admin, "asking", Duration::from_secs(5)).await.unwrap();
    let mut sessions = Vec::new();
    for application in ["worker", "worker", "worker", "other"] {
        let target = admin.with_database("x");
        let session = Session::connect(&target, application, Duration::from_secs(5)).await.unwrap();
        sessions.push(session);
    }
    sessions[0].batch("begin; select 1").await.unwrap();
    let report = holdings(&asking).await.unwrap();
    assert_eq!((report.limit, report.open, report.reserved), (16, 5, 0));
    let lines: Vec<(&str, &str, u32, u32)> = report
        .holders
        .iter()
        .map(|one| (&*one.database, &*one.application, one.open, one.in_transaction))
        .collect();
    let expected = [("x", "worker", 3, 1), ("postgres", "asking", 1, 1), ("x", "other", 1, 0)];
    assert_eq!(lines, expected);

    // A role that may not look closely still counts everybody.
    let mut plain = admin.clone();
    plain.user = "plain".into();
    let plain = Session::connect(&plain, "plain", Duration::from_secs(5)).await.unwrap();
    let report = holdings(&plain).await.unwrap();
    assert_eq!((report.limit, report.open), (16, 6));
    assert_eq!(report.holders[0].open, 3);
}
