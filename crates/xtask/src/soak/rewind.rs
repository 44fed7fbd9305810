//! `cargo xtask soak rewind`: one lease after the other, each with changes that
//! are taken back, tens of thousands of times. Nothing may grow with their
//! number: memory, the journal, the database, files, or the time a reset takes.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use seedbed_api::lease::{Acquire, Lease, MarkRequest, Rewind};
use seedbed_db::{Session, Target};
use seedbed_httpd::Client;
use walkdir::{DirEntry, WalkDir};

use super::holding::Place;
use super::theatre::Theatre;
use super::{client, digest, version};
use crate::{processes, root};

/// Cycles unless asked otherwise.
const CYCLES: u64 = 50_000;
/// Pools, caches and free space fill up in the first part.
const WARM_UP_PART: u64 = 10;
/// The times of so many resets are compared, at most.
const SAMPLE: u64 = 1_000;
/// What memory may differ by without having grown.
const MEMORY_SLACK: u64 = 4 << 20;
const JOURNAL_SLACK: u64 = 1 << 20;
/// The part by which the database may differ.
const DATABASE_SLACK: u64 = 4;
const FILES_SLACK: u64 = 40;
/// How much longer a reset may take at the end, in hundredths, by itself or
/// measured in round trips: others use the machine as well.
const RATIO: u64 = 150;
/// The same where there are too few to say more.
const RATIO_OF_FEW: u64 = 400;
/// Transaction ids that one cycle may use.
const IDS: u64 = 20;
const BOUND: Duration = Duration::from_secs(10);

/// `cargo xtask soak rewind [--cycles N] [--pg-version V] [--program FILE]`.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    let (mut cycles, mut version, mut program) = (CYCLES, None, None);
    for pair in words.chunks(2) {
        match pair {
            ["inside", cycles] => return client::runtime()?.block_on(inside(cycles.parse()?)),
            ["--cycles", value] => cycles = value.parse()?,
            ["--pg-version", value] => version = Some(value.parse()?),
            ["--program", file] => program = Some(std::path::absolute(file)?),
            other => bail!("soak rewind does not know {}", other.join(" ")),
        }
    }
    soak(&program.map_or_else(root::seedbed_release, Ok)?, cycles, version)
}

/// The short form, for every push.
pub(crate) fn short() -> Result<bool> {
    soak(&root::seedbed()?, 400, None)
}

/// The cycles run as the command of a run with one worker.
fn soak(program: &Path, cycles: u64, version: Option<u16>) -> Result<bool> {
    let theatre = Theatre::open(program, false)?;
    let server = version::provide(&theatre.stage, version)?;
    let mut words = vec!["run", "--workers", "1"];
    words.extend(server.iter().map(String::as_str));
    words.push("--");
    let mut command = theatre.words(&words);
    command.arg(theatre.client()).args(["soak", "rewind", "inside", &cycles.to_string()]);
    let mut job = theatre.spawn_loud(command)?;
    let status = job.end_whenever()?;
    if !status.success() {
        println!("FAIL rewind: {}", theatre.said());
    }
    Ok(status.success())
}

/// What must not grow.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    memory: u64,
    journal: u64,
    database: u64,
    files: u64,
}

async fn inside(cycles: u64) -> Result<bool> {
    let place = Place::around()?;
    let mut client = place.connect().await?;
    let service = processes::of(std::process::id().cast_signed()).context("we are alive")?.parent;
    let clean = {
        let lease = client.acquire(&Acquire::default()).await?;
        let session = connect(&lease).await?;
        let clean = digest::of(&session).await?;
        client.release(&lease.lease).await?;
        clean
    };
    let warm_up = cycles / WARM_UP_PART;
    let (mut before, mut after) = (Size::default(), Size::default());
    let (mut resets, mut trips) = (Vec::new(), Vec::new());
    let (mut first_id, mut last_id) = (0, 0);
    let began = Instant::now();
    for cycle in 0..cycles {
        let lease = client.acquire(&Acquire::default()).await?;
        let session = connect(&lease).await?;
        if cycle == warm_up || cycle + 1 == cycles {
            if digest::of(&session).await? != clean {
                bail!("cycle {cycle}: the hand-out is not the template");
            }
            after = size(&session, service).await?;
            last_id = id(&session).await?;
            if cycle == warm_up {
                (before, first_id) = (after, last_id);
            }
        }
        let (reset, trip) = once(&mut client, &lease, &session, cycle).await?;
        if cycle >= warm_up {
            resets.push(reset);
            trips.push(trip);
        }
        session.close().await;
        client.release(&lease.lease).await?;
    }
    report(
        &before,
        &after,
        &resets,
        &trips,
        (last_id - first_id) / (cycles - warm_up).max(1),
        began,
    )
}

