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
    /// Calls of a turn, and whether one before them is not counted.
    calls: u32,
    warm_up: bool,
    turn: Box<dyn FnMut() -> Result<Duration> + 'a>,
    /// What its turns took.
    pub(crate) samples: Vec<Duration>,
    /// Whether the others go on without it when it fails.
    guest: bool,
    /// Why it failed, if it did; it has no more turns then.
    pub(crate) fault: Option<String>,
}

impl<'a> Contestant<'a> {
    /// One that has its turn every so many rounds.
    pub(crate) fn new(
        name: impl Into<String>,
        every: u64,
        turn: impl FnMut() -> Result<Duration> + 'a,
    ) -> Self {
        let (name, turn) = (name.into(), Box::new(turn));
        let (samples, fault) = (Vec::new(), None);
        Self { name, every, calls: 1, warm_up: false, turn, samples, guest: false, fault }
    }

    /// The same in bursts: a turn is one call that is not counted, and so many
    /// that are, as one test follows another in a suite. So nobody pays for
    /// caches that others have emptied between two turns.
    pub(crate) fn in_bursts(self, calls: u32) -> Self {
        Self { calls, warm_up: true, ..self }
    }

    fn take_turn(&mut self) -> Result<()> {
        if self.warm_up {
            (self.turn)()?;
        }
        for _ in 0..self.calls {
            self.samples.push((self.turn)()?);
        }
        Ok(())
    }

    /// The same as a guest: when it fails, the others go on without it.
    pub(crate) fn guest(self) -> Self {
        Self { guest: true, ..self }
    }
}

/// Gives everybody their turns. Each round begins with another one, so that
/// nobody always follows the same neighbour.
pub(crate) fn take_turns(contestants: &mut [Contestant<'_>], rounds: u64) -> Result<()> {
    let count = contestants.len();
    for round in 0..rounds {
        for place in 0..count {
            let contestant = &mut contestants[(place + round as usize) % count];
            if round % contestant.every != 0 || contestant.fault.is_some() {
                continue;
            }
            match contestant.take_turn() {
                Ok(()) => {}
                Err(error) if contestant.guest => contestant.fault = Some(format!("{error:#}")),
                Err(error) => return Err(error.context(contestant.name.clone())),
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
    fn the_first_call_of_a_burst_is_not_counted() {
        let mut calls = 0;
        let one = || {
            calls += 1;
            Ok(Duration::from_millis(calls))
        };
        let mut contestants = [Contestant::new("a", 1, one).in_bursts(2)];
        take_turns(&mut contestants, 2).unwrap();
        let counted: Vec<_> = contestants[0].samples.iter().map(Duration::as_millis).collect();
        assert_eq!(counted, [2, 3, 5, 6]);
    }

    #[test]
    fn the_others_go_on_without_a_guest_that_fails() {
        let one = || Ok(Duration::from_millis(1));
        let mut contestants =
            [Contestant::new("a", 1, one), Contestant::new("b", 1, || bail!("broken")).guest()];
        take_turns(&mut contestants, 3).unwrap();
        assert_eq!(contestants.each_ref().map(|one| one.samples.len()), [3, 0]);
        assert_eq!(contestants[1].fault.as_deref(), Some("broken"));
        let mut contestants = [Contestant::new("c", 1, || bail!("broken"))];
        assert!(take_turns(&mut contestants, 1).is_err());
    }

    #[test]
    fn a_command_that_fails_has_no_time() {
        assert!(time(&mut Command::new("false")).is_err());
        assert!(time(&mut Command::new("true")).is_ok());
    }
}
