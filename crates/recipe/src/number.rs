//! The number a migration's file name begins with.
//!
//! Invariant: numbers compare by value, however many digits they have; leading
//! zeros and trailing `.0` do not matter.

use std::cmp::Ordering;
use std::fmt;

/// `7`, `20240101120000`, `1.2`, or a date such as `2024-01-31-120000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number(Vec<String>);

impl Number {
    /// The number `name` begins with, if any.
    ///
    /// Plain names begin with digits, `V1__x` names with the letter and digits;
    /// groups are joined by `.`, in `V1_2__x` also by `_`, in dates by `-`.
    pub(crate) fn at_start_of(name: &str) -> Option<Self> {
        let (text, joints): (&str, &[char]) = match name.strip_prefix(['V', 'v']) {
            Some(rest) => match rest.split_once("__") {
                Some((version, _)) => (version, &['.', '_']),
                None => (rest, &['.']),
            },
            None if begins_with_date(name) => (name, &['-', '.']),
            None => (name, &['.']),
        };
        let mut groups = Vec::new();
        let mut rest = text;
        loop {
            let end = rest.bytes().take_while(u8::is_ascii_digit).count();
            if end == 0 {
                break;
            }
            groups.push(rest[..end].trim_start_matches('0').to_owned());
            match rest[end..].strip_prefix(joints) {
                Some(next) => rest = next,
                None => break,
            }
        }
        if groups.is_empty() {
            return None;
        }
        while groups.len() > 1 && groups.last().is_some_and(String::is_empty) {
            groups.pop();
        }
        Some(Self(groups))
    }
}

/// `2024-01-31…`: four, two and two digits.
fn begins_with_date(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_value = |text: &String| (text.len(), text.clone());
        self.0.iter().map(by_value).cmp(other.0.iter().map(by_value))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<&str> = self
            .0
            .iter()
            .map(|group| if group.is_empty() { "0" } else { group.as_str() })
            .collect();
        f.write_str(&groups.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_the_start_of_a_name() {
        for (name, number) in [
            ("001_x.sql", Some("1")),
            ("1.sql", Some("1")),
            ("0.sql", Some("0")),
            ("20240101120000-foo.sql", Some("20240101120000")),
            ("V1__x.sql", Some("1")),
            ("V1_2__x.sql", Some("1.2")),
            ("V1.2.0__x.sql", Some("1.2")),
            ("001_1999_backfill.sql", Some("1")),
            ("2024-01-31-120000_x.sql", Some("2024.1.31.120000")),
            ("2024-1.sql", Some("2024")),
            ("007users.sql", Some("7")),
            ("users.sql", None),
            ("Views.sql", None),
            ("", None),
        ] {
            let found = Number::at_start_of(name).map(|number| number.to_string());
            assert_eq!(found.as_deref(), number, "{name}");
        }
    }

    #[test]
    fn numbers_compare_by_value_at_any_length() {
        let ascending =
            ["0_a", "002_a", "2.1_a", "10_a", "20240101120000_a", "99999999999999999999999999_a"];
        for pair in ascending.windows(2) {
            assert!(Number::at_start_of(pair[0]) < Number::at_start_of(pair[1]), "{pair:?}");
        }
        assert_eq!(Number::at_start_of("001_a"), Number::at_start_of("1_b"));
    }
}
