//! Digests of downloaded packages, in the form registries publish them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use seedbed_api::{Context, Kind, Result};
use sha2::{Digest, Sha256, Sha512};

/// `sha512-<base64>`, as in Subresource Integrity (W3C) and `package-lock.json`.
pub(super) fn sha512_integrity(file: &Path) -> Result<String> {
    Ok(format!("sha512-{}", base64(&digest::<Sha512>(file)?)))
}

/// `sha256-<hex>`, the hash package indexes of Python publish.
pub(super) fn sha256(file: &Path) -> Result<String> {
    let hex: String = digest::<Sha256>(file)?.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256-{hex}"))
}

/// The SHA-512 entry of an integrity text, which may hold several separated
/// by white space, each with options after a question mark.
pub(super) fn published_sha512(integrity: &str) -> Option<&str> {
    integrity
        .split_ascii_whitespace()
        .map(|entry| entry.split_once('?').map_or(entry, |(hash, _)| hash))
        .find(|entry| entry.starts_with("sha512-"))
}

fn digest<D: Digest>(path: &Path) -> Result<Vec<u8>> {
    let reading = || format!("cannot read {}", path.display());
    let mut file = File::open(path).context(Kind::Environment, reading)?;
    let mut hasher = D::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut chunk).context(Kind::Environment, reading)?;
        if read == 0 {
            return Ok(hasher.finalize().to_vec());
        }
        hasher.update(&chunk[..read]);
    }
}

/// RFC 4648, section 4, with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for position in 0..4 {
            let index = (bits >> (18 - 6 * position)) & 63;
            let letter = if position > group.len() { b'=' } else { ALPHABET[index as usize] };
            text.push(char::from(letter));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10.
    #[test]
    fn base64_matches_the_published_vectors() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    /// FIPS 180-4 example "abc", as `openssl dgst -sha512 -binary | base64` prints it.
    #[test]
    fn digests_match_other_tools() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        assert_eq!(
            sha512_integrity(file.path()).unwrap(),
            "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw=="
        );
        assert_eq!(
            sha256(file.path()).unwrap(),
            "sha256-ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn the_sha512_entry_is_picked() {
        assert_eq!(published_sha512("sha1-aaa= sha512-bbb==?x"), Some("sha512-bbb=="));
        assert_eq!(published_sha512("sha1-aaa="), None);
    }
}
