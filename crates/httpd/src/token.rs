//! The token: what proves that a client was started by us, or told by
//! somebody who was. Every request carries it, on the unix socket too: its
//! folder may belong to another account.

use std::hint::black_box;

use seedbed_api::{Context as _, Kind, Result, Secret};

/// Bytes of randomness in a token.
const BYTES: usize = 32;

/// A new token: 32 random bytes as 64 hexadecimal digits.
///
/// # Errors
/// `Kind::Environment` if the system has no randomness to give.
pub fn fresh_token() -> Result<Secret> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes)
        .context(Kind::Environment, || "cannot get random bytes from the system".to_owned())?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

/// Whether both are the same, in a time that depends on the length of `given`
/// only, which its sender knows.
pub(crate) fn same(expected: &[u8], given: &[u8]) -> bool {
    let mut difference = usize::from(expected.len() != given.len());
    for (at, byte) in given.iter().enumerate() {
        let wanted = expected.get(at).copied().unwrap_or(!*byte);
        difference |= usize::from(black_box(byte ^ wanted));
    }
    black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (fresh_token().unwrap(), fresh_token().unwrap());
        assert_eq!(one.expose().len(), 64);
        assert!(one.expose().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(one != other);
    }

    #[test]
    fn only_the_same_is_the_same() {
        for (expected, given, verdict) in [
            ("abc", "abc", true),
            ("abc", "abd", false),
            ("abc", "ab", false),
            ("abc", "abcd", false),
            ("abc", "", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(same(expected.as_bytes(), given.as_bytes()), verdict, "{expected} {given}");
        }
    }
}
