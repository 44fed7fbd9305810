//! How a column's values are made: a closed list that covers every type the
//! server has.

mod axis;
mod build;
mod draw;
mod guise;
mod scalar;
mod text;
mod write;

pub(crate) use build::{Impossible, build};
pub(crate) use draw::{Draw, Unfit, Unique};
pub(crate) use guise::Guise;

use seedbed_values::Generator;

use crate::check::Demand;
use crate::classify::Usual;
use crate::moment::Clock;

/// How a column's values are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe(pub(crate) Kind);

/// How a value is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// One of these texts: enums, booleans, names of the catalogue. A boolean
    /// may usually be one of both.
    Choice(Vec<String>, Option<bool>),
    /// A whole number within the type's bounds, and the least and greatest that
    /// are drawn.
    Integer(i64, i64, (i64, i64)),
    /// Units of `10^-scale` within the type's bounds, every `step`-th; in
    /// hundredths what is drawn.
    Decimal { low: i128, high: i128, scale: u32, step: i128, usual: (i128, i128) },
    /// A date or time, and what it is about.
    Moment(Clock, Option<Generator>),
    /// A span of time.
    Span,
    /// Text of at most so many characters, and what it is about.
    Text { most: Option<usize>, like: Option<Generator>, style: Style },
    /// So many bits, or at most so many.
    Bits(u32),
    /// A byte string.
    Bytes,
    /// A JSON document.
    Json,
    /// A form: `#` is a digit, `%` a hexadecimal one, `@` a letter.
    Form(&'static str),
    /// What no check asks more of: the generator decides alone.
    Like(Generator),
    /// So many numbers in brackets.
    Vector(u32),
    /// Elements with the delimiter of their type.
    Array(Box<Recipe>, char),
    /// A range; whether it is a multirange.
    Range(Box<Recipe>, bool),
    /// Fields in order.
    Composite(Vec<Recipe>),
    /// Values of a domain within another type, which meet its conditions.
    Bound(Box<Recipe>, Box<Demand>),
}

impl Recipe {
    /// Draws what is usual for a column of its name.
    pub(crate) fn usually(&mut self, usual: &Usual) {
        match (&mut self.0, *usual) {
            (Kind::Integer(_, _, between), Usual::Between(low, high)) => *between = (low, high),
            (Kind::Decimal { usual, .. }, Usual::Between(low, high)) => {
                *usual = (i128::from(low) * 100, i128::from(high) * 100);
            }
            (Kind::Choice(_, held), Usual::Only(usual)) => *held = Some(usual),
            _ => {}
        }
    }
}

/// What text is made of where nothing says what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Words.
    Words,
    /// Capitals that fill the type, as codes in `char(n)` do.
    Code,
}
