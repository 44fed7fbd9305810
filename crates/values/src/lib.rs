//! What a cell can hold. Every value is a pure function of *cell bits*: no
//! clock, no float, no process state, so that any machine, thread or language
//! makes the same value. Version 1 of algorithm and dictionaries is frozen.
//!
//! From the seed to a value: [`ColumnKey`] → [`Cell`] → [`Stream`] →
//! [`Generator`]. Uniqueness is by [`Permutation`] (bulk rows) or by an
//! embedded [`Token`] (keyed rows).

mod ascii;
mod base;
mod bban;
mod calendar;
mod cell;
mod check_digit;
mod datum;
mod dictionary;
mod generator;
mod limits;
mod locale;
mod pattern;
mod permutation;
mod philox;
mod stream;
mod token;
mod unknown;

pub use bban::is_bban;
pub use calendar::civil;
pub use cell::{Cell, ColumnKey, VERSION};
pub use check_digit::{ean13, iban, is_iban, is_isbn10, is_luhn, is_mod10, isbn10, luhn, mod10};
pub use datum::{Datum, Numeric, NumericError, TAGS};
pub use dictionary::{Dictionary, Format, List};
pub use generator::{Generator, Natural, Uniqueness};
pub use limits::{Limits, Unfit};
pub use locale::Locale;
pub use permutation::Permutation;
pub use philox::philox2x64;
pub use stream::Stream;
pub use token::Token;
pub use unknown::Unknown;
