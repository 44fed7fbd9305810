//! Which tables count as changed.

use std::time::Duration;

use tokio::time::timeout;

use super::ground::{Lab, ROLES, reset, step};

const SETUP: &str = "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE child (t int REFERENCES t ON DELETE CASCADE, n int);
    CREATE TABLE loose (t int REFERENCES t ON DELETE SET NULL ON UPDATE CASCADE); CREATE TABLE other (a int); INSERT INTO other VALUES (1), (2);
    INSERT INTO t VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (1, 1), (1, 2); INSERT INTO loose VALUES (2);
    CREATE VIEW v AS SELECT * FROM t; CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)";

#[tokio::test]
async fn work_that_left_a_trace_is_named() {
    let cases: &[(&str, &[&str])] = &[
        ("SELECT * FROM t FOR UPDATE", &[]),
        ("INSERT INTO t VALUES (5, 'x')", &["public.t"]),
        ("UPDATE t SET v = 'z' WHERE id = 77", &[]),
        ("UPDATE t SET v = v", &[]),
        ("INSERT INTO t VALUES (5, 'x')\nDELETE FROM t WHERE id = 5", &[]),
        ("DELETE FROM t WHERE id = 1", &["public.child", "public.t"]),
        ("DELETE FROM t WHERE id = 2", &["public.loose", "public.t"]),
        ("UPDATE t SET id = 12 WHERE id = 2", &["public.loose", "public.t"]),
        ("UPDATE v SET v = 'through a view' WHERE id = 1", &["public.t"]),
        (
            "INSERT INTO t VALUES (1, 'up') ON CONFLICT (id) DO UPDATE SET v = excluded.v",
            &["public.t"],
        ),
        ("INSERT INTO p VALUES (2)", &["public.p2"]),
        ("INSERT INTO p1 VALUES (1)", &["public.p1"]),
        ("TRUNCATE other", &["public.other"]),
        ("BEGIN\nINSERT INTO t VALUES (5, 'x')\nROLLBACK", &[]),
        (
            "BEGIN\nSAVEPOINT s\nINSERT INTO t VALUES (5, 'x')\nROLLBACK TO s\nINSERT INTO other VALUES (3)\nCOMMIT",
            &["public.other"],
        ),
        (
            "BEGIN\nSAVEPOINT s\nINSERT INTO t VALUES (5, 'x')\nROLLBACK TO s\nINSERT INTO t VALUES (6, 'y')\nCOMMIT",
            &["public.t"],
        ),
        (
            "BEGIN\nINSERT INTO other VALUES (3)\nRESET ALL\nINSERT INTO other VALUES (4)\nCOMMIT",
            &["public.other"],
        ),
        (
            "DO $$BEGIN INSERT INTO other VALUES (3); BEGIN INSERT INTO t VALUES (5, 'x'); RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END; END$$",
            &["public.other"],
        ),
        (
            "DO $$BEGIN INSERT INTO other VALUES (3); COMMIT; INSERT INTO t VALUES (5, 'x'); ROLLBACK; INSERT INTO p VALUES (1); END$$",
            &["public.other", "public.p1"],
        ),
        ("COPY other FROM STDIN <<\\n7\\n", &["public.other"]),
    ];
    for role in ROLES {
        let lab = Lab::new(role, SETUP).await;
        let mut emptier = lab.open().await;
        let session = lab.session().await;
        for (program, expected) in cases {
            for line in program.lines() {
                step(&session, &line.replace("\\n", "\n")).await.unwrap();
            }
            assert_eq!(&emptier.dirty().await.unwrap(), expected, "{role}: {program}");
            reset(&mut emptier).await;
            lab.check_rows(program);
        }
        lab.check("all of them");
    }
}

#[tokio::test]
async fn a_rolled_back_test_leaves_nothing_to_do() {
    let lab = Lab::new("app", SETUP).await;
    let mut emptier = lab.open().await;
    let session = lab.session().await;
    session
        .batch("BEGIN; INSERT INTO t VALUES (3, 'x'); DELETE FROM other; ROLLBACK")
        .await
        .unwrap();
    assert!(emptier.dirty().await.unwrap().is_empty());
    assert_eq!(reset(&mut emptier).await, 0);
}

/// Also an application that silences ordinary triggers is noticed.
#[tokio::test]
async fn the_replica_role_does_not_slip_through() {
    let lab = Lab::new("postgres", SETUP).await;
    let mut emptier = lab.open().await;
    let session = lab.session().await;
    session
        .batch("SET session_replication_role = replica; DELETE FROM t WHERE id = 1")
        .await
        .unwrap();
    assert_eq!(emptier.dirty().await.unwrap(), ["public.t"]);
    reset(&mut emptier).await;
    lab.check("replica role");
}

#[tokio::test]
async fn merge_is_seen() {
    let lab = Lab::new("app", SETUP).await;
    let mut emptier = lab.open().await;
    let session = lab.session().await;
    if session.server_version().0 < 15 {
        return;
    }
    session
        .batch(
            "MERGE INTO t USING (VALUES (1), (9)) s(id) ON s.id = t.id \
             WHEN MATCHED THEN UPDATE SET v = 'm' WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'm')",
        )
        .await
        .unwrap();
    assert_eq!(emptier.dirty().await.unwrap(), ["public.t"]);
    reset(&mut emptier).await;
    lab.check("merge");
}

/// Two transactions that note the same table do not wait for each other.
#[tokio::test]
async fn writers_do_not_wait_for_each_other() {
    for role in ROLES {
        let lab = Lab::new(role, SETUP).await;
        let mut emptier = lab.open().await;
        let (one, two) = (lab.session().await, lab.session().await);
        one.batch("BEGIN; INSERT INTO t VALUES (10, 'one'); INSERT INTO p VALUES (1)")
            .await
            .unwrap();
        let second =
            two.batch("BEGIN; INSERT INTO t VALUES (11, 'two'); INSERT INTO p VALUES (1); COMMIT");
        timeout(Duration::from_secs(5), second).await.expect("the second writer waits").unwrap();
        assert_eq!(emptier.dirty().await.unwrap(), ["public.p1", "public.t"]);
        one.batch("COMMIT").await.unwrap();
        reset(&mut emptier).await;
        lab.check("two writers");
    }
}
