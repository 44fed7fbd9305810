//! An oracle that shares nothing with the journal: the write-ahead log. Over a
//! program and its rewind together, the rows that logical decoding saw come
//! minus those it saw go must be none, in every table.
//!
//! Decoding does not see TRUNCATE's rows and unlogged tables, so both are left
//! out; `programs` has them.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use seedbed_api::Silent;
use seedbed_db::{Complaint, Session, Target};
use seedbed_isolation::journal::{Journal, Rewindable, bake};
use seedbed_testkit::Server;

use super::grammar::{Op, SESSIONS, Shape, line, ops, schema, shapes};
use super::ground::{mark, rewind, step};

const PROGRAMS: usize = 10;
/// A program that changes less says little.
const CHANGES_MIN: usize = 5;
/// Kinds of statements that decoding does not see.
const UNSEEN: std::ops::RangeInclusive<usize> = 19..=20;

const IDENTITY: &str = "DO $$ DECLARE t regclass; BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace LOOP
      EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', t);
    END LOOP; END $$";

/// Rows by table and text, with how often they came minus how often they went.
type Net = BTreeMap<(String, Vec<String>), i32>;

fn target(server: &Server, database: &str) -> Target {
    Target::parse(&server.socket_url("postgres", database)).unwrap()
}

async fn connect(server: &Server, database: &str) -> Session {
    let target = target(server, database);
    Session::connect(&target, "a test", Duration::from_secs(10)).await.unwrap()
}

/// `name[type]:value name[type]:value …` without what is NULL, because the
/// plugin leaves that out of old rows and not of new ones.
fn columns(text: &str) -> Vec<String> {
    let mut columns = Vec::new();
    let mut rest = text.trim_start();
    while let Some(colon) = rest.find("]:") {
        let (name, value) = rest.split_at(colon + 2);
        let end = if value.starts_with('\'') {
            let mut quotes = value.match_indices('\'').map(|(at, _)| at).skip(1).peekable();
            loop {
                let Some(at) = quotes.next() else { break value.len() };
                // Two quotes are one in the value.
                if quotes.next_if_eq(&(at + 1)).is_none() {
                    break at + 1;
                }
            }
        } else {
            value.find(' ').unwrap_or(value.len())
        };
        if &value[..end] != "null" {
            columns.push(format!("{name}{}", &value[..end]));
        }
        rest = value[end..].trim_start();
    }
    columns.sort();
    columns
}

/// Adds what one line of the plugin says; `BEGIN` and `COMMIT` say nothing.
fn add(net: &mut Net, line: &str) {
    let Some(line) = line.strip_prefix("table ") else { return };
    let (table, line) = line.split_once(": ").unwrap();
    let mut count = |row: &str, by: i32| {
        *net.entry((table.to_owned(), columns(row))).or_default() += by;
    };
    match line.split_once(": ").unwrap() {
        ("INSERT", row) => count(row, 1),
        ("DELETE", row) => count(row, -1),
        ("UPDATE", rows) => {
            let rows = rows.strip_prefix("old-key: ").expect("old rows are in full");
            let (old, new) = rows.split_once(" new-tuple: ").unwrap();
            count(old, -1);
            count(new, 1);
        }
        other => panic!("{other:?}"),
    }
}

async fn decoded(session: &Session) -> (usize, Net) {
    // Only what has reached the file is decoded, and a rewind does not wait for
    // that; a message does.
    session.batch("SELECT pg_logical_emit_message(true, 'flush', '')").await.unwrap();
    let query =
        "SELECT data FROM pg_logical_slot_peek_changes('oracle', NULL, NULL, 'include-xids', '0')";
    let mut net = Net::new();
    let mut changes = 0;
    for row in session.rows(query).await.unwrap() {
        let line = row.into_iter().next().flatten().unwrap();
        if !line.starts_with("table seedbed_journal.") {
            changes += usize::from(line.starts_with("table "));
            add(&mut net, &line);
        }
    }
    net.retain(|_, n| *n != 0);
    (changes, net)
}

