//! Tests per second: four clients, each on a database of its own, set a mark,
//! write a little, and rewind, as fast as they can.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use seedbed_api::lease::{Acquire, LaneChoice, MarkRequest, Rewind};
use seedbed_db::{Call, Session};
use seedbed_httpd::Client;

use super::super::service::Service;
use super::slot::BOUND;
use crate::dice::Dice;

/// Clients at the same time.
pub(crate) const CLIENTS: usize = 4;
/// Tests before the clock is started: plans and caches fill up.
const WARM_UP: u32 = 50;
/// Statements of a test, each of one row and with a round trip of its own; it
/// runs the first one to five, from a place that changes.
const STATEMENTS: [&str; 5] = [
    "INSERT INTO t1 (number) VALUES (1001)",
    "UPDATE t5 SET amount = amount + 1 WHERE id = 7",
    "INSERT INTO t2 (number, parent_id) VALUES (1001, 3)",
    "DELETE FROM t10 WHERE id = 9",
    "UPDATE t3 SET name = 'another' WHERE id = 5",
];

/// What came of it.
pub(crate) struct Pace {
    /// Of each test: mark, writes and rewind.
    pub(crate) tests: Vec<Duration>,
    /// Tests of all clients in a second.
    pub(crate) per_second: f64,
}

/// Runs tests on the first four slots, which nobody may have, for so long.
pub(crate) fn measure(service: &Service, time: Duration) -> Result<Pace> {
    // One more place for the clock.
    let start = Barrier::new(CLIENTS);
    let outcomes: Vec<Result<(Vec<Duration>, Duration)>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (1..=CLIENTS)
            .map(|number| {
                let start = &start;
                scope.spawn(move || client(service, number, start, time))
            })
            .collect();
        let join = |one: std::thread::ScopedJoinHandle<'_, _>| {
            one.join().unwrap_or_else(|_| Err(anyhow!("a client panicked")))
        };
        clients.into_iter().map(join).collect()
    });
    let (mut tests, mut per_second) = (Vec::new(), 0.0);
    for outcome in outcomes {
        let (own, took) = outcome?;
        per_second += own.len() as f64 / took.as_secs_f64();
        tests.extend(own);
    }
    Ok(Pace { tests, per_second })
}

/// One client; the times of its tests and from its first to its last.
fn client(
    service: &Service,
    number: usize,
    start: &Barrier,
    time: Duration,
) -> Result<(Vec<Duration>, Duration)> {
    let runtime = crate::bench::runtime()?;
    let ready = runtime.block_on(Player::open(service, number));
    let warm = ready.and_then(|mut player| {
        for _ in 0..WARM_UP {
            runtime.block_on(player.test())?;
        }
        Ok(player)
    });
    // Also after a failure, or the others wait for ever.
    start.wait();
    let mut player = warm?;
    let mut tests = Vec::new();
    let began = Instant::now();
    while began.elapsed() < time {
        let before = Instant::now();
        runtime.block_on(player.test())?;
        tests.push(before.elapsed());
    }
    let took = began.elapsed();
    runtime.block_on(player.client.release(&player.lease))?;
    Ok((tests, took))
}

/// A worker of a test runner.
struct Player {
    client: Client,
    lease: String,
    rewind: Rewind,
    session: Session,
    statements: Vec<seedbed_db::Prepared>,
    dice: Dice,
}

impl Player {
    async fn open(service: &Service, number: usize) -> Result<Self> {
        let mut client = Client::connect(&service.address, &service.token).await?;
        let slot = Some(format!("run/{number}"));
        let request = Acquire { slot, lane: LaneChoice::Rewind, ..Acquire::default() };
        let lease = client.acquire(&request).await?;
        let target = service.admin.with_database(&lease.database);
        let session = Session::connect(&target, "bench", BOUND).await?;
        let statements = session.prepare(&STATEMENTS).await?;
        // To the mark below the test's own, which is forgotten by that.
        let rewind = Rewind { mark: Some(lease.mark), ..Rewind::default() };
        let dice = Dice::new(number as u64);
        Ok(Self { client, lease: lease.lease, rewind, session, statements, dice })
    }

    async fn test(&mut self) -> Result<()> {
        self.client.mark(&self.lease, &MarkRequest::default()).await?;
        let (first, count) = (self.dice.below(5) as usize, 1 + self.dice.below(5) as usize);
        for statement in self.statements.iter().cycle().skip(first).take(count) {
            let call = Call { statement, parameters: Vec::new() };
            let answers = self.session.pipeline(&[call]).await?;
            ensure!(answers.iter().all(|answer| answer.affected == 1), "the row is not there");
        }
        let rewound = self.client.rewind(&self.lease, &self.rewind).await?;
        ensure!(!rewound.replaced, "the database was replaced: {:?}", rewound.why);
        Ok(())
    }
}
