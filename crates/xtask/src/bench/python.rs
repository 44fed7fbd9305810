//! `cargo xtask bench python`: what a test pays for its database in Python,
//! with the real plugin in a real pytest.
//!
//! One process of pytest runs a file of tests that each insert the same unique
//! row; another does the same in another way; all take turns, on the same
//! servers, on schemas of 30 and 400 tables. Times are taken inside: set-up,
//! call and tear-down as pytest takes them, and the whole run divided by its
//! tests, without the first and the last, which pay for what is done once. So
//! no start of an interpreter, no template and no created schema is counted,
//! which favours the peers; so does that they insert by plain SQL or a model,
//! and on the server of Seedbed, which waits for no disk.
//!
//! Suites of containers empty their tables on a server that stays, which is
//! what is measured here; the container itself adds its network.

mod arms;
mod ground;
mod ledger;
mod targets;

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use seedbed_api::lease::Lane;
use seedbed_httpd::Address;
use seedbed_server::Account;
use tokio::runtime::Runtime;

use super::contestant::{Contestant, take_turns};
use super::desk::{Desk, Plain};
use super::isolation::shape::{FEW, Shape};
use super::machine;
use super::options::Options;
use super::report::Report;
use super::service::Service;
use crate::root;
use crate::stage::Stage;
use arms::{ALONE, ARMS, Arm, IMPORTS, Kind, NOTHING};
use ground::{Ground, Run};
use ledger::Ledger;

/// Turns, unless asked otherwise, and how often peers have theirs.
const ROUNDS: u64 = 9;
const PEERS_EVERY: u64 = 3;
/// Tables of both schemas, and the wide one of a smoke run.
const TABLES: [usize; 2] = [30, 400];
const FEWER_TABLES: usize = 60;
/// One for the run that is measured, and one for the run before, whose
/// database goes back while the next one begins.
const SLOTS: usize = 2;

/// Tests of one run.
struct Counts {
    ours: usize,
    peers: usize,
    nothing: usize,
    alone: usize,
    imports: usize,
}

const FULL: Counts = Counts { ours: 150, peers: 15, nothing: 500, alone: 200, imports: 3 };
const SHORT: Counts = Counts { ours: 5, peers: 2, nothing: 5, alone: 5, imports: 1 };

/// A schema, its service, and the variables that lead there.
struct Arena {
    shape: Shape,
    service: Service,
}

