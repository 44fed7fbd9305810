//! What a column asks of a value beyond its kind.

use std::fmt;

/// Bounds a generator keeps. Leave open what the type itself already bounds:
/// an open integer is a small ordinary number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most characters (not bytes), as in `varchar(n)`.
    pub max_chars: Option<usize>,
    /// Least value of a number, included.
    pub min: Option<i64>,
    /// Greatest value of a number, included.
    pub max: Option<i64>,
    /// Digits of a decimal in all; 18 are used at most.
    pub precision: Option<u32>,
    /// Digits of a decimal after the point; 9 are used at most.
    pub scale: Option<u32>,
}

impl Limits {
    /// No limit.
    pub const NONE: Self =
        Self { max_chars: None, min: None, max: None, precision: None, scale: None };

    /// At most this many characters.
    #[must_use]
    pub const fn chars(max: usize) -> Self {
        Self { max_chars: Some(max), ..Self::NONE }
    }

    /// A number in `[min, max]`.
    #[must_use]
    pub const fn range(min: i64, max: i64) -> Self {
        Self { min: Some(min), max: Some(max), ..Self::NONE }
    }

    /// A `numeric(precision, scale)`.
    #[must_use]
    pub const fn digits(precision: u32, scale: u32) -> Self {
        Self { precision: Some(precision), scale: Some(scale), ..Self::NONE }
    }

    /// The range to draw from where `low` to `high` is usual: a bound that is
    /// given replaces the usual one, and moves the other if it is passed.
    pub(crate) fn usual(&self, low: i64, high: i64) -> (i64, i64) {
        let span = high.saturating_sub(low);
        match (self.min, self.max) {
            (Some(min), Some(max)) => (min, max),
            (Some(min), None) => (min, high.max(min.saturating_add(span))),
            (None, Some(max)) => (low.min(max.saturating_sub(span)), max),
            (None, None) => (low, high),
        }
    }
}

/// Why no value was written; nothing was appended then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Every value of this kind is longer than the limit.
    NoRoom {
        /// The generator's word.
        generator: &'static str,
        /// Characters there are.
        room: usize,
        /// Characters the value drawn here has.
        needed: usize,
    },
    /// No number of this kind lies within the bounds.
    NoNumber {
        /// The generator's word.
        generator: &'static str,
    },
    /// A token has no place in a value of this kind without breaking its form.
    NotUnique {
        /// The generator's word.
        generator: &'static str,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom { generator, room, needed } => {
                write!(f, "`{generator}` needs {needed} characters and there are {room}")
            }
            Self::NoNumber { generator } => {
                write!(f, "`{generator}` has no number within the bounds")
            }
            Self::NotUnique { generator } => {
                write!(f, "`{generator}` has no place for what would make it unique")
            }
        }
    }
}

impl std::error::Error for Unfit {}
