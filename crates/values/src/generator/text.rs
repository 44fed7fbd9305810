//! Running text of the locale's words: it has the look of the language and
//! says nothing. Draws: first how many parts there are, then one for each word.

use super::pen::Pen;
use crate::dictionary::List;
use crate::locale::Locale;

pub(super) fn word(pen: &mut Pen<'_>) {
    pen.entry(List::Word);
}

/// Two to five words.
pub(super) fn words(pen: &mut Pen<'_>) {
    let between = if unspaced(pen.locale) { "、" } else { " " };
    let count = 2 + pen.stream.below(4);
    write_words(pen, count, between);
}

/// Two to five words with a capital.
pub(super) fn title(pen: &mut Pen<'_>) {
    let from = pen.out.len();
    let count = 2 + pen.stream.below(4);
    let between = if unspaced(pen.locale) { "" } else { " " };
    write_words(pen, count, between);
    capitalise(pen.out, from);
}

/// Five to twelve words with a capital and a full stop.
pub(super) fn sentence(pen: &mut Pen<'_>) {
    let from = pen.out.len();
    let unspaced = unspaced(pen.locale);
    let count = 5 + pen.stream.below(8);
    write_words(pen, count, if unspaced { "" } else { " " });
    capitalise(pen.out, from);
    pen.out.push(if unspaced { '。' } else { '.' });
}

/// Three to six sentences.
pub(super) fn paragraph(pen: &mut Pen<'_>) {
    for index in 0..3 + pen.stream.below(4) {
        if index > 0 && !unspaced(pen.locale) {
            pen.out.push(' ');
        }
        sentence(pen);
    }
}

/// Two to four paragraphs.
pub(super) fn paragraphs(pen: &mut Pen<'_>) {
    for index in 0..2 + pen.stream.below(3) {
        if index > 0 {
            pen.out.push_str("\n\n");
        }
        paragraph(pen);
    }
}

fn write_words(pen: &mut Pen<'_>, count: u64, between: &str) {
    for index in 0..count {
        if index > 0 {
            pen.out.push_str(between);
        }
        pen.entry(List::Word);
    }
}

/// Japanese is written without spaces.
fn unspaced(locale: Locale) -> bool {
    locale == Locale::JaJp
}

/// Makes the letter at `from` a capital, if it has one.
fn capitalise(out: &mut String, from: usize) {
    let Some(first) = out[from..].chars().next() else { return };
    let mut capital = first.to_uppercase();
    if let (Some(single), None) = (capital.next(), capital.next())
        && single != first
    {
        let mut bytes = [0; 4];
        out.replace_range(from..from + first.len_utf8(), single.encode_utf8(&mut bytes));
    }
}
