//! One command of the test run: its line when it is good, all it said when not.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::tally::Tally;

/// A named command.
pub(crate) struct Step {
    name: String,
    command: Command,
}

impl Step {
    /// `name` is what the line says.
    pub(crate) fn new(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), command }
    }

    /// Runs it; its output appears only if it fails.
    pub(crate) fn quietly(mut self) -> Result<Tally> {
        let began = Instant::now();
        let output = self.command.output().with_context(|| format!("cannot run {}", self.name))?;
        if !output.status.success() {
            print!("{}", String::from_utf8_lossy(&output.stdout));
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(verdict(&self.name, began, output.status.success()))
    }

    /// Runs it, shows its output as it comes and counts the tests in it. A
    /// command that fails without a failed test counts as one failure.
    pub(crate) fn counted(mut self) -> Result<Tally> {
        let began = Instant::now();
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.name))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let seen = std::thread::scope(|scope| {
            let second = scope.spawn(|| show(stderr));
            let mut seen = show(stdout);
            seen.push_str(&second.join().unwrap_or_default());
            seen
        });
        let status = child.wait()?;
        let mut tally = Tally::of_output(&seen);
        let good = status.success() && tally.is_good();
        if !good && tally.is_good() || tally == Tally::default() {
            tally.add(Tally::check(false));
        }
        verdict(&self.name, began, good);
        Ok(tally)
    }
}

/// Repeats the lines of a stream and returns them.
fn show(stream: Option<impl Read>) -> String {
    let mut seen = String::new();
    let Some(stream) = stream else { return seen };
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        seen.push_str(&line);
        seen.push('\n');
    }
    seen
}

/// A check inside this program.
pub(crate) fn say(name: &str, check: impl FnOnce() -> Result<bool>) -> Tally {
    let began = Instant::now();
    let good = check().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        false
    });
    verdict(name, began, good)
}

fn verdict(name: &str, began: Instant, good: bool) -> Tally {
    let word = if good { "ok  " } else { "FAIL" };
    println!("{word} {name} ({:.1} s)", began.elapsed().as_secs_f64());
    Tally::check(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Step {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Step::new("a step", command)
    }

    #[test]
    fn a_check_counts_as_one() {
        assert_eq!(shell("true").quietly().unwrap(), Tally::check(true));
        assert_eq!(shell("echo why; exit 3").quietly().unwrap(), Tally::check(false));
        assert_eq!(say("a check", || anyhow::bail!("broken")), Tally::check(false));
    }

    #[test]
    fn tests_are_counted_on_both_streams() {
        let tally = shell(
            "echo 'test result: ok. 4 passed; 0 failed'; echo 'test result: ok. 3 passed; 0 failed' >&2",
        );
        assert_eq!(tally.counted().unwrap().to_string(), "7 passed, 0 failed");
    }

    #[test]
    fn a_run_that_fails_or_tests_nothing_is_never_green() {
        for (script, sum) in [
            ("exit 101", "0 passed, 1 failed"),
            ("true", "0 passed, 1 failed"),
            ("echo 'test result: ok. 4 passed; 0 failed'; exit 1", "4 passed, 1 failed"),
            ("echo 'test result: FAILED. 4 passed; 2 failed'; exit 101", "4 passed, 2 failed"),
        ] {
            assert_eq!(shell(script).counted().unwrap().to_string(), sum, "{script}");
        }
    }
}
