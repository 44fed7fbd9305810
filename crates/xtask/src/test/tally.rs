//! How many tests passed and failed, read from what the test runners print.

use std::fmt;

/// A count of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// One check, good or not.
    pub(crate) fn check(good: bool) -> Self {
        Self { passed: u64::from(good), failed: u64::from(!good) }
    }

    /// Adds another count.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Whether nothing failed, and something ran.
    pub(crate) fn is_good(self) -> bool {
        self.failed == 0 && self.passed > 0
    }

    /// Counts the summary lines of cargo test (one per program),
    /// cargo-nextest and pytest (one per run); everything else is left alone.
    pub(crate) fn of_output(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines().map(str::trim_start) {
            if let Some(result) = line.strip_prefix("test result: ") {
                tally.passed += before(result, "passed");
                tally.failed += before(result, "failed");
            } else if line.starts_with("Summary [") && line.contains(" run: ") {
                tally.passed += before(line, "passed");
                tally.failed += before(line, "failed")
                    + before(line, "timed out")
                    + before(line, "exec failed");
            } else if line.starts_with("==") && line.ends_with("==") && line.contains(" in ") {
                tally.passed += before(line, "passed");
                tally.failed += before(line, "failed") + before(line, "error");
            }
        }
        tally
    }
}

/// The number right before a word, 0 if there is none. Counts that nextest
/// puts in brackets, such as `(2 slow)`, have words of their own.
fn before(line: &str, word: &str) -> u64 {
    let pattern = format!(" {word}");
    line.match_indices(&pattern)
        .filter_map(|(at, _)| line[..at].rsplit(|c: char| !c.is_ascii_digit()).next())
        .find_map(|digits| digits.parse().ok())
        .unwrap_or(0)
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_all_runners_are_counted() {
        for (output, passed, failed) in [
            ("test result: ok. 47 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", 47, 0),
            (
                "test result: FAILED. 3 passed; 2 failed; 0 ignored\ntest result: ok. 4 passed; 0 failed",
                7,
                2,
            ),
            ("     Summary [   0.512s] 12 tests run: 12 passed, 0 skipped", 12, 0),
            (
                "  Summary [  9.1s] 12 tests run: 9 passed (1 slow, 2 leaky), 2 failed, 1 timed out, 0 skipped",
                9,
                3,
            ),
            ("  Summary [  9.1s] 5/12 tests run: 4 passed, 1 exec failed, 7 skipped", 4, 1),
            ("a test that prints 5 passed, 1 failed", 0, 0),
            ("===== 12 passed, 3 warnings in 4.31s =====", 12, 0),
            ("=== 2 failed, 9 passed, 1 skipped, 1 error in 62.10s (0:01:02) ===", 9, 3),
            ("=== short test summary info ===", 0, 0),
        ] {
            assert_eq!(Tally::of_output(output), Tally { passed, failed }, "{output}");
        }
    }

    #[test]
    fn nothing_run_is_not_good() {
        assert!(!Tally::default().is_good());
        assert!(Tally { passed: 1, failed: 0 }.is_good());
        assert!(!Tally { passed: 9, failed: 1 }.is_good());
    }

    #[test]
    fn the_last_line_is_plain() {
        assert_eq!(Tally { passed: 412, failed: 0 }.to_string(), "412 passed, 0 failed");
    }
}
