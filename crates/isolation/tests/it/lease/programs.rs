//! Random programs over random schemas through the lease service: several
//! sessions, transactions and savepoints, COPY, TRUNCATE, schema changes, marks
//! in marks, commits that race a rewind, leases that end in between. After
//! every rewind the database is compared with what `psql` saw at the mark, and
//! at the lowest one with a clone nobody touched.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use seedbed_api::lease::{Lease, Rewound};
use seedbed_db::Session;

use super::ground::{Order, SERVER, Service, connect};
use crate::journal::grammar::{Op, SESSIONS, Shape, line, ops, schema, shapes};
use crate::journal::ground::{Contents, differences, step};

/// Cases of a run that does not say (`PROPTEST_CASES`), and how many of them one
/// program is worth: it takes some seconds.
const CASES: u32 = 96;
const CASES_A_PROGRAM: u32 = 16;

/// One step of a program.
#[derive(Clone, Debug)]
enum Step {
    Plain(Op),
    /// A rewind while a session commits.
    Race {
        session: usize,
        depth: usize,
    },
    /// The lease ends, another one begins.
    Release,
    /// The connection of the journal is lost.
    Lose,
}

/// A mark with what was seen there.
struct Seen {
    mark: String,
    redoable: bool,
    contents: Contents,
}

struct Play<'a> {
    service: &'a Service<'static>,
    shapes: &'a [Shape],
    lease: Lease,
    sessions: Vec<Session>,
    stack: Vec<Seen>,
    /// Whether anything was done for which a database may be replaced.
    may_replace: bool,
    log: Vec<String>,
}

impl Play<'_> {
    async fn go(&mut self, steps: &[Step]) -> Result<(), String> {
        for step in steps {
            match step {
                Step::Plain(Op::Sql { session, table, kind, a, b }) => {
                    self.sql(*session, *table, *kind, *a, *b).await;
                }
                Step::Plain(Op::Mark) => self.mark().await?,
                Step::Plain(Op::Rewind { depth }) => self.rewind(depth % self.stack.len()).await?,
                Step::Race { session, depth } => {
                    self.race(*session, depth % self.stack.len()).await?;
                }
                Step::Release => self.release().await?,
                Step::Lose => {
                    self.log.push("lose".into());
                    self.may_replace = true;
                    let _ = SERVER.psql(
                        "postgres",
                        &format!(
                            "select pg_terminate_backend(pid) from pg_stat_activity \
                             where datname = '{}' and application_name = 'seedbed'",
                            self.lease.database
                        ),
                    );
                }
            }
        }
        self.rewind(0).await
    }

    async fn sql(&mut self, session: usize, table: usize, kind: usize, a: i32, b: i32) {
        let line = line(self.shapes, table, kind, a, b);
        self.may_replace |= (37..39).contains(&kind);
        if self.sessions[session].is_closed() {
            self.sessions[session] = player(&self.lease).await;
        }
        let done = step(&self.sessions[session], &line).await;
        self.log.push(format!("{session}> {line} {}", done.map_or("(failed)", |()| "")));
    }

    async fn mark(&mut self) -> Result<(), String> {
        for session in &self.sessions {
            // Ended ones and those outside a transaction say so.
            let _ = session.batch("COMMIT").await;
        }
        self.log.push("mark".into());
        let set = self.service.leases.mark(&self.lease.lease, &Default::default()).await;
        let set = match set {
            Ok(set) => set,
            // Its journal is gone; the next rewind mends that.
            Err(_) if self.may_replace => return Ok(()),
            Err(failure) => return Err(failure.chain()),
        };
        // Marks of one state share it.
        if set.depth as usize > self.stack.len() {
            return Err(format!("the mark is at {}, above {}", set.depth, self.stack.len()));
        }
        let contents = self.service.contents(&self.lease);
        self.stack.push(Seen { mark: set.mark, redoable: set.redoable, contents });
        Ok(())
    }

    async fn race(&mut self, session: usize, depth: usize) -> Result<(), String> {
        self.log.push(format!("{session}> commit, races a rewind to {depth}"));
        let mark = self.stack[depth].mark.clone();
        let (rewound, _) = tokio::join!(
            self.service.rewind(&self.lease, &mark),
            self.sessions[session].batch("COMMIT"),
        );
        self.judge(depth, &rewound)
    }

    async fn rewind(&mut self, depth: usize) -> Result<(), String> {
        self.log.push(format!("rewind to {depth}"));
        let mark = self.stack[depth].mark.clone();
        let rewound = self.service.rewind(&self.lease, &mark).await;
        self.judge(depth, &rewound)
    }

    /// Whether a rewind did what it says, and says what it should.
    fn judge(&mut self, depth: usize, rewound: &Rewound) -> Result<(), String> {
        if rewound.replaced && !self.may_replace {
            return Err(format!("replaced without need: {rewound:?}"));
        }
        let redoable = |at: &usize| *at == 0 || self.stack[*at].redoable;
        let at = if rewound.replaced { (0..=depth).rev().find(redoable) } else { Some(depth) };
        let at = at.unwrap_or(0);
        if rewound.mark != self.stack[at].mark || rewound.marks_lost != (at < depth) {
            return Err(format!("at {depth} of which {at} is expected: {rewound:?}"));
        }
        self.stack.truncate(at + 1);
        if rewound.replaced {
            self.may_replace = false;
        }
        match differences(&self.service.contents(&self.lease), &self.stack[at].contents) {
            Some(what) => Err(format!("WRONG: {what}; {rewound:?}")),
            None => Ok(()),
        }
    }

    async fn release(&mut self) -> Result<(), String> {
        self.log.push("release".into());
        let released = self.service.leases.release(&self.lease.lease).await;
        let released = released.map_err(|failure| failure.chain())?;
        if released.replaced && !self.may_replace {
            return Err(format!("replaced without need: {released:?}"));
        }
        self.may_replace = false;
        self.lease = self.service.lease().await;
        self.stack = vec![self.base()];
        match differences(&self.service.contents(&self.lease), &self.service.untouched) {
            Some(what) => Err(format!("WRONG hand-out: {what}")),
            None => Ok(()),
        }
    }

    fn base(&self) -> Seen {
        let contents = self.service.untouched.clone();
        Seen { mark: self.lease.mark.clone(), redoable: true, contents }
    }
}

