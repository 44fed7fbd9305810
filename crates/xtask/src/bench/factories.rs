//! `cargo xtask bench factories`: how long a factory call takes, from the
//! client's call to the rows in its hands.
//!
//! One row that is there, one that is not, and many at once, beside what plain
//! SQL needs for the same on the same connection; and beside peers. Calls are
//! compiled and run in this process, as a client in Rust does it, so this
//! program has to be an optimised one: it runs itself as that.

mod batch;
mod catalog;
mod guests;
mod maker;
mod schema;
mod single;
mod targets;

use std::process::Command;
use std::rc::Rc;

use anyhow::{Result, ensure};
use seedbed_api::lease::Lane;
use seedbed_server::Account;

use super::contestant::take_turns;
use super::desk::{Desk, Plain};
use super::isolation::shape::{FEW, Shape};
use super::machine;
use super::options::Options;
use super::peers::Ground;
use super::report::{Measure, Report};
use super::service::Service;
use crate::stage::Stage;
use crate::{project, root};
use maker::Maker;
use schema::{SCHEMA, Size};
use targets::Rival;

/// Turns, unless asked otherwise: six of the batches, three of the peers.
const ROUNDS: u64 = 30;
/// The same in a smoke run.
const FEW_ROUNDS: u64 = 1;
/// The batch.
const SIZE: Size = Size { users: 1_000, posts: 10, comments: 5 };
/// What peers make, who would need a minute for the batch.
const PART: Size = Size { users: 100, ..SIZE };
/// The same in a smoke run.
const SHORT: [Size; 2] =
    [Size { users: 20, posts: 2, comments: 2 }, Size { users: 10, posts: 2, comments: 2 }];
/// Tables of the large schema, and of a smoke run's.
const TABLES: usize = 400;
const FEWER_TABLES: usize = 30;

/// Measures all and compares.
pub(crate) fn measure(options: &Options) -> Result<Report> {
    let program = match (&options.program, options.short) {
        (Some(program), _) => program.clone(),
        (None, true) => root::seedbed()?,
        (None, false) => root::seedbed_release()?,
    };
    let stage = Stage::open("bench-factories", &program)?;
    let account = Account::choose(None)?;
    let binaries = machine::binaries(&stage.cache(), account.as_ref())?;
    let runtime = Rc::new(super::runtime()?);
    let files = [("0001_blog".to_owned(), SCHEMA.to_owned())];
    let project = project::write(&stage.dir().join("project"), &files)?;
    let service = Service::start(&stage, &project, 1, Lane::Clone)?;
    let ([size, part], tables) =
        if options.short { (SHORT, FEWER_TABLES) } else { ([SIZE, PART], TABLES) };

    let plain = Plain::on(&runtime, &service.admin)?;
    let maker = |name: &str| -> Result<Rc<Maker>> {
        Ok(Rc::new(Maker::on(&runtime, &plain.create(name, &[SCHEMA])?)?))
    };
    let mut contestants = single::contestants(&maker("single")?)?;
    for (size, word) in [(size, "batch"), (part, "part")] {
        let (emptied, filled) = (maker(word)?, maker(&format!("{word}_filled"))?);
        contestants.extend(batch::contestants(size, &emptied, &filled)?);
    }
    let wide = plain.create("wide", &[&Shape::new(tables, FEW).schema()])?;
    contestants.extend(catalog::contestants(&runtime, &wide, tables)?);

    let mut report = Report { name: "factories", ..Report::default() };
    let mut rivals = Vec::new();
    if options.peers {
        let folder = stage.dir().join("peers");
        let ground = Ground { folder, binaries: &binaries, account: account.as_ref() };
        for (name, outcome) in guests::install(&ground, &runtime, &service.admin, part) {
            match outcome {
                Ok(guest) => {
                    let name = guest.name().to_owned();
                    rivals.push(Rival { name, is_first: guest.is_first });
                    contestants.push(guest.contestant());
                }
                Err(reason) => report.absent.push((name.to_owned(), format!("{reason:#}"))),
            }
        }
    }
    let rounds = if options.short { FEW_ROUNDS } else { ROUNDS };
    take_turns(&mut contestants, options.rounds.unwrap_or(rounds))?;
    report.measures = contestants.iter().filter_map(Measure::of).collect();
    let failed = contestants.iter().filter_map(|one| Some((one.name.clone(), one.fault.clone()?)));
    report.absent.extend(failed);
    drop(contestants);

    targets::compare(&mut report, size, part, tables, &rivals);
    let data = Desk::open(&runtime, &service.admin)?.value("SHOW data_directory")?;
    report.facts = machine::facts(&binaries, &stage.cache(), data.as_ref())?;
    Ok(report)
}

/// A smoke run for the tests of the house: everything of ours was measured.
pub(crate) fn smoke() -> Result<bool> {
    let options = Options::read(&["--short", "--no-peers"])?;
    let report = measure(&options)?;
    ensure!(report.absent.is_empty(), "not measured: {:?}", report.absent);
    ensure!(report.targets() == targets::COUNT, "{} targets", report.targets());
    Ok(true)
}

/// The same command by an optimised build of this program, where this one is
/// not, and whether that went well. Of a smoke run no figure is looked at.
pub(crate) fn optimised(words: &[&str]) -> Result<Option<bool>> {
    if !cfg!(debug_assertions) || words.contains(&"--short") {
        return Ok(None);
    }
    let mut command: Command = root::cargo();
    command.args(["run", "--quiet", "--release", "--package", "xtask", "--", "bench"]);
    let status = command.arg("factories").args(words).status()?;
    Ok(Some(status.success()))
}
