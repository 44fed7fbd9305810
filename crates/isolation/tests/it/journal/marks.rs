//! Marks nest, can be saved and made again, and a wrong one is refused.

use seedbed_api::Kind;
use seedbed_isolation::journal::{Journal, Rewindable, Rewound, Saved, strip};

use super::ground::{
    Contents, Lab, SERVER, connect, contents, differences, mark, open, rewind, target,
};
use crate::ground::unique;

const SCHEMA: &str = "CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE); CREATE TABLE bag (a int, b text); CREATE INDEX ON bag (a);
    CREATE TABLE c (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, t int REFERENCES t ON DELETE CASCADE); CREATE SEQUENCE never;
    INSERT INTO t (v) SELECT 'v' || g FROM generate_series(1, 20) g; INSERT INTO bag SELECT g % 3, 'b' FROM generate_series(1, 9) g; INSERT INTO c (t) VALUES (1),(2)";

/// Set-up of a file of tests.
const FILE: &str = "INSERT INTO t (v) VALUES ('file'); UPDATE t SET v = 'kept' WHERE id = 3; DELETE FROM t WHERE id = 1;
    DELETE FROM bag WHERE ctid IN (SELECT min(ctid) FROM bag); INSERT INTO bag VALUES (1,'b'),(7,'file'),(7,'file'); SELECT setval('never', 9, false)";
/// What a test does on top.
const TEST: &str = "UPDATE t SET v = v || '+' WHERE id < 6; DELETE FROM t WHERE v = 'file'; INSERT INTO bag VALUES (7,'file');
    DELETE FROM bag WHERE a = 1; INSERT INTO t (v) VALUES ('v1'); INSERT INTO c (t) VALUES (20); SELECT nextval('never'); TRUNCATE c";

#[tokio::test]
async fn marks_nest() {
    let lab = Lab::new(SCHEMA).await;
    let mut journal = lab.open().await;
    let session = lab.session().await;
    let run = mark(&mut journal).await;
    for _ in 0..3 {
        session.batch(FILE).await.unwrap();
        let file = mark(&mut journal).await;
        let at_file = lab.contents();
        for _ in 0..2 {
            session.batch(TEST).await.unwrap();
            let inner = mark(&mut journal).await;
            let at_inner = lab.contents();
            session
                .batch("DELETE FROM t; DELETE FROM bag; INSERT INTO bag VALUES (0,'x')")
                .await
                .unwrap();
            rewind(&mut journal, &inner).await;
            assert_eq!(differences(&lab.contents(), &at_inner), None);
            rewind(&mut journal, &file).await;
            assert_eq!(differences(&lab.contents(), &at_file), None);
            assert_eq!(journal.rewind(&inner).await.unwrap_err().kind(), Kind::Refused);
        }
        rewind(&mut journal, &run).await;
        assert_eq!(differences(&lab.contents(), &lab.untouched), None);
    }
}

async fn copy_of(lab: &Lab) -> (String, Journal) {
    let name = unique("journal_s");
    lab.clone_as(&name);
    let journal = open("postgres", &name).await;
    (name, journal)
}

fn drop_database(name: &str) {
    let _ = SERVER.psql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
}

fn lose_connections(database: &str) {
    let _ = SERVER.psql(
        "postgres",
        &format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        ),
    );
}

