//! Versions of PostgreSQL, as far as Seedbed tells them apart. Since version
//! 10 the first number is the major version and the second the bug-fix level
//! (<https://www.postgresql.org/support/versioning/>).

use std::fmt;
use std::ops::RangeInclusive;

/// Major versions Seedbed works with.
pub const SUPPORTED_MAJORS: RangeInclusive<u16> = 13..=18;

/// A server version such as `15.18`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Major version; data directories of different majors are incompatible.
    pub major: u16,
    /// Bug-fix level; 0 for development and beta versions.
    pub minor: u16,
}

impl Version {
    /// Reads `15.18`, `16`, `18beta1`, a package's `18.4.0-beta.17`, or the
    /// whole answer of `postgres --version`; `None` if there is no version in it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split_once("(PostgreSQL)").map_or(text, |(_, rest)| rest).trim_start();
        let (major, rest) = number(text)?;
        let minor = match rest.strip_prefix('.') {
            Some(rest) => number(rest)?.0,
            None => 0,
        };
        Some(Self { major, minor })
    }

    /// Whether Seedbed works with this version.
    #[must_use]
    pub fn supported(self) -> bool {
        SUPPORTED_MAJORS.contains(&self.major)
    }
}

/// The number `text` begins with, and what follows it.
fn number(text: &str) -> Option<(u16, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_is_read() {
        for (text, expected) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some((15, 18))),
            ("postgres (PostgreSQL) 18.4\n", Some((18, 4))),
            ("postgres (PostgreSQL) 18beta1", Some((18, 0))),
            ("postgres (PostgreSQL) 19devel", Some((19, 0))),
            ("postgres (PostgreSQL) 9.6.24", Some((9, 6))),
            ("16", Some((16, 0))),
            ("18.4.0-beta.17", Some((18, 4))),
            ("", None),
            ("latest", None),
            ("15.", None),
            ("99999999", None),
            ("postgres (PostgreSQL) ", None),
        ] {
            let version = Version::parse(text).map(|v| (v.major, v.minor));
            assert_eq!(version, expected, "{text}");
        }
    }

    #[test]
    fn versions_order_as_numbers() {
        assert!(Version::parse("15.9") < Version::parse("15.18"));
        assert!(Version::parse("9.6") < Version::parse("13"));
    }

    proptest! {
        #[test]
        fn display_reads_back(major in 10u16.., minor: u16) {
            let version = Version { major, minor };
            prop_assert_eq!(Version::parse(&version.to_string()), Some(version));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Version::parse(&text);
        }
    }
}
