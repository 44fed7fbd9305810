//! The value of a generator for a numbered cell.

use proptest::test_runner::Config;
use seedbed_values::{Cell, ColumnKey, Generator, Limits, Locale, Token, Unfit};

/// A property is tried on this many cases; a failing one is told, not kept.
pub(crate) fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

pub(crate) fn cell(row: u64) -> Cell {
    Cell::seeded(&ColumnKey::new("seed0", "public", "people", "it"), row)
}

pub(crate) fn limited(
    generator: Generator,
    locale: Locale,
    row: u64,
    limits: &Limits,
) -> Result<String, Unfit> {
    let mut out = String::from("before ");
    let written = generator.write(&mut cell(row).stream(), locale, limits, &mut out);
    assert!(out.starts_with("before "), "{}: {out}", generator.word());
    assert!(written.is_ok() || out == "before ", "{}: {out}", generator.word());
    written.map(|()| out.split_off(7))
}

pub(crate) fn value(generator: Generator, locale: Locale, row: u64) -> String {
    limited(generator, locale, row, &Limits::NONE).expect("nothing limits it")
}

pub(crate) fn unique(
    generator: Generator,
    locale: Locale,
    row: u64,
    limits: &Limits,
) -> Result<String, Unfit> {
    let (cell, mut out) = (cell(row), String::from("before "));
    let token = Token::of(&cell);
    let written = generator.write_unique(&mut cell.stream(), &token, locale, limits, &mut out);
    assert!(written.is_ok() || out == "before ", "{}: {out}", generator.word());
    written.map(|()| out.split_off(7))
}
