//! A keyed bijection of `[0, n)`: unique values for any number of rows with
//! nothing remembered. A balanced Feistel network over the smallest even
//! number of bits that holds `n`, walked along its cycle until the result is
//! below `n` (Black and Rogaway, "Ciphers with Arbitrary Finite Domains",
//! 2002). Not secret: it spreads, it does not encrypt.

use crate::cell::ColumnKey;
use crate::philox::philox2x64;

const ROUNDS: usize = 8;

/// A keyed bijection of `[0, n)`.
#[derive(Clone, Debug)]
pub struct Permutation {
    n: u64,
    /// Bits of each half.
    half: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The largest domain.
    pub const MAX: u64 = 1 << 63;

    /// The bijection of `[0, n)` for a column; `n` is at most [`Self::MAX`],
    /// more counts as that. Round key `r` is word `r mod 2` of
    /// `philox2x64([n, r div 2], word 1 of the column's key)`.
    #[must_use]
    pub fn new(key: &ColumnKey, n: u64) -> Self {
        let n = n.min(Self::MAX);
        let bits = 64 - n.saturating_sub(1).leading_zeros();
        let half = bits.div_ceil(2).max(1);
        let mut keys = [0; ROUNDS];
        for (block, pair) in keys.chunks_exact_mut(2).enumerate() {
            pair.copy_from_slice(&philox2x64([n, block as u64], key.word(1)));
        }
        Self { n, half, keys }
    }

    /// The number of values.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.n
    }

    /// Whether there is no value at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The value at `position`; nothing from `n` on.
    #[must_use]
    pub fn at(&self, position: u64) -> Option<u64> {
        self.walk(position, |value| {
            self.keys.iter().fold(value, |(left, right), key| (right, left ^ self.mix(right, *key)))
        })
    }

    /// The position of `value`: the inverse of [`Self::at`].
    #[must_use]
    pub fn position(&self, value: u64) -> Option<u64> {
        self.walk(value, |value| {
            self.keys
                .iter()
                .rev()
                .fold(value, |(left, right), key| (right ^ self.mix(left, *key), left))
        })
    }

    /// The network is a bijection of more than `[0, n)`; stepping on until the
    /// result is inside makes it one of `[0, n)`. The domain is below `4 n`, so
    /// four steps are expected at most.
    fn walk(&self, start: u64, network: impl Fn((u64, u64)) -> (u64, u64)) -> Option<u64> {
        if start >= self.n {
            return None;
        }
        let mut value = start;
        loop {
            let (left, right) = network((value >> self.half, value & self.mask()));
            value = (left << self.half) | right;
            if value < self.n {
                return Some(value);
            }
        }
    }

    const fn mask(&self) -> u64 {
        (1 << self.half) - 1
    }

    /// The round function: the finaliser of SplitMix64, its upper bits.
    const fn mix(&self, half: u64, key: u64) -> u64 {
        let mut bits = half.wrapping_add(key);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) >> (64 - self.half)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn permutation(seed: &str, n: u64) -> Permutation {
        Permutation::new(&ColumnKey::new(seed, "public", "t", "c"), n)
    }

    #[test]
    fn small_domains_are_covered_exactly() {
        for n in (0..70).chain([255, 256, 257, 1_000, 4_095, 4_097]) {
            let permutation = permutation("s", n);
            let values: HashSet<u64> = (0..n).map(|i| permutation.at(i).unwrap()).collect();
            assert_eq!(values.len() as u64, n);
            assert!(values.iter().all(|value| *value < n));
            assert_eq!(permutation.at(n), None);
            assert_eq!(permutation.position(n), None);
        }
    }

    #[test]
    fn every_order_of_three_is_some_keys() {
        let orders: HashSet<[u64; 3]> = (0..200)
            .map(|seed| {
                let permutation = permutation(&seed.to_string(), 3);
                [0, 1, 2].map(|i| permutation.at(i).unwrap())
            })
            .collect();
        assert_eq!(orders.len(), 6);
    }

    #[test]
    fn neighbours_are_spread() {
        let permutation = permutation("s", 1 << 40);
        let mean: u64 = (0..1_000)
            .map(|i| permutation.at(i).unwrap().abs_diff(permutation.at(i + 1).unwrap()) >> 20)
            .sum::<u64>()
            / 1_000;
        // The mean distance of two uniform values is a third of the range.
        assert!((300_000..400_000).contains(&mean), "{mean}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_inverted(seed in "[a-z]{1,4}", n in 1..=Permutation::MAX, position: u64) {
            let permutation = permutation(&seed, n);
            let value = permutation.at(position % n).unwrap();
            prop_assert!(value < n);
            prop_assert_eq!(permutation.position(value), Some(position % n));
        }

        #[test]
        fn domains_next_to_powers_of_two_are_covered(bits in 1u32..12, off in -1i64..=1) {
            let n = ((1i64 << bits) + off) as u64;
            let permutation = permutation("p", n);
            let values: HashSet<u64> = (0..n).filter_map(|i| permutation.at(i)).collect();
            prop_assert_eq!(values.len() as u64, n);
        }
    }
}
