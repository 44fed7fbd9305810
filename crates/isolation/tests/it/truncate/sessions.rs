//! Other sessions: those in the way are ended, the others stay.

use seedbed_db::Session;
use seedbed_isolation::journal::{Holds, SessionInfo};
use seedbed_isolation::truncate::{Emptier, Reset};

use super::ground::{Lab, ROLES, SERVER, connect, replace, reset};

const SETUP: &str =
    "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u (a int)";

async fn done(emptier: &mut Emptier) -> (Vec<SessionInfo>, Vec<SessionInfo>) {
    match emptier.reset().await.unwrap() {
        Reset::Done { ended, readers, .. } => (ended, readers),
        Reset::Replace { why } => panic!("must be replaced: {why}"),
    }
}

async fn is_alive(session: &Session) -> bool {
    session.value("SELECT 1").await.is_ok()
}

#[tokio::test]
async fn a_writer_that_waits_is_ended_and_named() {
    for role in ROLES {
        let lab = Lab::new(role, SETUP).await;
        let mut emptier = lab.open().await;
        let (idle, pooled) = (lab.session().await, lab.session().await);
        pooled.batch("INSERT INTO u VALUES (1)").await.unwrap();
        idle.batch("SET application_name = 'test 7'; BEGIN; DELETE FROM t").await.unwrap();
        let (ended, readers) = done(&mut emptier).await;
        let [who] = ended.as_slice() else { panic!("{ended:?}") };
        assert_eq!((who.application.as_str(), who.role.as_str()), ("test 7", role));
        assert_eq!(who.holds, Holds::Transaction);
        assert!(readers.is_empty());
        assert!(!is_alive(&idle).await && is_alive(&pooled).await);
        lab.check("a waiting writer");
    }
}

#[tokio::test]
async fn a_reader_stays_unless_its_table_is_truncated() {
    for role in ROLES {
        let lab = Lab::new(role, SETUP).await;
        let mut emptier = lab.open().await;
        let (reader, writer) = (lab.session().await, lab.session().await);
        reader.batch("BEGIN; SELECT * FROM u").await.unwrap();
        writer.batch("INSERT INTO u VALUES (1); DELETE FROM t").await.unwrap();
        let (ended, readers) = done(&mut emptier).await;
        assert!(ended.is_empty() && readers.len() == 1, "{ended:?} {readers:?}");
        lab.check("a reader");
        assert!(is_alive(&reader).await);
        writer.batch("INSERT INTO u SELECT generate_series(1, 50000)").await.unwrap();
        let (ended, _) = done(&mut emptier).await;
        assert_eq!(ended.first().map(|who| who.holds), Some(Holds::Lock), "{ended:?}");
        assert!(!is_alive(&reader).await && is_alive(&writer).await);
        lab.check("a reader of a truncated table");
    }
}

#[tokio::test]
async fn an_old_snapshot_is_ended() {
    let lab = Lab::new("app", SETUP).await;
    let mut emptier = lab.open().await;
    let session = lab.session().await;
    session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM t").await.unwrap();
    let (ended, _) = done(&mut emptier).await;
    assert_eq!(ended.first().map(|who| who.holds), Some(Holds::Snapshot), "{ended:?}");
}

#[tokio::test]
async fn a_table_lock_is_ended() {
    let lab = Lab::new("app", SETUP).await;
    let mut emptier = lab.open().await;
    let (locker, writer) = (lab.session().await, lab.session().await);
    writer.batch("INSERT INTO u VALUES (1)").await.unwrap();
    locker.batch("BEGIN; LOCK TABLE u IN SHARE MODE").await.unwrap();
    let (ended, _) = done(&mut emptier).await;
    assert_eq!(ended.len(), 1, "{ended:?}");
    lab.check("a lock");
}

#[tokio::test]
async fn a_prepared_transaction_is_rolled_back() {
    for role in ROLES {
        let lab = Lab::new(role, SETUP).await;
        let mut emptier = lab.open().await;
        let session = lab.session().await;
        session.batch("BEGIN; DELETE FROM t; INSERT INTO u VALUES (1)").await.unwrap();
        session.batch(&format!("PREPARE TRANSACTION 'it''s {}'", lab.database)).await.unwrap();
        reset(&mut emptier).await;
        lab.check("prepared");
        let left =
            format!("SELECT count(*) FROM pg_prepared_xacts WHERE database = '{}'", lab.database);
        assert_eq!(SERVER.psql("postgres", &left), "0");
    }
}

#[tokio::test]
async fn a_session_that_may_not_be_ended_asks_for_a_replacement() {
    let lab = Lab::new("app", SETUP).await;
    let mut emptier = lab.open().await;
    let other = connect("postgres", &lab.database).await;
    other.batch("BEGIN; DELETE FROM t").await.unwrap();
    let why = replace(&mut emptier).await;
    assert!(why.contains("may not end"), "{why}");
    assert!(is_alive(&other).await);
}

/// Work that goes on while resets happen is either undone or still noted.
#[tokio::test]
async fn commits_that_race_a_reset_are_not_lost() {
    let lab = Lab::new("app", SETUP).await;
    let mut emptier = lab.open().await;
    let database = lab.database.clone();
    let writer = tokio::spawn(async move {
        let mut session = connect("app", &database).await;
        for round in 0..150 {
            let sql = format!(
                "INSERT INTO u VALUES ({round}); DELETE FROM t; INSERT INTO t VALUES ({round})"
            );
            if session.batch(&sql).await.is_err() && session.is_closed() {
                session = connect("app", &database).await;
            }
        }
    });
    while !writer.is_finished() {
        done(&mut emptier).await;
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    reset(&mut emptier).await;
    lab.check("a race");
}

#[tokio::test]
async fn a_database_that_is_gone_asks_for_a_replacement() {
    let lab = Lab::new("app", SETUP).await;
    let mut emptier = lab.open().await;
    let _ = SERVER.psql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", lab.database));
    replace(&mut emptier).await;
}
