//! Where the bits of a value come from: the column's key and the cell's
//! ordinal. Neither other columns, their order, the number of rows, the
//! process nor the language is in it.

use sha2::{Digest, Sha256};

use crate::datum::{Datum, encode_text};
use crate::stream::Stream;

/// The version of algorithm and dictionaries, `values = 1` in a definition
/// file. A release may add another; it never changes this one.
pub const VERSION: u32 = 1;

/// Separates our hashes from everybody else's, and versions from each other.
const DOMAIN: &[u8] = b"seedbed/values/1";

/// `SHA-256("seedbed/values/1" ‖ tlv(seed) ‖ tlv(schema) ‖ tlv(table) ‖ tlv(column))`,
/// all four as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnKey([u8; 32]);

impl ColumnKey {
    /// The key of a column. A seed that is a number enters as its decimal text.
    #[must_use]
    pub fn new(seed: &str, schema: &str, table: &str, column: &str) -> Self {
        let mut message = DOMAIN.to_vec();
        for part in [seed, schema, table, column] {
            encode_text(&mut message, part);
        }
        Self(Sha256::digest(&message).into())
    }

    /// The whole hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Word `index` (0 to 3) of the hash, big-endian: word 0 keys the cells,
    /// word 1 the permutation.
    pub(crate) fn word(&self, index: usize) -> u64 {
        let (words, _) = self.0.as_chunks::<8>();
        u64::from_be_bytes(words[index])
    }
}

/// One cell of a table: the source of a value's bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    key: u64,
    ordinal: u64,
}

impl Cell {
    /// The cell of row number `row`: any row can be made alone.
    #[must_use]
    pub fn seeded(key: &ColumnKey, row: u64) -> Self {
        Self { key: key.word(0), ordinal: row }
    }

    /// The cell of the row with this natural key, in normalised form; its
    /// ordinal is the first 8 bytes, big-endian, of
    /// `SHA-256(column_key ‖ tlv(value) ‖ tlv(value) …)`.
    #[must_use]
    pub fn keyed(key: &ColumnKey, natural_key: &[Datum]) -> Self {
        // Most keys are short: two blocks of the hash.
        let mut message = Vec::with_capacity(128);
        message.extend_from_slice(&key.0);
        for datum in natural_key {
            datum.encode(&mut message);
        }
        let digest: [u8; 32] = Sha256::digest(&message).into();
        let ordinal = ColumnKey(digest).word(0);
        Self { key: key.word(0), ordinal }
    }

    /// The row number, or the natural key's hash.
    #[must_use]
    pub const fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// The cell's bits from the beginning.
    #[must_use]
    pub const fn stream(&self) -> Stream {
        self.attempt(0)
    }

    /// Other bits for the same cell: where a value must be unique and nothing
    /// can be embedded, attempts 0, 1, 2 … are tried against the table.
    #[must_use]
    pub const fn attempt(&self, attempt: u32) -> Stream {
        Stream::new(self.key, self.ordinal, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_in_the_key_and_none_runs_into_the_next() {
        let base = ColumnKey::new("s", "public", "users", "email");
        let others = [
            ColumnKey::new("t", "public", "users", "email"),
            ColumnKey::new("s", "other", "users", "email"),
            ColumnKey::new("s", "public", "user", "semail"),
            ColumnKey::new("s", "public", "users", "name"),
            ColumnKey::new("sp", "ublic", "users", "email"),
        ];
        for other in others {
            assert_ne!(base, other);
        }
        assert_eq!(base, ColumnKey::new("s", "public", "users", "email"));
    }

    #[test]
    fn a_natural_key_is_its_values_in_order() {
        let key = ColumnKey::new("s", "public", "users", "email");
        let cell = |data: &[Datum]| Cell::keyed(&key, data);
        let (a, b) = (Datum::text("a"), Datum::text("b"));
        assert_eq!(cell(&[a.clone(), b.clone()]), cell(&[a.clone(), b.clone()]));
        assert_ne!(cell(&[a.clone(), b.clone()]), cell(&[b.clone(), a.clone()]));
        assert_ne!(cell(&[Datum::text("ab")]), cell(&[a, b]));
        assert_ne!(cell(&[Datum::text("1")]), cell(&[Datum::Integer(1)]));
        assert_ne!(cell(&[Datum::text("")]), cell(&[Datum::Null]));
    }

    #[test]
    fn attempts_are_other_bits_of_the_same_cell() {
        let cell = Cell::seeded(&ColumnKey::new("s", "public", "users", "email"), 3);
        assert_eq!(cell.stream().next_u64(), cell.attempt(0).next_u64());
        assert_ne!(cell.stream().next_u64(), cell.attempt(1).next_u64());
    }
}
