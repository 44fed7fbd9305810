//! Connections: made, refused, broken, dropped.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use seedbed_api::Kind;
use seedbed_db::{Complaint, Session, Target};

use crate::ground::{SERVER, WAIT, database, session};

#[tokio::test]
async fn socket_and_tcp_lead_to_the_same_database() {
    let socket = database();
    let tcp = Target::parse(&SERVER.url("postgres", &socket.database)).unwrap();
    session(&socket)
        .await
        .batch("create table t as select 'ä' as x, null::int as y")
        .await
        .unwrap();
    let session = session(&tcp).await;
    let rows = session.rows("select * from t; select 1").await.unwrap();
    assert_eq!(rows, [vec![Some("ä".to_owned()), None], vec![Some("1".to_owned())]]);
    assert_eq!(session.value("select null").await.unwrap(), None);
    assert!(session.is_superuser());
    let number = format!("{}", session.server_version().0);
    let shown = session.value("show server_version").await.unwrap().unwrap();
    assert!(shown.starts_with(&number), "{shown}");
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let closed = free.local_addr().unwrap().port();
    drop(free);
    let nowhere = format!("postgres://u@127.0.0.1:{closed}/d");
    let socket = "postgres:///d?host=/no/such/folder&user=u".to_owned();
    for (url, kind, part) in [
        (nowhere, Kind::NoServer, "no server listens"),
        (socket, Kind::NoServer, "no server listens"),
        (SERVER.url("nobody_here", "postgres"), Kind::Config, "nobody_here"),
        (SERVER.url("postgres", "no_database"), Kind::Config, "no_database"),
    ] {
        let target = Target::parse(&url).unwrap();
        let Err(failure) = Session::connect(&target, "test", WAIT).await else {
            panic!("{url} was expected to be refused")
        };
        assert_eq!(failure.kind(), kind, "{}", failure.chain());
        assert!(failure.chain().contains(part), "{}", failure.chain());
        assert!(!failure.hints().is_empty());
    }
}

#[tokio::test]
async fn a_silent_host_is_given_up() {
    // Bound and listening, but nobody answers.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("postgres://u@127.0.0.1:{}/d", silent.local_addr().unwrap().port());
    let target = Target::parse(&url).unwrap();
    let began = Instant::now();
    let Err(failure) = Session::connect(&target, "test", Duration::from_millis(200)).await else {
        panic!("nobody was there")
    };
    assert_eq!(failure.kind(), Kind::Timeout);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_broken_connection_is_an_error_not_a_wait() {
    let session = session(&database()).await;
    let end = "select pg_terminate_backend(pg_backend_pid())";
    let failure = session.batch(end).await.unwrap_err();
    assert!(Complaint::is(&failure, "57P01"), "{}", failure.chain());
    let after = session.batch("select 1").await.unwrap_err();
    assert!(after.to_string().contains("broke"), "{}", after.chain());
}

#[tokio::test]
async fn dropping_a_session_ends_its_statement_on_the_server() {
    let target = database();
    let working = session(&target).await;
    if working.server_version().0 < 14 {
        return;
    }
    let statement = "select pg_sleep(600) /* dropped */";
    let cut = tokio::time::timeout(Duration::from_millis(300), working.batch(statement)).await;
    assert!(cut.is_err(), "the statement was expected to run on");
    drop(working);
    let watcher = session(&target).await;
    let running = "select count(*) from pg_stat_activity \
                   where query like '%/* dropped */' and pid <> pg_backend_pid()";
    let began = Instant::now();
    while watcher.value(running).await.unwrap().unwrap() != "0" {
        assert!(began.elapsed() < Duration::from_secs(10), "the statement still runs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_reset_session_is_as_good_as_new() {
    let session = session(&database()).await;
    session.batch("set search_path = nowhere; create temp table t (id int)").await.unwrap();
    session.reset().await.unwrap();
    assert_eq!(session.value("show search_path").await.unwrap().unwrap(), "\"$user\", public");
    assert_eq!(session.value("select to_regclass('pg_temp.t')").await.unwrap(), None);
}

#[tokio::test]
async fn a_closed_session_is_gone_from_the_server() {
    let target = database();
    let one = session(&target).await;
    let pid = one.value("select pg_backend_pid()").await.unwrap().unwrap();
    one.close().await;
    let watcher = session(&target).await;
    let alive = format!("select count(*) from pg_stat_activity where pid = {pid}");
    let began = Instant::now();
    while watcher.value(&alive).await.unwrap().unwrap() != "0" {
        assert!(began.elapsed() < Duration::from_secs(5), "the backend still lives");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