/// What a test with its file's shared data does; the times of a reset and of a
/// round trip to the server.
async fn once(
    client: &mut Client,
    lease: &Lease,
    session: &Session,
    cycle: u64,
) -> Result<(Duration, Duration)> {
    session.batch("INSERT INTO t2 (name) VALUES ('shared')").await?;
    let mark = client.mark(&lease.lease, &MarkRequest::default()).await?.mark;
    let table = cycle % 30 + 1;
    session
        .batch(&format!(
            "INSERT INTO t1 (name) SELECT 'n{cycle} ' || n FROM generate_series(1, 5) n; \
             UPDATE t1 SET amount = 1; UPDATE t{table} SET amount = 2; \
             DELETE FROM t2; CREATE TEMP TABLE scratch (n int); \
             BEGIN; INSERT INTO t3 (name) VALUES ('never'); ROLLBACK"
        ))
        .await?;
    let began = Instant::now();
    session.batch("SELECT 1").await?;
    let trip = began.elapsed();
    let began = Instant::now();
    let rewind = Rewind { mark: Some(mark), ..Rewind::default() };
    let rewound = client.rewind(&lease.lease, &rewind).await?;
    let reset = began.elapsed();
    if rewound.replaced {
        bail!("cycle {cycle}: {rewound:?}");
    }
    Ok((reset, trip))
}

async fn connect(lease: &Lease) -> Result<Session> {
    Ok(Session::connect(&Target::parse(&lease.url)?, "soak", BOUND).await?)
}

async fn number(session: &Session, query: &str) -> Result<u64> {
    Ok(session.value(query).await?.context("no number")?.parse()?)
}

async fn id(session: &Session) -> Result<u64> {
    number(session, "SELECT pg_snapshot_xmax(pg_current_snapshot())").await
}

async fn size(session: &Session, service: i32) -> Result<Size> {
    let folder = session.value("SHOW data_directory").await?.context("no folder")?;
    // The log grows until `max_wal_size`, whoever writes.
    let entries = WalkDir::new(folder).into_iter().filter_entry(|one| one.file_name() != "pg_wal");
    // The first VACUUM of a table maps its free and its visible pages.
    let is_map = |one: &DirEntry| {
        one.file_name().to_str().is_some_and(|name| name.ends_with("_fsm") || name.ends_with("_vm"))
    };
    let count = entries.flatten().filter(|one| !is_map(one)).count();
    Ok(Size {
        memory: processes::status_bytes(service.cast_unsigned(), "VmRSS").unwrap_or(0),
        journal: number(session, "SELECT pg_total_relation_size('seedbed_journal.entry')").await?,
        database: number(session, "SELECT pg_database_size(current_database())").await?,
        files: count as u64,
    })
}

fn median(times: &[Duration]) -> u64 {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).map_or(1, |time| time.as_micros() as u64).max(1)
}

fn report(
    before: &Size,
    after: &Size,
    resets: &[Duration],
    trips: &[Duration],
    ids: u64,
    began: Instant,
) -> Result<bool> {
    let sample = (resets.len() / 3).min(SAMPLE as usize);
    let ends =
        |times: &[Duration]| (median(&times[..sample]), median(&times[times.len() - sample..]));
    let ((reset_first, reset_last), (trip_first, trip_last)) = (ends(resets), ends(trips));
    let alone = reset_last * 100 / reset_first;
    let ratio = alone.min(alone * trip_first / trip_last);
    let allowed = if sample as u64 == SAMPLE { RATIO } else { RATIO_OF_FEW };
    let mut faults = String::new();
    let mut judge = |what: &str, from: u64, to: u64, slack: u64| {
        if to > from + slack {
            let _ = write!(faults, "{what} grows from {from} to {to}; ");
        }
    };
    judge("memory of the service", before.memory, after.memory, MEMORY_SLACK);
    judge("the journal", before.journal, after.journal, JOURNAL_SLACK);
    judge("the database", before.database, after.database, before.database / DATABASE_SLACK);
    judge("the number of files", before.files, after.files, FILES_SLACK);
    judge("the time of a reset, in hundredths,", 100, ratio, allowed - 100);
    judge("the use of transaction ids", 0, ids, IDS);
    println!(
        "rewind: {} cycles in {} s; service {} → {} kB, journal {} → {} kB, database {} → {} kB, \
         files {} → {}; reset, median of {sample}: {reset_first} → {reset_last} µs (round trip \
         {trip_first} → {trip_last} µs, ratio {}.{:02}); {ids} transaction ids a cycle",
        resets.len(),
        began.elapsed().as_secs(),
        before.memory >> 10,
        after.memory >> 10,
        before.journal >> 10,
        after.journal >> 10,
        before.database >> 10,
        after.database >> 10,
        before.files,
        after.files,
        ratio / 100,
        ratio % 100,
    );
    if faults.is_empty() {
        return Ok(true);
    }
    bail!("{faults}")
}
