//! A short text that stands for a number, one to one: what makes a keyed
//! value unique when it is embedded.

use std::fmt;

use crate::base::BASE32;
use crate::cell::Cell;

/// A number in base 32: digits and lower-case letters without `i`, `l`, `o`,
/// `u`; no leading zero, 1 to 13 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    text: [u8; 13],
    start: usize,
}

impl Token {
    /// The token of a number; different numbers have different tokens.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let (mut text, mut start, mut rest) = ([b'0'; 13], 13, number);
        while start == 13 || rest > 0 {
            start -= 1;
            text[start] = BASE32[(rest & 31) as usize];
            rest >>= 5;
        }
        Self { text, start }
    }

    /// The token of a cell's ordinal: a row number's is short.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        Self::new(cell.ordinal())
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The alphabet is ASCII, so this is never the empty text.
        std::str::from_utf8(&self.text[self.start..]).unwrap_or_default()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_are_minimal() {
        let table = [(0, "0"), (1, "1"), (31, "z"), (32, "10"), (u64::MAX, "fzzzzzzzzzzzz")];
        for (number, token) in table {
            assert_eq!(Token::new(number).as_str(), token);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn different_numbers_have_different_tokens(a: u64, b: u64) {
            prop_assert_eq!(Token::new(a) == Token::new(b), a == b);
            let back = Token::new(a).as_str().bytes().fold(0u64, |number, byte| {
                (number << 5) | BASE32.iter().position(|letter| *letter == byte).unwrap() as u64
            });
            prop_assert_eq!(back, a);
        }
    }
}
