//! `cargo xtask bench isolation`: how long a test waits until its database is
//! as if nothing had happened.
//!
//! Schemas of 30 and 400 tables, databases of about 10 MB and of 1 GB, after
//! none to 3,000 touched rows: the lanes of a real service, the limits that
//! plain SQL sets, and peers. All servers run at once and all contestants take
//! turns, so that whatever else the machine does hits them alike.

mod clones;
mod guests;
mod handout;
mod plain;
pub(crate) mod shape;
mod slot;
mod targets;
mod throughput;
mod touch;
mod writes;

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use seedbed_api::lease::{Lane, LaneChoice};
use seedbed_server::Account;
use tokio::runtime::Runtime;

use super::contestant::{Contestant, take_turns};
use super::desk::{Desk, Plain};
use super::machine;
use super::options::Options;
use super::report::{Measure, Report};
use super::service::Service;
use crate::root;
use crate::stage::Stage;
use guests::Host;
use shape::Shape;
use slot::{Shared, Slot};
use touch::{TOUCHES, Touch};

/// Turns, unless asked otherwise; with the calls of a burst enough for a p99.
const ROUNDS: u64 = 50;
/// Calls of a turn of what takes about a millisecond, and of what takes long.
const BURST: u32 = 5;
const SMALL_BURST: u32 = 1;
/// The same in a smoke run.
const FEW_ROUNDS: u64 = 3;
/// Tables of the small and of the wide schema.
const TABLES: [usize; 2] = [30, 400];
/// The wide one of a smoke run.
const FEWER_TABLES: usize = 60;
/// Slots of a service that measures latencies: for rewinds and for clones.
const SLOTS: usize = 2;
/// How often and how long the clients of the throughput run.
const PASSES: (u32, Duration) = (3, Duration::from_secs(4));
/// The same in a smoke run.
const SHORT_PASSES: (u32, Duration) = (1, Duration::from_millis(500));

/// A schema and the services that run on it.
struct Arena {
    shape: Shape,
    rewind: Service,
    /// None on a large database: this lane's cost does not depend on it, and
    /// its template holds the reference data twice.
    truncate: Option<Service>,
}

/// Measures all and compares.
pub(crate) fn measure(options: &Options) -> Result<Report> {
    let program = match (&options.program, options.short) {
        (Some(program), _) => program.clone(),
        (None, true) => root::seedbed()?,
        (None, false) => root::seedbed_release()?,
    };
    let stage = Stage::open("bench-isolation", &program)?;
    let account = Account::choose(None)?;
    let binaries = machine::binaries(&stage.cache(), account.as_ref())?;
    let runtime = Rc::new(super::runtime()?);
    let arenas = shapes(options.short)
        .into_iter()
        .map(|shape| Arena::open(&stage, shape))
        .collect::<Result<Vec<_>>>()?;

    let mut report = Report { name: "isolation", ..Report::default() };
    let mut contestants = Vec::new();
    let mut sizes = Vec::new();
    for arena in &arenas {
        let (ours, size) = arena.contestants(&runtime)?;
        contestants.extend(ours);
        sizes.push(size);
    }
    let first = &arenas[0];
    contestants.push(handout::contestant(&runtime, &first.rewind, SLOTS + 1)?);
    let slot = Slot::lease(&runtime, &first.rewind, SLOTS + 2, LaneChoice::Rewind)?.shared();
    let desk = Desk::open(&runtime, &first.rewind.admin.with_database(&first.plain()))?;
    contestants.extend(writes::contestants(&runtime, &slot, &desk)?);

    let hosts: Vec<Host<'_>> = arenas
        .iter()
        .filter(|arena| options.peers && !arena.shape.is_large())
        .map(|arena| Host { shape: &arena.shape, admin: &arena.rewind.admin_tcp })
        .collect();
    let ground = guests::ground(&stage, &binaries, account.as_ref());
    let mut peers = Vec::new();
    for (name, outcome) in guests::install(&ground, &runtime, &hosts) {
        match outcome {
            Ok(guest) => {
                peers.push(name);
                contestants.push(guest.contestant());
            }
            Err(reason) => report.absent.push((name, format!("{reason:#}"))),
        }
    }

    let rounds = if options.short { FEW_ROUNDS } else { ROUNDS };
    take_turns(&mut contestants, options.rounds.unwrap_or(rounds))?;
    report.measures = contestants.iter().filter_map(Measure::of).collect();
    let failed = contestants.iter().filter_map(|one| Some((one.name.clone(), one.fault.clone()?)));
    report.absent.extend(failed);
    // Leases end with their clients.
    drop((contestants, slot));

    let (passes, time) = if options.short { SHORT_PASSES } else { PASSES };
    let (mut paces, mut tests) = (Vec::new(), Vec::new());
    for _ in 0..passes {
        let pace = throughput::measure(&first.rewind, time)?;
        paces.push(pace.per_second);
        tests.extend(pace.tests);
    }
    paces.sort_by(f64::total_cmp);
    report.measures.extend(Measure::new(
        format!("a test of four clients at once: mark, 1–5 rows, rewind, {}", first.shape.name),
        tests,
    ));
    let shapes: Vec<&Shape> = arenas.iter().map(|arena| &arena.shape).collect();
    targets::compare(&mut report, &shapes, &peers, paces[paces.len() / 2]);
    report.facts = machine::facts(&binaries, &stage.cache(), &first.data(&runtime)?)?;
    report.facts.push(("databases", sizes.join("; ")));
    Ok(report)
}

