//! `cargo xtask bench start`: how long until a command has its database, and
//! until nothing of it is left.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use seedbed_server::binaries::Binaries;
use seedbed_server::{Account, Base};

use super::bare::Bare;
use super::contestant::{Contestant, take_turns, time};
use super::machine;
use super::memory::{self, Peaks};
use super::options::Options;
use super::peers::{self, Peer};
use super::report::{Measure, Report, Verdict};
use crate::stage::Stage;
use crate::{project, root};

/// Turns, unless asked otherwise: enough for a steady median on a quiet machine.
const ROUNDS: u64 = 20;
/// Migrations of the long history.
const HISTORY: usize = 300;
/// `run` with everything cached against the bare sequence.
const RUN_TARGET: f64 = 1.5;
/// An unchanged long history against thirty tables.
const HISTORY_TARGET: f64 = 1.3;
/// `run` with `up` running.
const ON_UP_TARGET_MS: f64 = 100.0;
/// Seedbed's own memory.
const MEMORY_TARGET_MB: f64 = 30.0;

const BARE: &str = "limit: bare copy, start, first query, stop";
const RUN: &str = "run, 30 tables cached";
const ON_UP: &str = "run, with up";
const FIRST: &str = "first run ever, 30 tables";
const COLD: &str = "300 migrations, cold";
const ADDED: &str = "300 migrations, one added";
const UNCHANGED: &str = "300 migrations, unchanged";
const REPLAY: &str = "300 migrations, bare server, psql for each";
const REPLAY_ONE: &str = "300 migrations, bare server, one psql";

/// What is measured needs.
struct Course {
    /// `run` and the long history.
    main: Stage,
    /// A service runs here.
    up: Stage,
    /// Everything but binaries is forgotten before each turn.
    first: Stage,
    /// Everything but binaries and initdb's cluster is forgotten.
    cold: Stage,
    binaries: Binaries,
    bare: Bare,
    small: PathBuf,
    history: PathBuf,
    base_key: String,
}

/// Measures all and compares.
pub(crate) fn measure(options: &Options) -> Result<Report> {
    if options.short {
        bail!("there is no short form: --rounds 1 --no-peers");
    }
    let program = match &options.program {
        Some(program) => program.clone(),
        None => root::seedbed_release()?,
    };
    let course = Course::prepare(&program)?;
    let mut report = Report { name: "start", ..Report::default() };
    report.facts = machine::facts(&course.binaries, &course.main.cache(), course.bare.place())?;

    let mut present = Vec::new();
    for (name, outcome) in peers::install(options.peers, &course.main, &course.binaries) {
        match outcome {
            Ok(peer) => present.push(peer),
            Err(reason) => report.absent.push((name.to_owned(), format!("{reason:#}"))),
        }
    }
    let mut contestants = course.contestants();
    contestants.extend(present.iter_mut().map(|peer| {
        let name = peer.name().to_owned();
        Contestant::new(name, 4, move || Peer::turn(peer)).guest()
    }));
    take_turns(&mut contestants, options.rounds.unwrap_or(ROUNDS))?;
    report.measures = contestants.iter().filter_map(Measure::of).collect();
    let failed = contestants.iter().filter_map(|one| Some((one.name.clone(), one.fault.clone()?)));
    report.absent.extend(failed);
    drop(contestants);
    compare(&mut report, &present, memory::peaks(course.main.seedbed(&course.small))?);
    Ok(report)
}

fn compare(report: &mut Report, peers: &[Peer], peaks: Peaks) {
    report.compare(RUN, BARE, Some(RUN_TARGET));
    report.compare(UNCHANGED, RUN, Some(HISTORY_TARGET));
    if let Some(value) = report.median_ms(ON_UP) {
        report.verdicts.push(Verdict::told(ON_UP, "ms", value).at_most(ON_UP_TARGET_MS));
    }
    for (name, bytes) in [("memory of run", peaks.run), ("memory of its reaper", peaks.reaper)] {
        let value = bytes as f64 / f64::from(1 << 20);
        report.verdicts.push(Verdict::told(name, "MB", value).at_most(MEMORY_TARGET_MB));
    }
    report.compare(REPLAY, COLD, None);
    report.compare(REPLAY_ONE, COLD, None);
    report.compare(REPLAY_ONE, ADDED, None);
    report.compare(REPLAY_ONE, UNCHANGED, None);
    for peer in peers {
        report.compare(peer.name(), RUN, None);
    }
}

