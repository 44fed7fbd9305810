//! Things sold. EAN and UPC are from the ranges that GS1 leaves to shops for
//! their own use, so none is some maker's article; an ISBN has no such range.

use super::number::{self, Units};
use super::pen::Pen;
use crate::base::{HEX, write_bits};
use crate::check_digit::mod10;
use crate::dictionary::{Format, List};
use crate::pattern::write_digits;

/// Draws: 1 adjective, 2 material, 3 the thing.
pub(super) fn product(pen: &mut Pen<'_>) {
    let [adjective, material, noun] =
        [List::ProductAdjective, List::ProductMaterial, List::ProductNoun]
            .map(|list| (list, pen.stream.index(pen.words.list(list).len())));
    pen.template(pen.words.format(Format::Product), |pen, part| {
        let (list, index) = match part {
            "product_adjective" => adjective,
            "product_material" => material,
            _ => noun,
        };
        pen.nth(list, index);
    });
}

/// Draws: 1 the amount, 2 which customary ending its cents get.
pub(super) fn price(pen: &mut Pen<'_>) {
    let Some(units) = Units::of(pen.limits, 1, 200) else { return };
    let drawn = units.draw(pen.stream);
    let ending = pen.stream.pick(&[99, 90, 50, 0]).copied().unwrap_or(0);
    let customary = drawn - drawn.rem_euclid(100) + ending;
    let price = if units.scale == 2 && customary <= units.high { customary } else { drawn };
    number::write(price, units.scale, pen.out);
}

/// Three letters without vowels, so that they spell nothing, and five digits.
pub(super) fn sku(pen: &mut Pen<'_>) {
    const LETTERS: &[u8; 16] = b"BCDFGHKMNPQRTVWX";
    let bits = pen.stream.below(4_096);
    let number = pen.stream.below(100_000);
    if pen.token.is_none() {
        if pen.room() >= 9 {
            write_bits(u128::from(bits), 3, LETTERS, pen.out);
            pen.out.push('-');
        }
        let from = pen.out.len();
        pen.number(number, 5);
        pen.close(from, '-', &[]);
        return;
    }
    let from = pen.out.len();
    write_bits(u128::from(bits), 3, LETTERS, pen.out);
    pen.close(from, '-', &[]);
    pen.out[from..].make_ascii_uppercase();
}

pub(super) fn ean(pen: &mut Pen<'_>) {
    write_article(pen, "20", 10);
}

pub(super) fn upc(pen: &mut Pen<'_>) {
    write_article(pen, "4", 10);
}

pub(super) fn isbn(pen: &mut Pen<'_>) {
    write_article(pen, "978", 9);
}

/// One draw for the digits after the prefix.
fn write_article(pen: &mut Pen<'_>, prefix: &str, digits: usize) {
    let from = pen.out.len();
    pen.out.push_str(prefix);
    write_digits(digits, pen.stream, pen.out);
    let check = mod10(&pen.out[from..]);
    pen.out.push(check);
}

pub(super) fn color(pen: &mut Pen<'_>) {
    pen.entry(List::Color);
}

pub(super) fn hex_color(pen: &mut Pen<'_>) {
    let bits = pen.stream.below(1 << 24);
    pen.out.push('#');
    write_bits(u128::from(bits), 6, HEX, pen.out);
}

pub(super) fn currency(pen: &mut Pen<'_>) {
    pen.out.push_str(pen.words.format(Format::Currency));
}

/// Two draws, the second below the first.
pub(super) fn quantity(pen: &mut Pen<'_>) {
    let (low, high) = pen.limits.usual(1, 10);
    if low <= high {
        let first = pen.stream.between(low, high);
        let second = pen.stream.between(low, first);
        number::write(second, 0, pen.out);
    }
}
