//! Telephone numbers, from ranges kept for fiction where the country has
//! some. Draws: 1 mobile or landline (`below(2)`, 0 is mobile), 2 which of
//! the patterns, then the pattern's own; both forms of one cell are one number.

use super::pen::Pen;
use crate::dictionary::Format;

fn write_international(pen: &mut Pen<'_>) {
    let mobile = pen.stream.chance(1, 2);
    pen.pattern(if mobile { Format::PhoneMobile } else { Format::PhoneLandline });
}

pub(super) fn e164(pen: &mut Pen<'_>) {
    let from = pen.out.len();
    write_international(pen);
    // Everything after the plus sign but digits is for the eye.
    while let Some(at) = pen.out[from + 1..].find(|c: char| !c.is_ascii_digit()) {
        pen.out.remove(from + 1 + at);
    }
}

pub(super) fn national(pen: &mut Pen<'_>) {
    let from = pen.out.len();
    write_international(pen);
    let trunk = Some(pen.words.format(Format::Trunk)).filter(|trunk| *trunk != "none");
    // The country's code is what stands before the first space.
    let code = pen.out[from..].find(' ').map_or(0, |at| at + 1);
    pen.out.replace_range(from..from + code, trunk.unwrap_or_default());
}
