//! What has been seen to break an undo, one row each: a schema, a program, and
//! whether the rewind must undo it or must refuse. A program that is undone is
//! run and undone a second time.
//!
//! The traps that the engine was chosen by, and what springs each now:
//!
//! | trap | where |
//! |---|---|
//! | no key with duplicates, only a nullable unique key, long, composite, case-insensitive and extension-typed keys | `keys` |
//! | key updated, key shifted twice, insert–update–delete of one key, unique values exchanged, exclusion constraint | `keys` |
//! | columns named like our aliases, dropped columns and odd names | `keys` |
//! | savepoint rolled back, ON CONFLICT, MERGE, CTE that deletes and inserts one key, CTE with two updates | `writes` |
//! | foreign keys (cascade, set null, self-reference), deferrable constraints, rules, views | `writes` |
//! | TRUNCATE with CASCADE and RESTART IDENTITY, COPY FREEZE, table rewritten | `writes` |
//! | generated (stored, virtual) and identity columns, inheritance, unlogged table | `shapes` |
//! | partitions: through the parent, a leaf directly, COPY, TRUNCATE of the parent | `shapes` |
//! | temporary table in front of a real one, materialized view refreshed | `shapes` |
//! | forced row-level security, role without rights, application under the replica role | `bypasses` |
//! | triggers disabled: all, all in a transaction, the user's only | `bypasses` |
//! | large object made, changed; prepared transactions left | `bypasses` |
//! | history table by trigger; row trigger that writes its own table, that deletes the row; BEFORE trigger on siblings; statement trigger of an earlier name; trigger enabled ALWAYS; append-only guard; `lastval()` | `triggers` |
//! | old values in TOAST, session settings differ, 25 types, search path and names of objects | `values` |
//! | sequences, `setval` on one never called | `sequences` |
//! | two sessions interleaved, serializable pair, writer open at the mark, row lock held while idle | `racing` |
//! | column added, table made, view and function dropped, rights granted, change rolled back | `super::schema_changes` |
//! | nested marks | `super::marks`, `super::programs` |
//! | backend or server killed | `super::crashes` |

use std::collections::BTreeMap;

use seedbed_db::Session;
use seedbed_isolation::journal::Rewound;

use super::ground::{Lab, SERVER, connect, contents, differences, mark, step};

mod bypasses;
mod keys;
mod racing;
mod sequences;
mod shapes;
mod triggers;
mod values;
mod writes;

/// A table with a key.
const T: &str = "CREATE TABLE t (id int PRIMARY KEY, v text, n int DEFAULT 0);
    INSERT INTO t SELECT g, 'v' || g, g FROM generate_series(1, 10) g;";

/// A row of a table of traps.
struct Trap {
    name: &'static str,
    setup: String,
    /// Lines for `step`, of the session in front of `> ` (`a` if none). One
    /// whose name starts with `app` connects as that plain role.
    program: &'static [&'static str],
    /// The first server version that has what it needs.
    since: u16,
    /// A query that is true where the server has what it needs.
    needs: &'static str,
    /// A part of the reason, if the database must be replaced.
    replaced: Option<&'static str>,
}

fn trap(name: &'static str, setup: &str, program: &'static [&'static str]) -> Trap {
    Trap { name, setup: setup.to_owned(), program, since: 13, needs: "", replaced: None }
}

impl Trap {
    fn since(mut self, version: u16) -> Self {
        self.since = version;
        self
    }

    fn needs(mut self, query: &'static str) -> Self {
        self.needs = query;
        self
    }

    fn replaced(mut self, why: &'static str) -> Self {
        self.replaced = Some(why);
        self
    }

    /// Whether this server can spring it; if not, that is said.
    #[expect(
        clippy::print_stderr,
        reason = "a trap that is not sprung must not look like one that was"
    )]
    fn applies(&self) -> bool {
        let version = SERVER.psql("postgres", "SELECT current_setting('server_version_num')");
        let applies = version.parse::<u32>().unwrap() / 10_000 >= u32::from(self.since)
            && (self.needs.is_empty() || SERVER.psql("postgres", self.needs) == "t");
        if !applies {
            eprintln!("not sprung on this server ({version}): {}", self.name);
        }
        applies
    }

    /// What went wrong, if anything.
    async fn spring(&self) -> Option<String> {
        let lab = Lab::new(&self.setup).await;
        let mut journal = lab.open().await;
        let mark = mark(&mut journal).await;
        for round in ["first", "second"] {
            if let Err(failure) = run(&lab, self.program).await {
                return Some(format!("the program fails: {failure}"));
            }
            let rewound = journal.rewind(&mark).await.unwrap();
            match (&rewound, self.replaced) {
                (Rewound::Replace { why }, Some(expected)) if why.contains(expected) => {
                    journal.close().await;
                    return None;
                }
                (Rewound::Done { .. }, None) => {}
                _ => return Some(format!("{round} rewind: {rewound:?}")),
            }
            if let Some(what) = differences(&lab.contents(), &lab.untouched) {
                return Some(format!("WRONG after the {round} rewind: {what}"));
            }
        }
        journal.close().await;
        None
    }
}

/// Runs a program; its sessions are closed at its end.
async fn run(lab: &Lab, program: &[&str]) -> Result<(), String> {
    let mut sessions: BTreeMap<&str, Session> = BTreeMap::new();
    for line in program {
        let (name, sql) = match line.split_once("> ") {
            Some((name, sql)) if name.chars().all(char::is_alphanumeric) => (name, sql),
            _ => ("a", *line),
        };
        if !sessions.contains_key(name) {
            let role = if name.starts_with("app") { "app" } else { "postgres" };
            sessions.insert(name, connect(role, &lab.database).await);
        }
        step(&sessions[name], sql)
            .await
            .map_err(|failure| format!("{sql}: {}", failure.chain()))?;
    }
    for (_, session) in sessions {
        session.close().await;
    }
    Ok(())
}

/// Springs every trap and tells of all that caught.
async fn spring(traps: Vec<Trap>) {
    let mut caught = Vec::new();
    let mut sprung = 0;
    for trap in traps.iter().filter(|trap| trap.applies()) {
        sprung += 1;
        if let Some(what) = trap.spring().await {
            caught.push(format!("{}: {what}", trap.name));
        }
    }
    assert!(sprung > 0, "no trap applies to this server");
    assert!(caught.is_empty(), "{} of {sprung} traps caught:\n{}", caught.len(), caught.join("\n"));
}

/// The comparison itself: what a rewind leaves undone must be seen.
#[tokio::test]
async fn the_comparison_sees_a_difference() {
    let lab = Lab::new(&format!("{T} CREATE SEQUENCE s;")).await;
    assert_eq!(differences(&lab.contents(), &lab.untouched), None);
    for sql in [
        "INSERT INTO t VALUES (11, 'x')",
        "SELECT setval('s', 7, false)",
        "ALTER TABLE t ALTER v SET DEFAULT 'x'",
    ] {
        let database = crate::ground::unique("journal_c");
        lab.clone_as(&database);
        let _ = SERVER.psql(&database, sql);
        assert!(differences(&contents(&database), &lab.untouched).is_some(), "{sql}");
        let _ = SERVER.psql("postgres", &format!("DROP DATABASE {database} WITH (FORCE)"));
    }
}
