//! The random password of a server, with authentication that costs nothing.
//!
//! SCRAM spends 4,096 hash rounds per connection by default, milliseconds that
//! a suite pays at every connect, and drivers exist that refuse fewer rounds
//! (the Java client's minimum is 4,096). The server listens on loopback only
//! and lives for minutes, so `md5` it is: every driver speaks it and it costs
//! microseconds.

use md5::{Digest, Md5};
use seedbed_api::{Context, Kind, Result, Secret};

/// A fresh password of 120 random bits, safe in URLs and shells.
///
/// # Errors
/// [`Kind::Environment`] when the system has no randomness to give.
pub fn fresh() -> Result<Secret> {
    Ok(Secret::new(random_word(24)?))
}

/// The verifier PostgreSQL stores for `md5` authentication:
/// `md5` + hex(md5(password + role)).
#[must_use]
pub fn verifier(role: &str, password: &Secret) -> String {
    let mut hash = Md5::new();
    hash.update(password.expose().as_bytes());
    hash.update(role.as_bytes());
    let mut text = String::from("md5");
    for byte in hash.finalize() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Whether `text` could have come from [`random_word`].
pub(crate) fn is_random_word(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// `length` random characters of five bits each, lower-case letters and digits.
///
/// # Errors
/// [`Kind::Environment`] when the system has no randomness to give.
pub fn random_word(length: usize) -> Result<String> {
    let mut bytes = vec![0u8; length];
    getrandom::fill(&mut bytes)
        .context(Kind::Environment, || "the system gave no random bytes".into())?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_is_postgresqls() {
        // select 'md5' || md5('secret' || 'postgres')
        assert_eq!(
            verifier("postgres", &Secret::new("secret")),
            "md553f48b7c4b76a86ce72276c5755f217d"
        );
    }

    #[test]
    fn two_passwords_differ() {
        assert_ne!(fresh().unwrap().expose(), fresh().unwrap().expose());
        assert_eq!(random_word(10).unwrap().len(), 10);
    }
}
