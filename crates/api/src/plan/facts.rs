//! What a client may know of a database's schema: enough to understand the
//! names that people write in their tests, and no more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A database's tables, by schema and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaFacts {
    /// Hash of the catalogue: another one where anything here differs.
    pub fingerprint: String,
    /// The search path's schemas, in order: a name without a schema means the
    /// table of the first of them that has it.
    pub search_path: Vec<String>,
    /// Tables, partitions, foreign tables and views that take rows.
    pub tables: Vec<TableFacts>,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableFacts {
    /// The schema it is in.
    pub schema: String,
    /// Its name there.
    pub name: String,
    /// What it is.
    pub kind: TableSort,
    /// In the table's order.
    pub columns: Vec<ColumnFacts>,
    /// Columns of the primary key; empty if it has none.
    pub primary_key: Vec<String>,
    /// Unique keys made of plain columns, without conditions; the primary key
    /// is among them.
    pub unique_keys: Vec<KeyFacts>,
    /// References to other tables.
    pub foreign_keys: Vec<ReferenceFacts>,
}

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableSort {
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

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnFacts {
    /// Its name.
    pub name: String,
    /// Its type as the server writes it (`format_type`): `bigint`,
    /// `character varying(40)`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether it is computed from other columns, so that no value can be given.
    pub generated: bool,
    /// Whether it numbers its rows, and whether a value can be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentitySort>,
    /// Whether the database fills it where no value is given.
    pub default: bool,
}

/// How a column numbers its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentitySort {
    /// Always.
    Always,
    /// Where no value is given.
    ByDefault,
}

/// A unique key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyFacts {
    /// Name of its index.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReferenceFacts {
    /// Its name.
    pub name: String,
    /// Columns here, in the key's order.
    pub columns: Vec<String>,
    /// The table it refers to, as calls name it: `users`, and with its schema
    /// where that is not `public`: `sales.users`.
    pub table: String,
    /// Columns there, in the same order.
    pub references: Vec<String>,
}
