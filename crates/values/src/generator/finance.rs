//! Money. Account and card numbers have right check digits and belong to
//! nobody we know of: cards are from the schemes' published test ranges, BICs
//! are marked as test codes, German bank codes have a first digit that none
//! has. No other country sets bank codes aside; there a bank's own code can come
//! up by chance.

use super::number::{self, Units};
use super::pen::Pen;
use crate::bban;
use crate::check_digit;
use crate::dictionary::Format;
use crate::pattern::{write_digits, write_pattern};

/// What is written where the country has no IBAN, and the column wants one.
const ELSEWHERE: &str = "DE: 9#################";

/// Draws: the pattern's. Check digits inside the account number are drawn like
/// others and then made right.
pub(super) fn iban(pen: &mut Pen<'_>) {
    let format = pen.words.format(Format::Iban);
    let (country, account) =
        format.split_once(':').or_else(|| ELSEWHERE.split_once(':')).unwrap_or_default();
    pen.out.push_str(country);
    let from = pen.out.len();
    write_pattern(account.trim(), pen.stream, pen.out);
    if let Some((place, right)) = bban::checked(country, &pen.out[from..]) {
        for (at, character) in (from + place..).zip(right) {
            pen.out.replace_range(at..=at, character.encode_utf8(&mut [0; 4]));
        }
    }
    let check = check_digit::iban(country, &pen.out[from..]);
    for (index, digit) in check.into_iter().enumerate() {
        pen.out.insert(from + index, digit);
    }
}

/// Draws: 1 the four letters of the bank, 2 the first of its place.
pub(super) fn bic(pen: &mut Pen<'_>) {
    let mut bank = pen.stream.below(26 * 26 * 26 * 26);
    for _ in 0..4 {
        pen.out.push(char::from(b'A' + (bank % 26) as u8));
        bank /= 26;
    }
    pen.out.push_str(pen.locale.country_code());
    write_pattern("?", pen.stream, pen.out);
    // ISO 9362: 0 as the eighth character is a test code.
    pen.out.push('0');
}

/// First digits and length of test cards published by payment processors.
const CARDS: [(&str, usize); 6] = [
    ("424242", 16),
    ("411111", 16),
    ("555555", 16),
    ("510510", 16),
    ("378282", 15),
    ("601111", 16),
];

/// Draws: 1 the scheme, 2 the digits.
pub(super) fn card_number(pen: &mut Pen<'_>) {
    let (prefix, length) = pen.stream.pick(&CARDS).copied().unwrap_or(CARDS[0]);
    let from = pen.out.len();
    pen.out.push_str(prefix);
    write_digits(length - prefix.len() - 1, pen.stream, pen.out);
    let check = check_digit::luhn(&pen.out[from..]);
    pen.out.push(check);
}

pub(super) fn account_number(pen: &mut Pen<'_>) {
    write_digits(10, pen.stream, pen.out);
}

pub(super) fn amount(pen: &mut Pen<'_>) {
    if let Some(units) = Units::of(pen.limits, 1, 5_000) {
        number::write(units.draw(pen.stream), units.scale, pen.out);
    }
}
