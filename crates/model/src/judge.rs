//! Lets the server judge candidate rows, before any is inserted. The texts of
//! the catalogue are used unchanged over a subselect that has the table's name,
//! column names and types.

use std::collections::BTreeMap;

use seedbed_api::Result;
use seedbed_schema::{Check, Schema, Table};

/// A row that could be inserted.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Which of the rows asked for.
    pub row: u32,
    /// Which of its alternatives.
    pub attempt: u32,
    /// Its columns as text; those that are absent get their default where that
    /// says the same for every row, otherwise NULL.
    pub values: BTreeMap<String, Option<String>>,
}

/// A statement with text parameters, and how its answer is read.
#[derive(Clone, Debug)]
pub struct Question {
    /// The statement; every parameter is of type text and cast inside, every
    /// column of the answer is text.
    pub sql: String,
    /// `$1`, `$2`, …
    pub parameters: Vec<Option<String>>,
}

/// What the server says of a candidate that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Which of the rows asked for.
    pub row: u32,
    /// Which of its alternatives.
    pub attempt: u32,
    /// For each unique key of the table: candidates with the same number are
    /// equal to it; absent where the key does not bind the row.
    pub groups: Vec<Option<u64>>,
}

/// Which of these candidates meet all of `judged`, and are not taken by a row
/// that is there.
#[must_use]
pub fn candidates(
    _schema: &Schema,
    _table: &Table,
    _judged: &[Check],
    _candidates: &[Candidate],
) -> Question {
    Question { sql: String::new(), parameters: Vec::new() }
}

/// Reads the answer to [`candidates`].
///
/// # Errors
/// The answer is none to that question ([`seedbed_api::Kind::Bug`]).
pub fn passed(_rows: &[Vec<Option<String>>]) -> Result<Vec<Passed>> {
    Ok(Vec::new())
}

/// For each row the first alternative that passed and is equal to none chosen
/// before it under any unique key; rows without one are absent.
#[must_use]
pub fn choose(_passed: &[Passed]) -> BTreeMap<u32, u32> {
    BTreeMap::new()
}

/// The values of expressions of the catalogue (index predicates, generated
/// columns, key expressions) over candidate rows. The answer has one row for
/// each candidate, in their order: one text for each expression.
#[must_use]
pub fn evaluate(
    _schema: &Schema,
    _table: &Table,
    _expressions: &[&str],
    _candidates: &[Candidate],
) -> Question {
    Question { sql: String::new(), parameters: Vec::new() }
}
