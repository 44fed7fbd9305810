//! Philox2x64-10 (Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As
//! Easy as 1, 2, 3", SC 2011): a keyed bijection of 128-bit counters, checked
//! against the known answers published with the authors' Random123.

const MULTIPLIER: u64 = 0xD2B7_4407_B1CE_6E93;
const WEYL: u64 = 0x9E37_79B9_7F4A_7C15;
const ROUNDS: u32 = 10;

/// The block of two 64-bit words that belongs to `counter` under `key`.
#[inline]
#[must_use]
pub const fn philox2x64(counter: [u64; 2], key: u64) -> [u64; 2] {
    let [mut left, mut right] = counter;
    let mut key = key;
    let mut round = 0;
    while round < ROUNDS {
        let product = (left as u128) * (MULTIPLIER as u128);
        left = ((product >> 64) as u64) ^ key ^ right;
        right = product as u64;
        key = key.wrapping_add(WEYL);
        round += 1;
    }
    [left, right]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three lines `philox2x64 10` of Random123's `kat_vectors`.
    #[test]
    fn the_published_answers() {
        let max = u64::MAX;
        let pi = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344];
        let table = [
            ([0, 0], 0, [0xca00_a045_9843_d731, 0x66c2_4222_c9a8_45b5]),
            ([max, max], max, [0x65b0_21d6_0cd8_310f, 0x4d02_f322_2f86_df20]),
            (pi, 0xa409_3822_299f_31d0, [0x0a5e_742c_2997_341c, 0xb0f8_83d3_8000_de5d]),
        ];
        for (counter, key, answer) in table {
            assert_eq!(philox2x64(counter, key), answer, "{counter:x?} {key:x}");
        }
    }
}
