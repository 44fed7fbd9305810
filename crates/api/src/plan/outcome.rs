//! What came of a call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Column;

/// What happened to a row.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was inserted.
    Created,
    /// It was there; nothing was written.
    Matched,
    /// It was there; columns that were passed and differed were updated.
    Updated,
}

/// Rows of one binding after a plan ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Made {
    /// The binding.
    pub binding: String,
    /// The table, qualified where it must be.
    pub table: String,
    /// The columns of `rows`, in the table's order.
    pub columns: Vec<Column>,
    /// All columns as text, after triggers and defaults, by ordinal.
    pub rows: Vec<Vec<Option<String>>>,
    /// What happened to each row.
    pub outcomes: Vec<Outcome>,
}