/// Measures all and compares.
pub(crate) fn measure(options: &Options) -> Result<Report> {
    let program = match (&options.program, options.short) {
        (Some(program), _) => program.clone(),
        (None, true) => root::seedbed()?,
        (None, false) => root::seedbed_release()?,
    };
    let stage = Stage::open("bench-python", &program)?;
    let Some(ground) = Ground::open(&stage)? else {
        bail!("there is no python3 with venv");
    };
    let account = Account::choose(None)?;
    let binaries = machine::binaries(&stage.cache(), account.as_ref())?;
    let runtime = Rc::new(super::runtime()?);
    let [small, wide] = if options.short { [TABLES[0], FEWER_TABLES] } else { TABLES };
    let arenas = [Arena::open(&stage, small)?, Arena::open(&stage, wide)?];

    let counts = if options.short { SHORT } else { FULL };
    let court = Court { stage: &stage, ground: &ground, ledger: Ledger::default() };
    let mut contestants = Vec::new();
    for arena in &arenas {
        for arm in ARMS.iter().filter(|arm| options.peers || arm.kind == Kind::Ours) {
            contestants.push(court.arm(arm, arena, &counts, &runtime)?);
        }
    }
    let first = arenas[0].lease();
    for (name, file, words) in NOTHING {
        let run = Run { file, words, tests: counts.nothing, variables: first.clone() };
        contestants.push(court.contestant(name, 1, run, &tests_of(name)));
    }
    let script = |file, tests, variables| Run { file, words: &[], tests, variables };
    let named = |(word, name): &(&'static str, &str)| (*word, (*name).to_owned());
    let alone = script("make_alone.py", counts.alone, first);
    contestants.push(court.contestant("make alone", 1, alone, &ALONE.each_ref().map(named)));
    let import = script("import_time.py", counts.imports, Vec::new());
    contestants.push(court.contestant("imports", 1, import, &IMPORTS.each_ref().map(named)));

    let rounds = if options.short { 1 } else { ROUNDS };
    take_turns(&mut contestants, options.rounds.unwrap_or(rounds))?;
    let mut report = Report { name: "python", ..Report::default() };
    report.measures = court.ledger.measures();
    let failed = contestants.iter().filter_map(|one| Some((one.name.clone(), one.fault.clone()?)));
    report.absent.extend(failed);
    drop(contestants);

    let [small, wide] = &arenas;
    targets::compare(&mut report, &small.shape, &wide.shape);
    let data = Desk::open(&runtime, &small.service.admin)?.value("SHOW data_directory")?;
    report.facts = machine::facts(&binaries, &stage.cache(), data.as_ref())?;
    Ok(report)
}

/// A smoke run for the tests of the house: everything of ours was measured.
pub(crate) fn smoke() -> Result<bool> {
    if crate::python::environment::interpreter().is_none() {
        println!("skip bench python --short (there is no python3 with venv)");
        return Ok(true);
    }
    let options = Options::read(&["--short", "--no-peers"])?;
    let report = measure(&options)?;
    ensure!(report.absent.is_empty(), "not measured: {:?}", report.absent);
    ensure!(report.targets() == targets::COUNT, "{} targets", report.targets());
    Ok(true)
}

/// The figures of a suite called so.
fn tests_of(name: &str) -> [(&'static str, String); 2] {
    [("test", name.to_owned()), ("whole", arms::whole(name))]
}

/// Where runs take their turns.
struct Court<'a> {
    stage: &'a Stage,
    ground: &'a Ground,
    ledger: Ledger,
}

impl<'a> Court<'a> {
    /// A suite on a schema. A peer that fails does not spoil the rest.
    fn arm(
        &self,
        arm: &Arm,
        arena: &Arena,
        counts: &Counts,
        runtime: &Rc<Runtime>,
    ) -> Result<Contestant<'a>> {
        let (variables, tests, every) = match arm.kind {
            Kind::Ours => (arena.lease(), counts.ours, 1),
            _ => (self.database(arm, arena, runtime)?, counts.peers, PEERS_EVERY),
        };
        let run = Run { file: arm.file, words: arm.words, tests, variables };
        let name = arms::test(arm.name, &arena.shape);
        let contestant = self.contestant(&name, every, run, &tests_of(&name));
        Ok(if arm.kind == Kind::Ours { contestant } else { contestant.guest() })
    }

    /// A database for a peer, over TCP as they all do by themselves, and files
    /// that fill others.
    fn database(
        &self,
        arm: &Arm,
        arena: &Arena,
        runtime: &Rc<Runtime>,
    ) -> Result<Vec<(String, String)>> {
        let name = arm.file.trim_start_matches("test_").trim_end_matches(".py");
        let (schema, rows) = (arena.shape.schema(), arena.shape.rows());
        Plain::on(runtime, &arena.service.admin)?.create(name, &[&schema, &rows])?;
        let file = self.stage.dir().join(format!("{}.sql", arena.shape.word()));
        std::fs::write(&file, schema + &rows)?;
        let mut variables = arena.service.admin_tcp.with_database(name).environment();
        let mut add = |name: &str, value: String| variables.push((name.to_owned(), value));
        add("BENCH_SCHEMA", file.display().to_string());
        add("BENCH_TABLES", arena.shape.tables.to_string());
        add("DJANGO_SETTINGS_MODULE", "settings".to_owned());
        Ok(variables)
    }

    /// A run whose turn enters what it told, each word under its name.
    fn contestant(
        &self,
        name: &str,
        every: u64,
        run: Run,
        figures: &[(&'static str, String)],
    ) -> Contestant<'a> {
        let (stage, ground, ledger) = (self.stage, self.ground, self.ledger.clone());
        for (_, figure) in figures {
            ledger.enter(figure);
        }
        let figures = figures.to_vec();
        let turn = move || {
            let told = ground.told(stage, &run)?;
            for (word, figure) in &figures {
                let samples = told.iter().find(|(told, _)| told == word);
                let (_, samples) = samples.with_context(|| format!("{word} was not told"))?;
                ledger.add(figure, samples);
            }
            // What counts is in the ledger.
            Ok(Duration::ZERO)
        };
        Contestant::new(name, every, turn)
    }
}

impl Arena {
    fn open(stage: &Stage, tables: usize) -> Result<Self> {
        let shape = Shape::new(tables, FEW);
        let project = shape.project(&stage.dir().join("projects"))?;
        let service = Service::start(stage, &project, SLOTS, Lane::Rewind)?;
        Ok(Self { shape, service })
    }

    /// What leads a run of ours to its lease.
    fn lease(&self) -> Vec<(String, String)> {
        let (word, place) = match &self.service.address {
            Address::Unix(path) => ("SEEDBED_API_SOCKET", path.display().to_string()),
            Address::Tcp(host, port) => ("SEEDBED_API", format!("http://{host}:{port}")),
        };
        [
            (word, place),
            ("SEEDBED_TOKEN", self.service.token.expose().to_owned()),
            ("SEEDBED_SLOTS", SLOTS.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
