//! What the configuration says of leases.

use std::num::NonZeroUsize;

use seedbed_api::lease::LaneChoice;

/// The words of `lane`.
pub(super) const LANES: &[&str] = &["auto", "rewind", "clone", "truncate", "rollback"];

/// More databases than this would only wait for each other.
const WORKERS_MAX: usize = 256;

/// How many workers get a database of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// One for each processor.
    Auto,
    /// So many.
    Count(NonZeroUsize),
}

impl Workers {
    /// Reads `auto` or a number from 1 to 256.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "auto" {
            return Some(Self::Auto);
        }
        let count: NonZeroUsize = text.parse().ok()?;
        (count.get() <= WORKERS_MAX).then_some(Self::Count(count))
    }

    /// The number on this machine.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Auto => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            Self::Count(count) => count.get(),
        }
    }

    /// As one would write it.
    pub(super) fn written(self) -> String {
        match self {
            Self::Auto => "\"auto\"".to_owned(),
            Self::Count(count) => count.to_string(),
        }
    }
}

/// The word of a lane.
pub(super) fn lane_word(lane: LaneChoice) -> &'static str {
    LaneChoice::ALL.iter().find(|(choice, _)| *choice == lane).map_or("auto", |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_a_sensible_number() {
        assert_eq!(Workers::parse("auto"), Some(Workers::Auto));
        assert_eq!(Workers::parse("4").map(Workers::count), Some(4));
        for bad in ["", "0", "-1", "257", "four", "1.5", "99999999999999999999"] {
            assert_eq!(Workers::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_word_is_a_lane() {
        let words: Vec<&str> = LaneChoice::ALL.iter().map(|(_, word)| *word).collect();
        assert_eq!(words, LANES);
    }
}
