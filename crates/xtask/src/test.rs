//! `cargo xtask test`: every check of the house and every test, on a machine
//! that has Rust and either npm, pip or PostgreSQL. Checks go on after a
//! failure, so that one call tells all; each check counts as one test. The
//! last line is plain: `N passed, N failed`.

mod example;
mod needs;
mod step;
mod tally;

use std::time::Instant;

use anyhow::Result;

use crate::{bench, generate, python, root, snippets, soak, tidy};
pub(crate) use step::Step;
use step::say;
pub(crate) use tally::Tally;

/// How thorough a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// For every push: fewer property-test cases, the example once.
    Short,
    /// Before a release: all cases, and the example on fetched binaries too.
    Full,
}

/// Property-test cases of the short form; the full one takes proptest's default.
const SHORT_CASES: &str = "64";

/// Runs all and prints the sum.
pub(crate) fn run(length: Length) -> Result<bool> {
    let began = Instant::now();
    let mut tally = Tally::default();
    if !needs::check(&mut tally)? {
        return finish(&tally, began);
    }
    for step in gates()? {
        tally.add(step.quietly()?);
    }
    tally.add(say("tidy", tidy::run));
    tally.add(say("generate --check", generate::check));
    tally.add(say("snippets", snippets::run));
    tally.add(deny()?);
    tally.add(tests(length)?);
    tally.add(example::run(length)?);
    tally.add(python::run(length).unwrap_or_else(|error| {
        println!("FAIL python: {error:#}");
        Tally::check(false)
    }));
    tally.add(chaos());
    tally.add(say("bench --short", bench::smoke));
    finish(&tally, began)
}

/// Prints the sum as the last line.
fn finish(tally: &Tally, began: Instant) -> Result<bool> {
    println!("took {} s", began.elapsed().as_secs());
    println!("{tally}");
    Ok(tally.is_good())
}

/// Every participant killed a few times: what must hold after 200 kills must
/// hold after two. It reads /proc, so only where there is one.
fn chaos() -> Tally {
    if !cfg!(target_os = "linux") {
        println!("skip chaos (it needs /proc)");
        return Tally::default();
    }
    say("chaos", soak::short)
}

/// Formatting and lints, of the workspace and of every example in Rust.
fn gates() -> Result<Vec<Step>> {
    let root = root::find()?;
    let examples = example::WORKSPACES.map(|name| (root.join(name), format!(" ({name})")));
    let lint = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let mut steps = Vec::new();
    for (folder, suffix) in [(root, String::new())].into_iter().chain(examples) {
        for (name, words) in [("fmt", &["fmt", "--all", "--check"][..]), ("clippy", &lint)] {
            let mut command = root::cargo();
            command.current_dir(&folder).args(words);
            steps.push(Step::new(format!("{name}{suffix}"), command));
        }
    }
    Ok(steps)
}

/// Licences, bans and sources, where cargo-deny is installed. Advisories need
/// the network and change from day to day: they are no test of a commit.
fn deny() -> Result<Tally> {
    if !needs::has_subcommand("deny") {
        println!("skip deny (cargo-deny is not installed)");
        return Ok(Tally::default());
    }
    let mut command = root::cargo();
    command.current_dir(root::find()?).args(["deny", "check", "bans", "licenses", "sources"]);
    Step::new("deny", command).quietly()
}

/// The tests of all crates, by cargo-nextest where it is installed.
fn tests(length: Length) -> Result<Tally> {
    let mut command = root::cargo();
    command.current_dir(root::find()?);
    if needs::has_subcommand("nextest") {
        command.args(["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests=pass"]);
        command.args(["--status-level=slow", "--final-status-level=fail", "--show-progress=none"]);
    } else {
        command.args(["test", "--quiet", "--workspace", "--no-fail-fast"]);
    }
    if length == Length::Short {
        command.env("PROPTEST_CASES", SHORT_CASES);
        // The same cases on every push; the full form plays others each time.
        command.env("PROPTEST_RNG_SEED", "1");
    }
    Step::new("tests", command).counted()
}
