//! Other sessions: interleaved, waiting, left open, and racing the rewind.

use std::time::Duration;

use seedbed_isolation::journal::{Holds, Marked, Rewound};
use tokio::time::sleep;

use super::super::ground::{Lab, differences, mark, rewind};
use super::T;

#[tokio::test]
async fn two_sessions_interleaved_on_a_row_are_undone() {
    let lab = Lab::new(T).await;
    let mut journal = lab.open().await;
    let mark = mark(&mut journal).await;
    let (a, b) = (lab.session().await, lab.session().await);
    a.batch("BEGIN; UPDATE t SET v = 'a1' WHERE id = 1").await.unwrap();
    let waits = async {
        b.batch("BEGIN; UPDATE t SET v = v || 'b' WHERE id = 1").await.unwrap();
        b.batch("UPDATE t SET v = 'b2' WHERE id = 2; COMMIT").await.unwrap();
    };
    let goes_on = async {
        sleep(Duration::from_millis(50)).await;
        a.batch("UPDATE t SET v = 'a2' WHERE id = 1; COMMIT").await.unwrap();
    };
    tokio::join!(waits, goes_on);
    a.batch("UPDATE t SET v = v || 'c' WHERE id IN (1, 2)").await.unwrap();
    rewind(&mut journal, &mark).await;
    assert_eq!(differences(&lab.contents(), &lab.untouched), None);
}

#[tokio::test]
async fn a_serializable_pair_is_undone() {
    let lab = Lab::new(T).await;
    let mut journal = lab.open().await;
    let mark = mark(&mut journal).await;
    let (a, b) = (lab.session().await, lab.session().await);
    a.batch("BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE t SET v = 'a' WHERE id = 1").await.unwrap();
    b.batch("BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE t SET v = 'b' WHERE id = 2").await.unwrap();
    a.batch("COMMIT").await.unwrap();
    b.batch("COMMIT").await.unwrap();
    rewind(&mut journal, &mark).await;
    assert_eq!(differences(&lab.contents(), &lab.untouched), None);
}

#[tokio::test]
async fn a_mark_is_refused_while_a_writer_is_open() {
    let lab = Lab::new(T).await;
    let mut journal = lab.open().await;
    let writer = lab.session().await;
    writer.batch("BEGIN; UPDATE t SET v = 'early' WHERE id = 1").await.unwrap();
    let Marked::Busy(who) = journal.mark().await.unwrap() else { panic!("marked") };
    assert_eq!(who.len(), 1);
    assert_eq!((who[0].application.as_str(), who[0].holds), ("a test", Holds::Transaction));
    writer.batch("PREPARE TRANSACTION 'early'").await.unwrap();
    let Marked::Busy(who) = journal.mark().await.unwrap() else { panic!("marked") };
    assert_eq!(who[0].holds, Holds::Prepared);
    writer.batch("ROLLBACK PREPARED 'early'").await.unwrap();
    // Readers do not matter.
    writer.batch("BEGIN; SELECT * FROM t").await.unwrap();
    mark(&mut journal).await;
}

#[tokio::test]
async fn sessions_in_the_way_are_ended_and_named_and_readers_are_not() {
    let lab = Lab::new(&format!("{T} CREATE TABLE u (id int PRIMARY KEY)")).await;
    let mut journal = lab.open().await;
    let mark = mark(&mut journal).await;
    for (name, sql, holds) in [
        ("row lock", "BEGIN; UPDATE t SET v = 'b' WHERE id = 1", Some(Holds::Transaction)),
        ("row lock only", "BEGIN; SELECT * FROM t FOR UPDATE", Some(Holds::Transaction)),
        ("failed", "BEGIN; UPDATE t SET v = 'b'; SAVEPOINT s; SELECT 1", Some(Holds::Transaction)),
        ("table lock", "BEGIN; LOCK TABLE t IN SHARE MODE", Some(Holds::Lock)),
        (
            "old snapshot",
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM t",
            Some(Holds::Snapshot),
        ),
        ("reader", "BEGIN; SELECT * FROM t", None),
        ("idle", "SELECT 1", None),
    ] {
        let (writer, other) = (lab.session().await, lab.session().await);
        writer.batch("UPDATE t SET v = 'a' WHERE id = 1; INSERT INTO u VALUES (1)").await.unwrap();
        other.batch(sql).await.unwrap();
        let rewound = journal.rewind(&mark).await.unwrap();
        let Rewound::Done { ended, readers, .. } = &rewound else { panic!("{name}: {rewound:?}") };
        let held: Vec<Holds> = ended.iter().map(|session| session.holds).collect();
        assert_eq!(held, holds.into_iter().collect::<Vec<_>>(), "{name}");
        assert!(ended.iter().all(|session| session.application == "a test"), "{name}");
        assert_eq!(readers.len(), usize::from(name == "reader"), "{name}");
        assert_eq!(other.batch("SELECT 1").await.is_err(), holds.is_some(), "{name}");
        assert_eq!(differences(&lab.contents(), &lab.untouched), None, "{name}");
    }
}

/// Writers that do not stop: every rewind succeeds, and when they have stopped
/// the next one leaves what an untouched clone has.
#[tokio::test]
async fn commits_that_race_a_rewind_are_undone_or_journaled() {
    let lab = Lab::new(&format!(
        "{T} CREATE TABLE c (id serial PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE); CREATE TABLE b (v text)"
    ))
    .await;
    let mut journal = lab.open().await;
    let mark = mark(&mut journal).await;
    let write = async |seed: u32| {
        let mut session = lab.session().await;
        let mut commits = 0_u32;
        for round in 0..400_u32 {
            let id = (seed + round * 7) % 13;
            let sql = match (seed + round) % 5 {
                0 => format!("UPDATE t SET v = v || 'x', n = n + 1 WHERE id = {id}"),
                1 => format!(
                    "INSERT INTO t VALUES ({id}, 'i') ON CONFLICT (id) DO UPDATE SET n = t.n + 1"
                ),
                2 => format!("DELETE FROM t WHERE id = {id}"),
                3 => format!(
                    "INSERT INTO c (t) SELECT id FROM t WHERE id = {id}; INSERT INTO b VALUES ('b')"
                ),
                _ => {
                    format!("UPDATE t SET id = id + 100 WHERE id = {id}; UPDATE b SET v = v || 'y'")
                }
            };
            if session.batch(&sql).await.is_ok() {
                commits += 1;
            } else if session.is_closed() {
                session = lab.session().await;
            }
        }
        commits
    };
    let mut rewinds = 0;
    let undo = async {
        for _ in 0..150 {
            rewind(&mut journal, &mark).await;
            rewinds += 1;
            tokio::task::yield_now().await;
        }
    };
    let (a, b, ()) = tokio::join!(write(1), write(3), undo);
    assert!(a > 50 && b > 50, "{a} and {b} commits beside {rewinds} rewinds");
    rewind(&mut journal, &mark).await;
    assert_eq!(differences(&lab.contents(), &lab.untouched), None);
}
