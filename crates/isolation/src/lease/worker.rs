//! Which slot suits a worker: runners number their workers, each in its own
//! way, and give new names to restarted ones.
//!
//! | runner | where its name comes from | first |
//! |---|---|---|
//! | pytest-xdist | `PYTEST_XDIST_WORKER`, `gw0`; a restarted one is `gw7` | 0 |
//! | cargo-nextest | `NEXTEST_TEST_GLOBAL_SLOT`, `0` | 0 |
//! | Playwright | `TEST_PARALLEL_INDEX`, `0` | 0 |
//! | Jest | `JEST_WORKER_ID`, `1` | 1 |
//! | Vitest | `VITEST_POOL_ID`, `1` | 1 |
//! | parallel_tests | `TEST_ENV_NUMBER`, empty, then `2` | 1 |
//!
//! A number is only a wish. With slots 1…n, both ways of counting lead every
//! worker to a slot of its own when the number is taken modulo n.

use super::identity::SlotNumber;

/// The slot a worker would like, of `slots` in all.
pub(crate) fn preferred(worker: &str, slots: usize) -> Option<SlotNumber> {
    let digits = worker.len() - worker.bytes().rev().take_while(u8::is_ascii_digit).count();
    let number: u64 = match worker.get(digits..) {
        // parallel_tests calls its first worker by no number at all.
        Some("") => 1,
        Some(digits) => digits.parse().ok()?,
        None => return None,
    };
    let slots = u64::try_from(slots).ok().filter(|slots| *slots > 0)?;
    // Number n is slot n; 0 is the last one.
    let slot = match number % slots {
        0 => slots,
        slot => slot,
    };
    u32::try_from(slot).ok().map(SlotNumber)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_ways_of_counting_lead_every_worker_to_its_own_slot() {
        for names in [
            ["gw0", "gw1", "gw2", "gw3"],
            ["0", "1", "2", "3"],
            ["1", "2", "3", "4"],
            ["", "2", "3", "4"],
            ["gw4", "gw5", "gw6", "gw7"],
        ] {
            let slots: BTreeSet<u32> =
                names.iter().map(|name| preferred(name, 4).unwrap().0).collect();
            assert_eq!(slots, BTreeSet::from([1, 2, 3, 4]), "{names:?}");
        }
        assert_eq!(preferred("3", 4), Some(SlotNumber(3)));
        assert_eq!(preferred("gw0", 4), Some(SlotNumber(4)));
        assert_eq!(preferred("main", 2), Some(SlotNumber(1)));
        assert_eq!(preferred("99999999999999999999999", 2), None);
        assert_eq!(preferred("1", 0), None);
    }
}
