//! Identifiers made of the cell's bits. Those with a time in them draw it
//! first (`below` the milliseconds of 2023); then come two draws for each 128
//! bits, the first one above.

use super::pen::Pen;
use crate::base::{BASE32_UPPER, BASE64_URL, HEX, write_base64, write_bits};
use crate::calendar::DAY;

/// 2023-01-01T00:00:00Z in milliseconds since 1970, and those of the year.
const YEAR: u64 = 1_672_531_200_000;
const YEAR_LENGTH: u64 = 365 * DAY * 1_000;

pub(super) fn uuid(pen: &mut Pen<'_>) {
    let bits = pen.bits();
    write_uuid(pen, bits, 8);
}

pub(super) fn uuid_v4(pen: &mut Pen<'_>) {
    let bits = pen.bits();
    write_uuid(pen, bits, 4);
}

pub(super) fn uuid_v7(pen: &mut Pen<'_>) {
    let moment = u128::from(YEAR + pen.stream.below(YEAR_LENGTH));
    let bits = pen.bits() & (u128::MAX >> 48);
    write_uuid(pen, moment << 80 | bits, 7);
}

/// Writes 128 bits with version and variant 10 put in (RFC 9562).
fn write_uuid(pen: &mut Pen<'_>, bits: u128, version: u128) {
    let bits = bits & !(0xF << 76) & !(3 << 62) | (version << 76) | (2 << 62);
    for (index, (shift, digits)) in
        [(96, 8), (80, 4), (64, 4), (48, 4), (0, 12)].into_iter().enumerate()
    {
        if index > 0 {
            pen.out.push('-');
        }
        write_bits(bits >> shift, digits, HEX, pen.out);
    }
}

pub(super) fn ulid(pen: &mut Pen<'_>) {
    let moment = u128::from(YEAR + pen.stream.below(YEAR_LENGTH));
    let bits = pen.bits() & (u128::MAX >> 48);
    write_bits(moment << 80 | bits, 26, BASE32_UPPER, pen.out);
}

pub(super) fn nanoid(pen: &mut Pen<'_>) {
    let bits = pen.bits();
    write_bits(bits, 21, BASE64_URL, pen.out);
}

pub(super) fn sha256(pen: &mut Pen<'_>) {
    for _ in 0..2 {
        let bits = pen.bits();
        write_bits(bits, 32, HEX, pen.out);
    }
}

pub(super) fn base64(pen: &mut Pen<'_>) {
    let mut bytes = [0; 32];
    for half in bytes.chunks_exact_mut(16) {
        half.copy_from_slice(&pen.bits().to_be_bytes());
    }
    write_base64(&bytes, pen.out);
}