async fn player(lease: &Lease) -> Session {
    let session = connect(&lease.url, "player").await;
    // Sessions of one program wait for each other, and the program for them.
    session.batch("SET lock_timeout = '30ms'; SET client_min_messages = error").await.unwrap();
    session
}

async fn play(shapes: &[Shape], steps: &[Step]) -> Result<(), String> {
    // The recipe lives as long as the test binary, one for each program.
    let schema: &'static str = Box::leak(schema(shapes).into_boxed_str());
    let service = Service::open(&SERVER, Order { schema, ..Order::default() }).await;
    let lease = service.lease().await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(player(&lease).await);
    }
    let mut play = Play {
        service: &service,
        shapes,
        lease,
        sessions,
        stack: Vec::new(),
        may_replace: false,
        log: Vec::new(),
    };
    play.stack = vec![play.base()];
    let played = play.go(steps).await;
    let log = play.log.join("\n");
    service.end().await;
    played.map_err(|what| format!("{what}\nafter:\n{log}"))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rare = prop_oneof![
        6 => (0..SESSIONS, 0_usize..4).prop_map(|(session, depth)| Step::Race { session, depth }),
        2 => Just(Step::Release),
        1 => Just(Step::Lose),
    ];
    (ops(), vec((0_usize..64, rare), 0..5)).prop_map(|(ops, rare)| {
        let mut steps: Vec<Step> = ops.into_iter().map(Step::Plain).collect();
        for (at, step) in rare {
            steps.insert(at % (steps.len() + 1), step);
        }
        steps
    })
}

#[test]
fn random_programs_of_leases_are_undone() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: (cases.unwrap_or(CASES) / CASES_A_PROGRAM).max(1),
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    TestRunner::new(config)
        .run(&(shapes(), steps()), |(shapes, steps)| {
            runtime.block_on(play(&shapes, &steps)).map_err(TestCaseError::fail)
        })
        .unwrap();
}
