//! Unique keys: what can identify a row and what can be in a conflict target.

use serde::{Deserialize, Serialize};

/// A unique index that is valid; constraint or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueKey {
    /// Name of the index, which is that of the constraint if it is one.
    pub name: String,
    /// What is unique; without INCLUDE columns.
    pub parts: Vec<KeyPart>,
    /// The condition of a partial index as the server writes it.
    pub predicate: Option<String>,
    /// Columns the predicate mentions.
    pub predicate_columns: Vec<String>,
    /// Whether it is the primary key.
    pub primary: bool,
    /// Whether it is a constraint, which `ON CONSTRAINT` could name.
    pub constraint: bool,
    /// Whether it is checked at once; a deferrable one cannot be a conflict
    /// target.
    pub immediate: bool,
    /// Whether two NULLs are equal to it (PostgreSQL 15).
    pub nulls_not_distinct: bool,
}

/// A column or an expression of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPart {
    /// The column, if it is a plain one.
    pub column: Option<String>,
    /// As the server writes it (`pg_get_indexdef(index, n, true)`).
    pub expression: String,
    /// Columns an expression mentions; the column itself if it is one.
    pub columns: Vec<String>,
}

impl UniqueKey {
    /// Every column that decides about the key.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| part.columns.iter().map(String::as_str))
    }

    /// Whether it is made of plain columns only.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.parts.iter().all(|part| part.column.is_some())
    }
}
