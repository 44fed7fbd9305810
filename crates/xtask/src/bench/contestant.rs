//! What is measured, in turns.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Something that can be done again and again and says how long it took.
pub(crate) struct Contestant<'a> {
    /// Its line in the report.
    pub(crate) name: String,
    /// It has one turn in so many rounds.
    every: u64,
    turn: Box<dyn FnMut() -> Result<Duration> + 'a>,
    /// What its turns took.
    pub(crate) samples: Vec<Duration>,
}

impl<'a> Contestant<'a> {
    /// One that has its turn every so many rounds.
    pub(crate) fn new(
        name: impl Into<String>,
        every: u64,
        turn: impl FnMut() -> Result<Duration> + 'a,
    ) -> Self {
        Self { name: name.into(), every, turn: Box::new(turn), samples: Vec::new() }
    }
}

/// Gives everybody their turns. Each round begins with another one, so that
/// nobody always follows the same neighbour.
pub(crate) fn take_turns(contestants: &mut [Contestant<'_>], rounds: u64) -> Result<()> {
    let count = contestants.len();
    for round in 0..rounds {
        for place in 0..count {
            let contestant = &mut contestants[(place + round as usize) % count];
            if round % contestant.every == 0 {
                let took = (contestant.turn)().with_context(|| contestant.name.clone())?;
                contestant.samples.push(took);
            }
        }
    }
    Ok(())
}

/// Runs a command to its good end; the time from outside.
pub(crate) fn time(command: &mut Command) -> Result<Duration> {
    let began = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    let took = began.elapsed();
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_taken_as_often_as_said() {
        let one = || Ok(Duration::from_millis(1));
        let mut contestants = [Contestant::new("a", 1, one), Contestant::new("b", 3, one)];
        take_turns(&mut contestants, 7).unwrap();
        assert_eq!(contestants.each_ref().map(|one| one.samples.len()), [7, 3]);
    }

    #[test]
    fn a_command_that_fails_has_no_time() {
        assert!(time(&mut Command::new("false")).is_err());
        assert!(time(&mut Command::new("true")).is_ok());
    }
}
