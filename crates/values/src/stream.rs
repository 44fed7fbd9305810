//! The bits of a cell, one draw after the other.
//!
//! Draw number `d` (from 0) of attempt `a` is word `d mod 2` of the block
//! `philox2x64([ordinal, a · 2^32 + d div 2], key)`. Everything else here is
//! defined by those draws with integers alone, so that ten lines of Python or
//! of JavaScript with `BigInt` give the same:
//!
//! ```text
//! def below(n):                       # unbiased: Lemire, TOMACS 29(1), 2019
//!     n = max(n, 1); t = 2**64 % n
//!     while True:
//!         m = next_u64() * n
//!         if m % 2**64 >= t: return m // 2**64
//! ```

use crate::philox::philox2x64;

/// Draws of one cell. Cheap to make; remembers only where it stands.
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    ordinal: u64,
    /// The next block: attempt in the upper half, number in the lower.
    block: u64,
    /// The second word of the last block, if it was not drawn yet.
    kept: Option<u64>,
}

impl Stream {
    pub(crate) const fn new(key: u64, ordinal: u64, attempt: u32) -> Self {
        Self { key, ordinal, block: (attempt as u64) << 32, kept: None }
    }

    /// One draw: 64 bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        if let Some(word) = self.kept.take() {
            return word;
        }
        let [first, second] = philox2x64([self.ordinal, self.block], self.key);
        // Draws past 2^33 begin again instead of running into the next
        // attempt; no value needs a millionth of them.
        self.block = (self.block & !0xFFFF_FFFF) | (self.block.wrapping_add(1) & 0xFFFF_FFFF);
        self.kept = Some(second);
        first
    }

    /// An integer in `[0, n)`, every one as likely; 0 counts as 1. One draw,
    /// with probability below `n / 2^64` another.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        let n = n.max(1);
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// An index into something of `length` entries.
    #[inline]
    pub fn index(&mut self, length: usize) -> usize {
        // A usize has at most 64 bits on every platform there is.
        self.below(length as u64) as usize
    }

    /// An integer in `[low, high]`, both included; `low` if they are reversed.
    #[inline]
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = if high < low { 0 } else { high.wrapping_sub(low) as u64 };
        let offset = match span.checked_add(1) {
            Some(count) => self.below(count),
            None => self.next_u64(),
        };
        low.wrapping_add(offset as i64)
    }

    /// True in `times` of `out_of` cases.
    #[inline]
    pub fn chance(&mut self, times: u64, out_of: u64) -> bool {
        self.below(out_of) < times
    }

    /// One of these; nothing if there is none.
    #[inline]
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.index(choices.len()))
    }

    /// An index, each as likely as its weight: the first whose running total
    /// exceeds `below(total)`. Nothing if every weight is 0.
    pub fn weighted(&mut self, weights: &[u32]) -> Option<usize> {
        let total = weights.iter().copied().map(u64::from).sum::<u64>();
        let mut rest = self.below(total);
        weights.iter().position(|weight| {
            let here = rest < u64::from(*weight);
            rest = rest.saturating_sub(u64::from(*weight));
            here
        })
    }

    /// Nearly normal, in units of `2^-32`: mean 0, standard deviation 1, never
    /// beyond ±6. The sum of the halves of six draws less its mean (Irwin and
    /// Hall), because no two mathematics libraries agree on a logarithm.
    pub fn normal(&mut self) -> i64 {
        let mut sum = -6 * i64::from(u32::MAX);
        for _ in 0..6 {
            let word = self.next_u64();
            sum += (word >> 32) as i64 + i64::from(word as u32);
        }
        sum
    }

    /// Nearly normal around `mean` with standard deviation `deviation`,
    /// rounded down and held within `[low, high]`.
    pub fn normal_between(&mut self, mean: i64, deviation: u32, low: i64, high: i64) -> i64 {
        let distance = (i128::from(self.normal()) * i128::from(deviation)) >> 32;
        let value = i128::from(mean) + distance;
        let held = value.min(i128::from(high)).max(i128::from(low));
        i64::try_from(held).unwrap_or(low)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn draws_are_the_words_of_the_blocks_in_order() {
        let mut stream = Stream::new(7, 9, 2);
        for block in 0..3u64 {
            let words = philox2x64([9, (2 << 32) + block], 7);
            assert_eq!([stream.next_u64(), stream.next_u64()], words);
        }
    }

    #[test]
    fn below_is_even_and_its_edges_hold() {
        let mut stream = Stream::new(1, 1, 0);
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.below(1), 0);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.index(7)] += 1;
        }
        // Five standard deviations of a binomial (70 000, 1/7) are 463.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 463), "{counts:?}");
        // A bound just above 2^63 rejects nearly half of all draws.
        let bound = (1 << 63) + 1;
        assert!((0..1_000).all(|_| stream.below(bound) < bound));
    }

    #[test]
    fn weights_are_kept() {
        let mut stream = Stream::new(2, 1, 0);
        assert_eq!(stream.weighted(&[]), None);
        assert_eq!(stream.weighted(&[0, 0]), None);
        let mut counts = [0u32; 4];
        for _ in 0..60_000 {
            counts[stream.weighted(&[1, 0, 2, 3]).unwrap()] += 1;
        }
        assert_eq!(counts[1], 0);
        for (index, expected) in [(0, 10_000), (2, 20_000), (3, 30_000)] {
            assert!(counts[index].abs_diff(expected) < 620, "{counts:?}");
        }
    }

    #[test]
    fn the_normal_one_has_its_mean_and_deviation() {
        let mut stream = Stream::new(3, 1, 0);
        let draws: Vec<f64> =
            (0..50_000).map(|_| stream.normal() as f64 / 4_294_967_296.0).collect();
        let mean = draws.iter().sum::<f64>() / 50_000.0;
        let variance = draws.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 50_000.0;
        let within = draws.iter().filter(|z| z.abs() < 1.0).count();
        assert!(mean.abs() < 0.023, "{mean}");
        assert!((variance - 1.0).abs() < 0.035, "{variance}");
        assert!((33_000..35_200).contains(&within), "{within}");
        assert!(draws.iter().all(|z| z.abs() <= 6.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn between_holds_for_any_bounds(key: u64, low: i64, high: i64) {
            let value = Stream::new(key, 0, 0).between(low, high);
            prop_assert!((low..=high).contains(&value) || (high < low && value == low));
        }

        #[test]
        fn normal_between_holds(key: u64, mean: i64, deviation: u32, low: i64, high: i64) {
            let value = Stream::new(key, 0, 0).normal_between(mean, deviation, low, high.max(low));
            prop_assert!((low..=high.max(low)).contains(&value));
        }
    }
}
