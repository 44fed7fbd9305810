//! `cargo xtask soak suite`: the generated tests over the shop's schema, round
//! after round in another order. Each round is one `seedbed run --workers 4`;
//! in it every test is a process of its own, four at a time, as under
//! cargo-nextest, which cannot shuffle. Every round must give the same result.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use crate::dice::Dice;
use crate::root;
use crate::stage::Stage;

/// The tests, a package with its own workspace.
const FOLDER: &str = "examples/shop/variants";
/// Databases, and tests at a time.
const WORKERS: usize = 4;
/// Rounds unless asked otherwise.
const ROUNDS: u64 = 10;
/// The short form takes each test whose number is divisible by this.
const SHORT_SHARE: usize = 5;

/// `cargo xtask soak suite [--rounds N] [--seed S] [--program FILE]`.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    if let ["round", tests, seed, share] = words {
        return play(Path::new(tests), seed.parse()?, share.parse()?);
    }
    let (mut rounds, mut program) = (ROUNDS, None);
    let mut seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 1_000_000;
    for pair in words.chunks(2) {
        match pair {
            ["--rounds", value] => rounds = value.parse()?,
            ["--seed", value] => seed = value.parse()?,
            ["--program", file] => program = Some(std::path::absolute(file)?),
            other => bail!("soak suite does not know {}", other.join(" ")),
        }
    }
    let program = match program {
        Some(program) => program,
        None => root::seedbed_release()?,
    };
    let tests = build()?;
    let stage = Stage::open("suite", &program)?;
    let mut results = Vec::new();
    for round in 0..rounds {
        let mut child = command(&stage, &tests, seed + round, 1)?
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot run the program")?;
        let mut last = String::new();
        let output = child.stdout.take().context("the round has no output")?;
        for line in BufReader::new(output).lines() {
            last = line?;
            println!("{last}");
        }
        let good = child.wait()?.success();
        println!("round {} of {rounds}, seed {}: {good}", round + 1, seed + round);
        // "Summary [ 9.1s] 9 tests run: 9 passed, 0 failed" without the time.
        let counts = last.split_once("] ").map_or(last.as_str(), |(_, counts)| counts);
        results.push((good, counts.to_owned()));
    }
    let same = results.iter().all(|result| result.0 && Some(result) == results.first());
    println!("suite: {rounds} rounds, {}", if same { "all the same" } else { "not all good" });
    Ok(same && rounds > 0)
}

/// One round of a fifth of the tests, always in the same order, for every push.
pub(crate) fn short(stage: &Stage) -> Result<Command> {
    command(stage, &build()?, 1, SHORT_SHARE)
}

/// A round inside its `seedbed run`.
fn command(stage: &Stage, tests: &Path, seed: u64, share: usize) -> Result<Command> {
    let mut command = stage.seedbed(&root::find()?.join(FOLDER));
    command.args(["--quiet", "run", "--workers", &WORKERS.to_string(), "--"]);
    command.arg(std::env::current_exe()?).args(["soak", "suite", "round"]).arg(tests);
    command.args([seed.to_string(), share.to_string()]);
    Ok(command)
}

/// Builds the test program.
fn build() -> Result<PathBuf> {
    let root = root::find()?;
    let output = root::cargo()
        .current_dir(root.join(FOLDER))
        .env("CARGO_TARGET_DIR", root.join("target/xtask/runners/target"))
        .args(["test", "--no-run", "--quiet", "--locked", "--message-format=json"])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("cannot build the tests of {FOLDER}");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "it")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.with_context(|| format!("{FOLDER} has no test program named `it`"))
}

/// Runs every `share`th test in an order of the seed's, and prints a last line
/// such as cargo-nextest does.
fn play(tests: &Path, seed: u64, share: usize) -> Result<bool> {
    let began = Instant::now();
    let names = shuffled(listed(tests)?.into_iter().step_by(share).collect(), seed);
    let queue = Mutex::new(names.iter());
    let failed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for place in 0..WORKERS {
            let (queue, failed) = (&queue, &failed);
            scope.spawn(move || {
                // The lock is not held while a test runs.
                while let Some(name) = queue.lock().ok().and_then(|mut queue| queue.next()) {
                    if let Err(said) = try_one(tests, name, place) {
                        failed.fetch_add(1, Ordering::Relaxed);
                        println!("FAIL {name}\n{said}");
                    }
                }
            });
        }
    });
    let (all, failed) = (names.len() as u64, failed.into_inner());
    let (seconds, passed) = (began.elapsed().as_secs_f64(), all - failed);
    println!("Summary [{seconds:.1}s] {all} tests run: {passed} passed, {failed} failed");
    Ok(failed == 0 && all > 0)
}

/// One test in a process of its own; what it said if it failed.
fn try_one(tests: &Path, name: &str, place: usize) -> Result<(), String> {
    let output = Command::new(tests)
        .args(["--exact", name, "--nocapture"])
        .env("NEXTEST_TEST_GLOBAL_SLOT", place.to_string())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&said).into_owned())
}

/// The names of all tests.
fn listed(tests: &Path) -> Result<Vec<String>> {
    let output = Command::new(tests).args(["--list", "--format", "terse"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// Fisher and Yates.
fn shuffled(mut names: Vec<String>, seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    for end in (1..names.len()).rev() {
        names.swap(end, dice.below(end as u64 + 1) as usize);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_an_order_of_all_names() {
        let names: Vec<String> = (0..50).map(|number| format!("t{number}")).collect();
        let (one, other) = (shuffled(names.clone(), 1), shuffled(names.clone(), 2));
        assert_eq!(one, shuffled(names.clone(), 1));
        assert!(one != other && one != names);
        let mut sorted = one;
        sorted.sort_by_key(|name| name[1..].parse::<u32>().ok());
        assert_eq!(sorted, names);
    }

    #[test]
    fn a_test_that_fails_tells_why() {
        assert_eq!(try_one(Path::new("/bin/true"), "x", 0), Ok(()));
        assert!(try_one(Path::new("/bin/false"), "x", 0).is_err());
    }
}
