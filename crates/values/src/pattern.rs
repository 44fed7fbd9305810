//! Patterns of postcodes, telephone numbers and accounts: `#` is a digit, `%`
//! a digit from 1 to 9, `?` a capital letter, all else itself. One draw for
//! each run of `#` (its number, with leading zeros) and for each `%` and `?`.

use crate::base::write_padded;
use crate::stream::Stream;

/// Digits of one draw at most: the powers of ten a draw holds.
const RUN: usize = 18;

/// Appends the pattern with everything drawn.
pub(crate) fn write_pattern(pattern: &str, stream: &mut Stream, out: &mut String) {
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let length = rest.bytes().take_while(|byte| *byte == b'#').count().min(RUN);
        match first {
            '#' => write_digits(length, stream, out),
            '%' => write_padded(stream.below(9) + 1, 1, out),
            '?' => out.push(char::from(b'A' + stream.below(26) as u8)),
            literal => out.push(literal),
        }
        rest = &rest[length.max(first.len_utf8())..];
    }
}

/// Appends `count` digits: one draw for each 18 of them.
pub(crate) fn write_digits(count: usize, stream: &mut Stream, out: &mut String) {
    let mut rest = count;
    while rest > 0 {
        let run = rest.min(RUN);
        write_padded(stream.below(10u64.pow(run as u32)), run, out);
        rest -= run;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cell::{Cell, ColumnKey};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn everything_drawn_is_of_its_kind(pattern in "[#%?é -]{0,60}", row: u64) {
            let mut stream = Cell::seeded(&ColumnKey::new("", "", "", ""), row).stream();
            let mut out = String::new();
            write_pattern(&pattern, &mut stream, &mut out);
            prop_assert_eq!(out.chars().count(), pattern.chars().count());
            for (sign, drawn) in pattern.chars().zip(out.chars()) {
                let right = match sign {
                    '#' => drawn.is_ascii_digit(),
                    '%' => ('1'..='9').contains(&drawn),
                    '?' => drawn.is_ascii_uppercase(),
                    other => drawn == other,
                };
                prop_assert!(right, "{} {}", sign, drawn);
            }
        }
    }
}