#[tokio::test]
async fn a_saved_state_is_made_again_in_a_fresh_clone_with_its_marks() {
    let lab = Lab::new(SCHEMA).await;
    let mut journal = lab.open().await;
    let session = lab.session().await;
    let run = mark(&mut journal).await;
    assert_eq!(journal.saved(&run).await.unwrap().map(|saved| saved.marks()), Some(1));
    session.batch(FILE).await.unwrap();
    let file = mark(&mut journal).await;
    let at_file = lab.contents();
    assert!(journal.saved(&file).await.unwrap().is_some());
    session.batch(TEST).await.unwrap();
    let inner = mark(&mut journal).await;
    let at_inner = lab.contents();
    let saved: Saved = journal.saved(&inner).await.unwrap().unwrap();

    let (name, mut other) = copy_of(&lab).await;
    let marks = other.redo(&saved).await.unwrap();
    assert_eq!(marks.len(), 3);
    let states: [(&Contents, usize); 3] = [(&at_inner, 2), (&at_file, 1), (&lab.untouched, 0)];
    assert_eq!(differences(&contents(&name), &at_inner), None);
    let elsewhere = connect("postgres", &name).await;
    for (state, at) in states {
        elsewhere
            .batch("INSERT INTO bag VALUES (0,'x'); DELETE FROM t WHERE id > 3")
            .await
            .unwrap();
        rewind(&mut other, &marks[at]).await;
        assert_eq!(differences(&contents(&name), state), None, "mark {at}");
        assert!(other.saved(&marks[at]).await.unwrap().is_some(), "mark {at}");
    }
    assert_eq!(other.redo(&saved).await.unwrap_err().kind(), Kind::Refused);
    elsewhere.close().await;
    other.close().await;
    drop_database(&name);
}

#[tokio::test]
async fn what_cannot_be_saved_is_not() {
    let lab = Lab::new(SCHEMA).await;
    for (name, before, after) in [
        (
            "changed since",
            "INSERT INTO bag VALUES (1,'x')",
            "DELETE FROM bag WHERE b = 'x'; INSERT INTO bag VALUES (1,'x')",
        ),
        ("schema changed", "CREATE TABLE x (a int)", "SELECT 1"),
        ("large object", "SELECT lo_from_bytea(0, 'x')", "SELECT 1"),
    ] {
        let (database, mut journal) = copy_of(&lab).await;
        let session = connect("postgres", &database).await;
        session.batch(before).await.unwrap();
        let mark = mark(&mut journal).await;
        session.batch(after).await.unwrap();
        assert!(journal.saved(&mark).await.unwrap().is_none(), "{name}");
        session.close().await;
        journal.close().await;
        drop_database(&database);
    }
}

/// The control connection is gone by then, so that nothing can be asked.
#[tokio::test]
async fn a_mark_over_nothing_written_is_saved_without_a_round_trip() {
    let lab = Lab::new(SCHEMA).await;
    let mut journal = lab.open().await;
    let session = lab.session().await;
    let run = mark(&mut journal).await;
    let of_run = journal.saved(&run).await.unwrap().unwrap();
    session
        .batch(
            "SELECT nextval('t_id_seq'), setval('never', 5, false); BEGIN; DELETE FROM t; ROLLBACK",
        )
        .await
        .unwrap();
    let file = mark(&mut journal).await;
    let at_file = lab.contents();
    session.batch(TEST).await.unwrap();
    let written = mark(&mut journal).await;
    lose_connections(&lab.database);
    let of_file = journal.saved(&file).await.unwrap().unwrap();
    assert!(
        journal.saved(&written).await.is_err(),
        "a mark over something written was not asked for"
    );

    for (saved, expected) in
        [(of_run, vec![&lab.untouched]), (of_file, vec![&at_file, &lab.untouched])]
    {
        let (name, mut other) = copy_of(&lab).await;
        let marks = other.redo(&saved).await.unwrap();
        assert_eq!(marks.len(), expected.len());
        let session = connect("postgres", &name).await;
        for (state, mark) in expected.iter().zip(marks.iter().rev()) {
            session.batch(FILE).await.unwrap();
            rewind(&mut other, mark).await;
            assert_eq!(differences(&contents(&name), state), None);
        }
        session.close().await;
        other.close().await;
        drop_database(&name);
    }
}

