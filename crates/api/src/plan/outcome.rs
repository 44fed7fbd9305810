//! What came of a call.

use std::sync::Arc;

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
    pub columns: Arc<Vec<Column>>,
    /// All columns as text, after triggers and defaults, by ordinal.
    pub rows: Vec<Vec<Option<String>>>,
    /// What happened to each row.
    pub outcomes: Vec<Outcome>,
    /// What of rows that were there is not as it was passed and stays so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptValues>,
}

/// Values that were passed for rows that are there with others, in columns that
/// are never updated, such as a time of creation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptValues {
    /// The columns of this kind that were passed.
    pub columns: Vec<String>,
    /// The rows that differ in some of them.
    pub ordinals: Vec<u32>,
}
