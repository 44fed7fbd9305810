//! Content hashes. A fingerprint names what a database contains by what it
//! was made from; a layer's fingerprint chains over its predecessor's.
//!
//! Invariant: every part is framed as tag byte, big-endian `u32` length and
//! bytes, so no two lists of parts hash alike by shifting a border.

use std::fmt;
use std::str::FromStr;

use seedbed_api::{Failure, Kind};

/// Tag of the domain that opens a hash of its own.
const TAG_DOMAIN: u8 = b'd';
/// Tag of the fingerprint a chained hash continues.
const TAG_PREDECESSOR: u8 = b'f';
/// Tag of a part, and of the last piece of a part longer than a frame.
const TAG_BYTES: u8 = b'b';
/// Tag of a full frame whose part goes on in the next frame.
const TAG_CONTINUED: u8 = b'c';
/// Longest run of bytes one frame's length can state.
const FRAME_BYTES_MAX: usize = u32::MAX as usize;

/// A BLAKE3 hash over framed parts. Displays as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Hash of `parts` under `domain`, which keeps equal parts of different
    /// meaning apart.
    #[must_use]
    pub fn of(domain: &str, parts: &[&[u8]]) -> Self {
        Self::framed(TAG_DOMAIN, domain.as_bytes(), parts)
    }

    /// Hash of `parts` on top of this one.
    #[must_use]
    pub fn then(&self, parts: &[&[u8]]) -> Self {
        Self::framed(TAG_PREDECESSOR, &self.0, parts)
    }

    /// The first 16 hex digits: enough to name a database or a folder.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..16].to_owned()
    }

    /// The hash itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn framed(tag: u8, head: &[u8], parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        frame(&mut hasher, tag, head);
        for part in parts {
            let mut rest = *part;
            while rest.len() > FRAME_BYTES_MAX {
                let (full, more) = rest.split_at(FRAME_BYTES_MAX);
                frame(&mut hasher, TAG_CONTINUED, full);
                rest = more;
            }
            frame(&mut hasher, TAG_BYTES, rest);
        }
        Self(*hasher.finalize().as_bytes())
    }
}

fn frame(hasher: &mut blake3::Hasher, tag: u8, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    hasher.update(&[tag, length[0], length[1], length[2], length[3]]);
    hasher.update(bytes);
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.short())
    }
}

impl FromStr for Fingerprint {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|error| {
            Failure::new(Kind::Recipe, "a fingerprint is 64 hex digits").because(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifting_a_border_between_parts_changes_the_hash() {
        let one = Fingerprint::of("t", &[b"ab", b"c"]);
        assert_ne!(one, Fingerprint::of("t", &[b"a", b"bc"]));
        assert_ne!(one, Fingerprint::of("t", &[b"abc"]));
        assert_ne!(one, Fingerprint::of("u", &[b"ab", b"c"]));
        assert_eq!(one, Fingerprint::of("t", &[b"ab", b"c"]));
    }

    #[test]
    fn a_chain_depends_on_every_link() {
        let base = Fingerprint::of("t", &[]);
        assert_ne!(base.then(&[b"a"]).then(&[b"b"]), base.then(&[b"b"]).then(&[b"a"]));
        assert_ne!(base.then(&[b"a"]), Fingerprint::of("t", &[b"a"]));
    }

    #[test]
    fn the_text_form_reads_back() {
        let one = Fingerprint::of("t", &[b"x"]);
        assert_eq!(one.to_string().len(), 64);
        assert_eq!(one.to_string().parse::<Fingerprint>().unwrap(), one);
        assert_eq!(one.short(), one.to_string()[..16]);
        assert!("12".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn the_framing_is_frozen() {
        // BLAKE3 of the framed bytes, computed here without the type.
        let mut bytes = b"d\x00\x00\x00\x01t".to_vec();
        bytes.extend_from_slice(b"b\x00\x00\x00\x02ab");
        assert_eq!(
            Fingerprint::of("t", &[b"ab"]).to_string(),
            blake3::hash(&bytes).to_hex().as_str()
        );
    }
}