/// A mark over a changed schema cannot be rewound to either: its new tables
/// are not journaled.
#[tokio::test]
async fn a_schema_changed_before_the_mark_replaces_as_well() {
    let lab = Lab::new(SCHEMA).await;
    let mut journal = lab.open().await;
    let session = lab.session().await;
    session.batch("CREATE TABLE x (a int)").await.unwrap();
    let mark = mark(&mut journal).await;
    session.batch("INSERT INTO x VALUES (1)").await.unwrap();
    for _ in 0..2 {
        let rewound = journal.rewind(&mark).await.unwrap();
        assert!(matches!(rewound, Rewound::Replace { .. }), "{rewound:?}");
    }
}

#[tokio::test]
async fn a_mark_of_another_lease_is_refused() {
    let lab = Lab::new(SCHEMA).await;
    let mut journal = lab.open().await;
    let (name, mut other) = copy_of(&lab).await;
    let foreign = mark(&mut other).await;
    mark(&mut journal).await;
    let failure = journal.rewind(&foreign).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Refused);
    assert!(!failure.hints().is_empty());
    other.close().await;
    drop_database(&name);
}

#[tokio::test]
async fn a_lost_control_connection_replaces() {
    let lab = Lab::new(SCHEMA).await;
    let mut journal = lab.open().await;
    let mark = mark(&mut journal).await;
    lose_connections(&lab.database);
    let rewound = journal.rewind(&mark).await.unwrap();
    assert!(matches!(rewound, Rewound::Replace { .. }), "{rewound:?}");
}

#[tokio::test]
async fn the_journal_stays_small() {
    let lab = Lab::new(SCHEMA).await;
    let mut journal = lab.open().await;
    let session = lab.session().await;
    let run = mark(&mut journal).await;
    session.batch(FILE).await.unwrap();
    for outer in [false, true] {
        let at = if outer { mark(&mut journal).await } else { run.clone() };
        for _ in 0..200 {
            session
                .batch("INSERT INTO bag SELECT 5, repeat('x', 100) FROM generate_series(1, 100)")
                .await
                .unwrap();
            rewind(&mut journal, &at).await;
        }
        let size = "SELECT pg_table_size('seedbed_journal.entry') < 4 * 1024 * 1024";
        assert_eq!(session.value(size).await.unwrap().as_deref(), Some("t"));
    }
    rewind(&mut journal, &run).await;
    assert_eq!(differences(&lab.contents(), &lab.untouched), None);
}

#[tokio::test]
async fn nothing_is_left_after_strip_and_baking_twice_is_baking_once() {
    let plain = "CREATE SEQUENCE s CACHE 30; CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT";
    let lab = Lab::new(plain).await;
    assert_eq!(lab.baked.tables, 2);
    let session = lab.session().await;
    let again = seedbed_isolation::journal::bake(&session, &seedbed_api::Silent).await.unwrap();
    assert_eq!(again.tables, 2);
    strip(&session).await.unwrap();
    strip(&session).await.unwrap();
    assert_eq!(session.value("SELECT seqcache FROM pg_sequence").await.unwrap().unwrap(), "30");
    let traces = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname ~ 'seedbed') + (SELECT count(*) FROM pg_event_trigger)
        + (SELECT count(*) FROM pg_namespace WHERE nspname ~ 'seedbed') + (SELECT count(*) FROM pg_proc WHERE proname ~ 'note_ddl|keep_all')";
    assert_eq!(session.value(traces).await.unwrap().unwrap(), "0");
    let Rewindable::No(why) = Journal::open(&target("postgres", &lab.database)).await.unwrap()
    else {
        panic!("rewindable")
    };
    assert!(why.contains("without a journal"), "{why}");
}

#[tokio::test]
async fn an_interrupted_rewind_replaces() {
    let lab = Lab::new(SCHEMA).await;
    let mut journal = lab.open().await;
    let mark = mark(&mut journal).await;
    lab.session().await.batch(TEST).await.unwrap();
    let cut = tokio::time::timeout(std::time::Duration::ZERO, journal.rewind(&mark)).await;
    assert!(cut.is_err());
    let rewound = journal.rewind(&mark).await.unwrap();
    assert!(matches!(rewound, Rewound::Replace { .. }), "{rewound:?}");
}
