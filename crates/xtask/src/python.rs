//! `cargo xtask python`: the package for Python as its users have it. A wheel is
//! built from the sources as they are, installed into an environment that has
//! never seen it, and everything else runs on that: lints, types, its tests on
//! real servers, and the examples, each with several workers in random order.
//!
//! ```text
//! target/xtask/python/
//!   wheels/            what maturin built
//!   <name>/            virtual environments, kept until their lists change
//! ```

pub(crate) mod environment;
mod example;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::root;
use crate::stage::Stage;
use crate::test::{Length, Step, Tally};
use environment::Environment;

/// Where the package is.
const PACKAGE: &str = "clients/python";

/// Lists of packages: what tests need today, and the oldest that are promised.
const CURRENT: &str = "requirements/test.txt";
const OLDEST: &str = "requirements/oldest.txt";
/// The oldest interpreter that is promised.
const OLDEST_INTERPRETER: &str = "python3.9";

/// Runs all. Without Python there is nothing to run it on, which is said.
pub(crate) fn run(length: Length) -> Result<Tally> {
    let mut tally = Tally::default();
    let Some(python) = environment::interpreter() else {
        println!("skip python (there is no python3 with venv)");
        return Ok(tally);
    };
    let package = root::find()?.join(PACKAGE);
    let current = Environment::open("current", &python, &package.join(CURRENT))?;
    for step in lints(&current, &package) {
        tally.add(step.quietly()?);
    }
    let wheel = wheel(&current, &package)?;
    current.install(&wheel)?;
    let stage = Stage::open("python", &current.program("seedbed"))?;
    tally.add(tests(&current, &package, &stage)?.counted()?);
    for (name, mut command) in example::commands(&python, &wheel)? {
        stage.surround(&mut command);
        tally.add(Step::new(format!("example {name}"), command).counted()?);
    }
    if length == Length::Full {
        match environment::on_path(OLDEST_INTERPRETER) {
            Some(python) => {
                let oldest = Environment::open("oldest", &python, &package.join(OLDEST))?;
                oldest.install(&wheel)?;
                tally.add(tests(&oldest, &package, &stage)?.counted()?);
            }
            None => println!("skip python, oldest ({OLDEST_INTERPRETER} is not installed)"),
        }
    }
    Ok(tally)
}

/// Formatting, lints and types.
fn lints(current: &Environment, package: &Path) -> Vec<Step> {
    let calls: [(&str, &str, &[&str]); 3] = [
        ("ruff format", "ruff", &["format", "--check", "."]),
        ("ruff check", "ruff", &["check", "."]),
        ("mypy", "mypy", &["--strict", "src"]),
    ];
    let step = |(name, program, words): (&str, &str, &[&str])| {
        let mut command = Command::new(current.program(program));
        command.args(words).current_dir(package);
        Step::new(name, command)
    };
    calls.map(step).into()
}

/// The wheel, with the program in it. A development build: the same sources,
/// and already compiled.
fn wheel(current: &Environment, package: &Path) -> Result<PathBuf> {
    let wheels = root::scratch("python/wheels")?;
    let mut maturin = Command::new(current.program("maturin"));
    maturin.args(["build", "--quiet", "--profile", "dev", "--strip", "--out"]).arg(&wheels);
    let output = maturin.current_dir(package).output().context("cannot run maturin")?;
    ensure!(
        output.status.success(),
        "maturin builds no wheel: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut built = std::fs::read_dir(&wheels)?.flatten().map(|entry| entry.path());
    built
        .find(|file| file.extension().is_some_and(|extension| extension == "whl"))
        .context("maturin says it built a wheel, and there is none")
}

/// The tests of the package.
fn tests(environment: &Environment, package: &Path, stage: &Stage) -> Result<Step> {
    let mut command = Command::new(environment.program("python"));
    command.args(["-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "--durations=15"]);
    // Said here, not in the package: a run without pytest-asyncio would not know it.
    command.args(["-o", "asyncio_default_fixture_loop_scope=function", "tests"]);
    command.current_dir(package).env("PATH", environment.path()?);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    stage.surround(&mut command);
    Ok(Step::new(format!("tests of the package, {}", environment.name()), command))
}