async fn play(server: &Server, database: &str, shapes: &[Shape], ops: &[Op]) -> usize {
    let watcher = connect(server, database).await;
    let Rewindable::Yes(mut journal) = Journal::open(&target(server, database)).await.unwrap()
    else {
        panic!("not rewindable")
    };
    let journal: &mut Journal = &mut journal;
    let mark = mark(journal).await;
    watcher
        .batch("SELECT pg_create_logical_replication_slot('oracle', 'test_decoding')")
        .await
        .unwrap();
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let session = connect(server, database).await;
        session.batch("SET lock_timeout = '30ms'; SET client_min_messages = error").await.unwrap();
        sessions.push(session);
    }
    let mut log = Vec::new();
    for op in ops {
        let Op::Sql { session, table, kind, a, b } = op else { continue };
        // 37 and 38 change the schema.
        if UNSEEN.contains(kind) || (37..=38).contains(kind) {
            continue;
        }
        let line = line(shapes, *table, *kind, *a, *b);
        // Many fail, which is part of the program.
        let done = step(&sessions[*session], &line).await;
        log.push(format!("{session}> {line} {}", done.map_or("(failed)", |()| "")));
    }
    for session in &sessions {
        let _ = session.batch("COMMIT").await;
    }
    let (changes, before) = decoded(&watcher).await;
    rewind(journal, &mark).await;
    let (_, after) = decoded(&watcher).await;
    assert!(after.is_empty(), "left over: {after:#?}\nbefore: {before:#?}\n{}", log.join("\n"));
    watcher.batch("SELECT pg_drop_replication_slot('oracle')").await.unwrap();
    if before.is_empty() { 0 } else { changes }
}

/// Packages of a server alone do not carry the plugin.
async fn has_plugin(server: &Server) -> bool {
    let session = connect(server, "postgres").await;
    match session.batch("LOAD 'test_decoding'").await {
        // undefined_file
        Err(failure) if Complaint::is(&failure, "58P01") => false,
        other => other.map(|()| true).unwrap(),
    }
}

#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "an oracle that was not asked must not look like one that was"
)]
async fn the_log_says_that_nothing_is_left_of_a_program_and_its_rewind() {
    let server = Server::start_with(
        "-c wal_level=logical -c max_replication_slots=2 -c max_wal_senders=2 -c shared_buffers=16MB",
    );
    if !has_plugin(&server).await {
        eprintln!("not decoded on this server: it has no test_decoding");
        return;
    }
    let mut runner = TestRunner::deterministic();
    let mut telling = 0;
    for program in 0..PROGRAMS {
        let mut shapes = shapes().new_tree(&mut runner).unwrap().current();
        shapes.retain(|shape| !matches!(shape, Shape::BagWithIndex));
        let ops = ops().new_tree(&mut runner).unwrap().current();
        let database = format!("decoded{program}");
        let _ = server.psql("postgres", &format!("CREATE DATABASE {database} TEMPLATE template0"));
        let _ = server.psql(&database, &format!("{}; {IDENTITY}", schema(&shapes)));
        let session = connect(&server, &database).await;
        bake(&session, &Silent).await.unwrap();
        session.close().await;
        telling += usize::from(play(&server, &database, &shapes, &ops).await >= CHANGES_MIN);
    }
    assert!(telling >= PROGRAMS / 2, "only {telling} programs left something to rewind");
}

/// What is left over is seen, also where only the count of equal rows differs.
#[test]
fn the_oracle_can_tell() {
    let mut net = Net::new();
    for line in [
        "BEGIN",
        "table public.t: INSERT: a[integer]:1 v[text]:'it''s a b[x]:null' n[integer]:null",
        "table public.t: INSERT: a[integer]:1 v[text]:'it''s a b[x]:null' n[integer]:null",
        "table public.t: DELETE: a[integer]:1 v[text]:'it''s a b[x]:null'",
        "COMMIT",
    ] {
        add(&mut net, line);
    }
    net.retain(|_, n| *n != 0);
    let row = ["a[integer]:1", "v[text]:'it''s a b[x]:null'"].map(str::to_owned).to_vec();
    assert_eq!(net, Net::from([(("public.t".to_owned(), row), 1)]));
    add(
        &mut net,
        "table public.t: UPDATE: old-key: a[integer]:1 v[text]:'it''s a b[x]:null' new-tuple: a[integer]:2 v[text]:null",
    );
    add(&mut net, "table public.t: DELETE: a[integer]:2");
    net.retain(|_, n| *n != 0);
    assert!(net.is_empty(), "{net:?}");
}
