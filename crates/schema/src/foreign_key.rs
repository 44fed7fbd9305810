//! Foreign keys.

use serde::{Deserialize, Serialize};

use crate::TableName;

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// Columns here, in the key's order.
    pub columns: Vec<String>,
    /// The table referred to.
    pub parent: TableName,
    /// Columns there, in the same order.
    pub parent_columns: Vec<String>,
    /// Whether it can be checked at the end of the transaction.
    pub deferrable: bool,
    /// Whether it is so from the beginning.
    pub initially_deferred: bool,
    /// Whether a key of which some columns are NULL is refused (MATCH FULL).
    pub match_full: bool,
    /// Whether it is enforced (`NOT ENFORCED` from PostgreSQL 18 on).
    pub enforced: bool,
    /// What deleting the parent does.
    pub on_delete: Action,
    /// Whether the last column is a range that ranges of the parent must cover
    /// (`PERIOD`, PostgreSQL 18).
    #[serde(default)]
    pub period: bool,
}

/// A referential action.
#[expect(missing_docs, reason = "each is the SQL clause of that name")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}
