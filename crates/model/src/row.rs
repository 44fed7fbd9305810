//! Values of one row.

use std::collections::BTreeMap;
use std::fmt;

use seedbed_values::Datum;

/// Which row it is; the only source of its bits besides settings and column.
#[derive(Clone, Copy, Debug)]
pub enum Identity<'a> {
    /// The row with this natural key, in normalised form.
    Keyed(&'a [Datum]),
    /// The row of this number in a scope.
    Ordinal {
        /// `shared`, or a test's identity.
        scope: &'a str,
        /// Counted from 0.
        ordinal: u64,
    },
}

/// Asks for the values of one row.
#[derive(Clone, Copy, Debug)]
pub struct RowRequest<'a> {
    /// Which row.
    pub identity: Identity<'a>,
    /// Columns whose values are given, explicitly or by a parent; they are
    /// never changed, conditions are solved around them.
    pub fixed: &'a BTreeMap<String, Option<String>>,
    /// Columns to give a value.
    pub wanted: &'a [String],
    /// 0 is the row's value; others are alternatives, where that one is taken
    /// or the server refuses it. From 65,536 on conditions are met another way
    /// first.
    pub attempt: u32,
    /// The row's number among those made together; says which row it is where
    /// the identity is an empty key.
    pub ordinal: u64,
}

/// No row meets the conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// The column that has no value left, if it is one.
    pub column: Option<String>,
    /// The condition that could not be met, if it is one.
    pub check: Option<String>,
    /// Its text.
    pub expression: Option<String>,
    /// Columns whose generated values it concerns.
    pub columns: Vec<String>,
    /// Why, as a fragment; holds no row value.
    pub why: String,
}

impl Exhausted {
    pub(crate) fn of_column(name: &str, why: &str) -> Self {
        Self { column: Some(name.to_owned()), columns: vec![name.to_owned()], ..Self::of_row(why) }
    }

    pub(crate) fn of_row(why: &str) -> Self {
        let why = why.to_owned();
        Self { column: None, check: None, expression: None, columns: Vec::new(), why }
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.column, &self.check) {
            (Some(column), _) => write!(f, "column `{column}`: {}", self.why),
            (None, Some(check)) => write!(f, "condition `{check}`: {}", self.why),
            (None, None) => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Exhausted {}