/// A smoke run for the tests of the house: everything of ours was measured.
pub(crate) fn smoke() -> Result<bool> {
    let options = Options::read(&["--short", "--no-peers"])?;
    let report = measure(&options)?;
    ensure!(report.absent.is_empty(), "not measured: {:?}", report.absent);
    ensure!(targets::COUNT <= report.targets(), "only {} targets", report.targets());
    Ok(true)
}

fn shapes(short: bool) -> Vec<Shape> {
    let [small, wide] = TABLES;
    if short {
        return vec![Shape::new(small, shape::FEW), Shape::new(FEWER_TABLES, shape::FEW)];
    }
    vec![
        Shape::new(small, shape::FEW),
        Shape::new(wide, shape::FEW),
        Shape::new(small, shape::MANY),
    ]
}

/// Name of a rewind in the report.
fn rewind(shape: &Shape, touch: &Touch) -> String {
    format!("rewind, {}, {}", shape.name, touch.name)
}

/// Name of a reset on the truncate lane.
fn truncate(shape: &Shape, touch: &Touch) -> String {
    format!("truncate lane, {}, {}", shape.name, touch.name)
}

impl Arena {
    fn open(stage: &Stage, shape: Shape) -> Result<Self> {
        let project = shape.project(&stage.dir().join("projects"))?;
        // The first of them also has slots for hand-out, writes and throughput.
        let slots = throughput::CLIENTS.max(SLOTS);
        let slots = if shape.is_large() { SLOTS } else { slots };
        let rewind = Service::start(stage, &project, slots, Lane::Rewind)?;
        let truncate = match shape.is_large() {
            true => None,
            false => Some(Service::start(stage, &project, 1, Lane::Truncate)?),
        };
        Ok(Self { shape, rewind, truncate })
    }

    /// Name of a database of this shape without Seedbed.
    fn plain(&self) -> String {
        format!("plain_{}", self.shape.word())
    }

    /// Where the server keeps its files.
    fn data(&self, runtime: &Rc<Runtime>) -> Result<std::path::PathBuf> {
        Ok(Desk::open(runtime, &self.rewind.admin)?.value("SHOW data_directory")?.into())
    }

    /// All that are of this shape, and a fact about its size.
    fn contestants(&self, runtime: &Rc<Runtime>) -> Result<(Vec<Contestant<'static>>, String)> {
        let shape = &self.shape;
        let admin = Desk::open(runtime, &self.rewind.admin)?;
        let plain = Plain::on(runtime, &self.rewind.admin)?;
        let mut contestants = Vec::new();

        let lease = |service, number, lane| Slot::lease(runtime, service, number, lane);
        let rewinding = lease(&self.rewind, 1, LaneChoice::Rewind)?.shared();
        let cloning = lease(&self.rewind, 2, LaneChoice::Clone)?.shared();
        contestants.extend(lane(&rewinding, 1, |touch| rewind(shape, touch))?);
        if let Some(service) = &self.truncate {
            let truncating = lease(service, 1, LaneChoice::Truncate)?.shared();
            contestants.extend(lane(&truncating, 5, |touch| truncate(shape, touch))?);
        }
        contestants.extend(clones::by_service(shape, &cloning, &admin)?);

        let schema = shape.schema();
        let target = plain.create(&self.plain(), &[&schema, &shape.rows()])?;
        let desk = Desk::open(runtime, &target)?;
        let place = machine::file_system(&self.data(runtime)?);
        let size = format!("{}: {} MB on {place}", shape.name, desk.megabytes()?);
        contestants.extend(plain::rollbacks(shape, &desk)?);
        if !shape.is_large() {
            let empty = plain.create(&format!("empty_{}", shape.word()), &[&schema])?;
            let desk = Desk::open(runtime, &empty)?;
            contestants.extend(plain::emptyings(shape, &desk)?);
            let template = format!("template_{}", shape.word());
            plain.create(&template, &[&schema, &shape.rows()])?;
            contestants.extend(clones::by_sql(shape, &plain, &admin, &template)?);
        }
        Ok((contestants, size))
    }
}

/// One contestant for each program of writes, on one slot.
fn lane(
    slot: &Shared,
    every: u64,
    name: impl Fn(&Touch) -> String,
) -> Result<Vec<Contestant<'static>>> {
    TOUCHES.iter().map(|touch| slot::contestant(slot, name(touch), every, touch)).collect()
}
