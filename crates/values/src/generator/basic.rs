//! Values of a type about which nothing more is known.

use super::number::{self, Units};
use super::pen::Pen;
use crate::base::{HEX, write_bits};
use crate::dictionary::List;

pub(super) fn integer(pen: &mut Pen<'_>) {
    let (low, high) = pen.limits.usual(1, 1_000);
    if low <= high {
        let value = pen.stream.between(low, high);
        number::write(value, 0, pen.out);
    }
}

pub(super) fn decimal(pen: &mut Pen<'_>) {
    if let Some(units) = Units::of(pen.limits, 0, 1_000) {
        number::write(units.draw(pen.stream), units.scale, pen.out);
    }
}

pub(super) fn boolean(pen: &mut Pen<'_>) {
    pen.out.push_str(if pen.stream.chance(1, 2) { "true" } else { "false" });
}

/// Draws: 1 a word, 2 a number, 3 a truth value.
pub(super) fn json(pen: &mut Pen<'_>) {
    pen.out.push_str("{\"name\": \"");
    let words = pen.words.list(List::Word);
    let word = pen.stream.pick(words).copied().unwrap_or_default();
    for letter in word.chars() {
        // Control characters are in no list, which the dictionaries' test makes sure of.
        if matches!(letter, '"' | '\\') {
            pen.out.push('\\');
        }
        pen.out.push(letter);
    }
    pen.out.push_str("\", \"count\": ");
    let count = pen.stream.below(100);
    pen.number(count, 1);
    pen.out.push_str(", \"active\": ");
    boolean(pen);
    pen.out.push('}');
}

pub(super) fn bytes(pen: &mut Pen<'_>) {
    let bits = pen.bits();
    pen.out.push_str("\\x");
    write_bits(bits, 32, HEX, pen.out);
}