impl Course {
    fn prepare(program: &Path) -> Result<Self> {
        let open = |name| Stage::open(name, program);
        let (main, up, first, cold) =
            (open("bench")?, open("bench-up")?, open("bench-first")?, open("bench-cold")?);
        let account = Account::choose(None)?;
        let binaries = machine::binaries(&main.cache(), account.as_ref())?;
        let bare = Bare::prepare(&main, &binaries, account.as_ref())?;
        let key = Base { binaries: &binaries, locale: None }.key();
        let course = Self {
            small: project::thirty_tables(&main.dir().join("small"))?,
            history: project::long_history(&main.dir().join("history"), HISTORY)?,
            base_key: key.iter().map(|byte| format!("{byte:02x}")).collect(),
            main,
            up,
            first,
            cold,
            binaries,
            bare,
        };
        for (stage, project) in [
            (&course.main, &course.small),
            (&course.main, &course.history),
            (&course.first, &course.small),
            (&course.cold, &course.history),
        ] {
            run(stage, project)?;
        }
        time(course.up.seedbed(&course.small).arg("up")).context("up")?;
        Ok(course)
    }

    fn contestants(&self) -> Vec<Contestant<'_>> {
        let mut contestants = vec![
            Contestant::new(BARE, 1, || self.bare.sequence()),
            Contestant::new(RUN, 1, || run(&self.main, &self.small)),
            Contestant::new(ON_UP, 1, || run(&self.up, &self.small)),
            Contestant::new(UNCHANGED, 1, || run(&self.main, &self.history)),
            Contestant::new(FIRST, 4, || {
                forget(&self.first, |name| name == "servers")?;
                run(&self.first, &self.small)
            }),
            Contestant::new(COLD, 4, || {
                self.forget_history()?;
                run(&self.cold, &self.history)
            }),
        ];
        let mut number = 0;
        contestants.push(Contestant::new(ADDED, 2, move || {
            number += 1;
            let note = format!("turn {number}");
            let file = project::add_migration(&self.history, HISTORY + 1, &note)?;
            let took = run(&self.main, &self.history);
            std::fs::remove_file(file)?;
            took
        }));
        if let Some(psql) = self.psql() {
            let files = self.files().unwrap_or_default();
            for (name, together) in [(REPLAY, false), (REPLAY_ONE, true)] {
                let (psql, files) = (psql.clone(), files.clone());
                let turn = move || self.bare.replay(&psql, &files, together);
                contestants.push(Contestant::new(name, 4, turn));
            }
        }
        contestants
    }

    /// Keeps only the cluster that initdb made.
    fn forget_history(&self) -> Result<()> {
        let images = self.cold.folders()?.images();
        for entry in std::fs::read_dir(&images)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() && name != self.base_key {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// psql of the same server, or any.
    fn psql(&self) -> Option<PathBuf> {
        self.binaries.tool("psql").or_else(|| {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path).map(|dir| dir.join("psql")).find(|file| file.is_file())
        })
    }

    /// The migrations, in order.
    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.history.join("migrations"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()?;
        files.sort();
        Ok(files)
    }
}

/// `seedbed run -- true`, from outside.
fn run(stage: &Stage, project: &Path) -> Result<Duration> {
    let mut command: Command = stage.seedbed(project);
    time(command.args(["run", "--", "true"]))
}

/// Empties a stage's cache but for what is spared.
fn forget(stage: &Stage, spare: impl Fn(&str) -> bool) -> Result<()> {
    for entry in std::fs::read_dir(stage.cache())? {
        let entry = entry?;
        if spare(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
