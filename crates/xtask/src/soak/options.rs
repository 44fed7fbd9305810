//! What a soak was asked for.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::participant::Participant;

/// Kills of each participant, and runs of each cycle, unless asked otherwise.
const ROUNDS: u64 = 200;

/// The kinds of soak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Participants are killed.
    Chaos,
    /// Nothing may grow.
    Cycles,
}

/// The arguments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Options {
    kind: Option<Kind>,
    /// Kills of each participant; runs of each cycle.
    pub(crate) rounds: u64,
    /// Go on until then instead of counting.
    pub(crate) time: Option<Duration>,
    /// Where all choices come from.
    pub(crate) seed: u64,
    /// Whom to kill.
    pub(crate) participants: Vec<Participant>,
    /// The program to test, instead of one built from the sources.
    pub(crate) program: Option<PathBuf>,
}

impl Options {
    /// Reads `[chaos|cycles|all] [--rounds N | --minutes M] [--seed S]
    /// [--participant P] [--program FILE]`.
    pub(crate) fn read(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            kind: None,
            rounds: ROUNDS,
            time: None,
            seed: SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64 % 1_000_000_000,
            participants: Participant::ALL.to_vec(),
            program: None,
        };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut number = || -> Result<u64> {
                let value = words.next().with_context(|| format!("{word} needs a number"))?;
                value.parse().with_context(|| format!("{word} {value} is not a number"))
            };
            match word {
                "all" => options.kind = None,
                "chaos" => options.kind = Some(Kind::Chaos),
                "cycles" => options.kind = Some(Kind::Cycles),
                "--rounds" => options.rounds = number()?,
                "--minutes" => options.time = Some(Duration::from_secs(number()? * 60)),
                "--seed" => options.seed = number()?,
                "--program" => {
                    let file = words.next().context("--program needs a file")?;
                    options.program = Some(std::path::absolute(file)?);
                }
                "--participant" => {
                    let name = words.next().unwrap_or_default();
                    options.participants = vec![Participant::named(name)?];
                }
                other => bail!("soak does not know {other}"),
            }
        }
        Ok(options)
    }

    /// What to do, in order.
    pub(crate) fn kinds(&self) -> &[Kind] {
        match self.kind {
            Some(Kind::Chaos) => &[Kind::Chaos],
            Some(Kind::Cycles) => &[Kind::Cycles],
            None => &[Kind::Chaos, Kind::Cycles],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_in_any_order() {
        let options = Options::read(&[
            "--rounds",
            "3",
            "chaos",
            "--seed",
            "9",
            "--participant",
            "reaper+run",
        ])
        .unwrap();
        assert_eq!((options.rounds, options.seed), (3, 9));
        assert_eq!(options.kinds(), [Kind::Chaos]);
        assert_eq!(options.participants, [Participant::ReaperAndRun]);
        assert_eq!(Options::read(&[]).unwrap().kinds(), [Kind::Chaos, Kind::Cycles]);
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for words in [&["--rounds"][..], &["--rounds", "x"], &["storm"], &["--participant", "cat"]]
        {
            assert!(Options::read(words).is_err(), "{words:?}");
        }
    }
}
