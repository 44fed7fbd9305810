//! Tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Check, Column, Exclusion, ForeignKey, TableName, UniqueKey};

/// A table, or a view through which rows can be inserted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// What it is.
    pub kind: TableKind,
    /// In the table's order, without dropped ones.
    pub columns: Vec<Column>,
    /// Valid unique indexes, the primary key first.
    pub keys: Vec<UniqueKey>,
    /// Conditions on its rows, in the order in which the server checks them
    /// (by name).
    pub checks: Vec<Check>,
    /// Exclusion constraints.
    pub exclusions: Vec<Exclusion>,
    /// References to other tables.
    pub foreign_keys: Vec<ForeignKey>,
    /// Row triggers of the user's that run BEFORE or INSTEAD OF INSERT or UPDATE.
    pub triggers: Vec<Trigger>,
    /// Whether INSERT fires a statement trigger of the user's, which it does even
    /// if it inserts nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_inserts: bool,
    /// Whether other tables inherit from it (`INHERITS`), whose rows a query of it
    /// shows beside its own: none of its keys and references are about them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_heirs: bool,
    /// Whether row-level security is on.
    pub row_security: bool,
    /// What its partitions hold, if it is partitioned: the leaves of its tree,
    /// so that a row has a place where one of them says so.
    pub partitions: Vec<Partition>,
    /// Columns or expressions of its partition key, as in `KeyPart::expression`.
    pub partition_key: Vec<String>,
    /// Where rows of an automatically updatable view go.
    #[serde(default)]
    pub view: Option<View>,
    /// Rights of the connected role.
    pub may_select: bool,
    /// See `may_select`; on the whole table or on columns.
    pub may_insert: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableKind {
    /// An ordinary table.
    Ordinary,
    /// A partitioned one.
    Partitioned,
    /// A partition of one.
    Partition,
    /// A foreign table.
    Foreign,
    /// A view.
    View,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Its name.
    pub name: TableName,
    /// What it holds (`pg_get_partition_constraintdef`); absent: the default
    /// partition of a table that has no other.
    pub holds: Option<String>,
}

/// What a view without triggers or rules of its own shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The table, or again a view, that takes its rows.
    pub base: TableName,
    /// Columns of the view that are plain columns there: name here, name there.
    pub columns: BTreeMap<String, String>,
}

/// A trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Whether INSERT fires it.
    pub on_insert: bool,
    /// Whether UPDATE fires it.
    pub on_update: bool,
    /// Columns its function assigns to (`NEW.path := …`), as far as its source
    /// says: it may do so on some paths only, and others may be hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<String>,
    /// Those of them that it gives another value on every path, whatever they held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
}

impl Table {
    /// A column by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Its own rows, as what SELECT is FROM and what UPDATE changes.
    #[must_use]
    pub fn own_rows(&self) -> String {
        let only = if self.has_heirs { "ONLY " } else { "" };
        format!("{only}{}", self.name.sql())
    }

    /// The primary key.
    #[must_use]
    pub fn primary_key(&self) -> Option<&UniqueKey> {
        self.keys.iter().find(|key| key.primary)
    }
}
