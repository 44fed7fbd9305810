//! What a benchmark was asked for.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// The arguments that every benchmark understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Turns of the cheapest contestants, the others have a part of them; each
    /// benchmark has its own default.
    pub(crate) rounds: Option<u64>,
    /// Print data.
    pub(crate) json: bool,
    /// Fail when a target is missed.
    pub(crate) check: bool,
    /// Install and measure peers.
    pub(crate) peers: bool,
    /// The program to measure, instead of one built from the sources.
    pub(crate) program: Option<PathBuf>,
    /// A smoke run: a few rounds of what is small.
    pub(crate) short: bool,
}

impl Options {
    /// Reads `[--rounds N] [--json] [--check] [--no-peers] [--program FILE]
    /// [--short]`.
    pub(crate) fn read(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            rounds: None,
            json: false,
            check: false,
            peers: true,
            program: None,
            short: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--json" => options.json = true,
                "--check" => options.check = true,
                "--no-peers" => options.peers = false,
                "--short" => options.short = true,
                "--rounds" => {
                    let value = words.next().context("--rounds needs a number")?;
                    options.rounds = Some(value.parse().context("--rounds needs a number")?);
                }
                "--program" => {
                    let file = words.next().context("--program needs a file")?;
                    options.program = Some(std::path::absolute(file)?);
                }
                other => bail!("bench does not know {other}"),
            }
        }
        if options.rounds == Some(0) {
            bail!("no median of nothing: --rounds 1");
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let options = Options::read(&["--rounds", "3", "--check", "--no-peers"]).unwrap();
        assert_eq!((options.rounds, options.check, options.peers), (Some(3), true, false));
        for words in [&["--rounds"][..], &["--rounds", "0"], &["--fast"]] {
            assert!(Options::read(words).is_err(), "{words:?}");
        }
    }
}
