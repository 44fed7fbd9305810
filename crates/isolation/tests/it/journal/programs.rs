//! Random programs over random schemas: several sessions, transactions and
//! savepoints, COPY, TRUNCATE, schema changes, marks in marks. After every
//! rewind the database is compared with what `psql` saw at the mark, and at
//! the outermost one with the template nobody touched. Where the database
//! must be replaced, the saved state is made again in a fresh clone.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use seedbed_db::Session;
use seedbed_isolation::journal::{Journal, Mark, Marked, Rewound, Saved};

use super::grammar::{Op, SESSIONS, Shape, line, ops, schema, shapes};
use super::ground::{Contents, Lab, SERVER, connect, contents, differences, open, step};
use crate::ground::unique;

/// Cases of a run that does not say (`PROPTEST_CASES`), and how many of them one
/// program is worth: it takes a second or two.
const CASES: u32 = 96;
const CASES_A_PROGRAM: u32 = 8;

/// A mark with what was seen there.
struct Seen {
    mark: Mark,
    contents: Contents,
    saved: Option<Saved>,
}

/// One program under way.
struct Play<'a> {
    lab: &'a Lab,
    shapes: &'a [Shape],
    database: String,
    journal: Journal,
    sessions: Vec<Session>,
    stack: Vec<Seen>,
    /// Whether a schema change was tried since the clone was made.
    changed_schema: bool,
    log: Vec<String>,
}

impl Play<'_> {
    async fn go(&mut self, ops: &[Op]) -> Result<(), String> {
        self.mark().await?;
        for op in ops {
            match op {
                Op::Sql { session, table, kind, a, b } => {
                    let line = line(self.shapes, *table, *kind, *a, *b);
                    self.changed_schema |= (37..39).contains(kind);
                    if self.sessions[*session].is_closed() {
                        self.sessions[*session] = player(&self.database).await;
                    }
                    let done = step(&self.sessions[*session], &line).await;
                    self.log
                        .push(format!("{session}> {line} {}", done.map_or("(failed)", |()| "")));
                }
                Op::Mark => self.mark().await?,
                Op::Rewind { depth } => self.rewind(depth % self.stack.len()).await?,
            }
        }
        self.rewind(0).await
    }

    async fn mark(&mut self) -> Result<(), String> {
        for session in &self.sessions {
            // Ended ones and those outside a transaction say so.
            let _ = session.batch("COMMIT").await;
        }
        self.log.push("mark".into());
        let mark = match self.journal.mark().await.map_err(|failure| failure.chain())? {
            Marked::Set(mark) => mark,
            Marked::Busy(who) => return Err(format!("busy: {who:?}")),
        };
        let saved = self.journal.saved(&mark).await.map_err(|failure| failure.chain())?;
        if saved.is_none() && !self.changed_schema && self.stack.iter().all(|it| it.saved.is_some())
        {
            return Err("not saved".into());
        }
        self.stack.push(Seen { mark, contents: contents(&self.database), saved });
        Ok(())
    }

    async fn rewind(&mut self, depth: usize) -> Result<(), String> {
        self.log.push(format!("rewind to {depth}"));
        let rewound = self.journal.rewind(&self.stack[depth].mark).await;
        match rewound.map_err(|failure| failure.chain())? {
            Rewound::Done { .. } => self.stack.truncate(depth + 1),
            Rewound::Replace { why } if !self.changed_schema => return Err(why),
            Rewound::Replace { .. } => self.replace(depth).await?,
        }
        let depth = self.stack.len() - 1;
        let seen = &self.stack[depth].contents;
        match differences(&contents(&self.database), seen) {
            Some(what) => Err(format!("WRONG: {what}")),
            None => Ok(()),
        }
    }

    /// A fresh clone at the mark, or at the template where nothing was saved.
    async fn replace(&mut self, depth: usize) -> Result<(), String> {
        let saved = self.stack[depth].saved.take();
        drop_database(&self.database);
        self.database = unique("journal_p");
        self.lab.clone_as(&self.database);
        self.journal = open("postgres", &self.database).await;
        self.changed_schema = false;
        self.stack.truncate(depth + 1);
        for session in &mut self.sessions {
            *session = player(&self.database).await;
        }
        let Some(saved) = saved else {
            self.stack.clear();
            return self.mark().await;
        };
        let marks = self.journal.redo(&saved).await.map_err(|failure| failure.chain())?;
        for (seen, mark) in self.stack.iter_mut().zip(marks) {
            seen.mark = mark;
        }
        self.stack[depth].saved = Some(saved);
        Ok(())
    }
}

async fn player(database: &str) -> Session {
    let session = connect("postgres", database).await;
    // Sessions of one program wait for each other, and the program for them.
    session.batch("SET lock_timeout = '30ms'; SET client_min_messages = error").await.unwrap();
    session
}

fn drop_database(name: &str) {
    let _ = SERVER.psql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
}

async fn play(shapes: &[Shape], ops: &[Op]) -> Result<(), String> {
    let lab = Lab::new(&schema(shapes)).await;
    let database = lab.database.clone();
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(player(&database).await);
    }
    let journal = open("postgres", &database).await;
    let mut play = Play {
        lab: &lab,
        shapes,
        database,
        journal,
        sessions,
        stack: Vec::new(),
        changed_schema: false,
        log: Vec::new(),
    };
    let mut played = play.go(ops).await;
    if played.is_ok()
        && let Some(what) = differences(&play.stack[0].contents, &lab.untouched)
    {
        played = Err(format!("the outermost mark is not the template: {what}"));
    }
    drop_database(&play.database);
    played.map_err(|what| format!("{what}\nafter:\n{}", play.log.join("\n")))
}

#[test]
fn random_programs_are_undone() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: (cases.unwrap_or(CASES) / CASES_A_PROGRAM).max(1),
        max_shrink_iters: 80,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    TestRunner::new(config)
        .run(&(shapes(), ops()), |(shapes, ops)| {
            runtime.block_on(play(&shapes, &ops)).map_err(TestCaseError::fail)
        })
        .unwrap();
}
