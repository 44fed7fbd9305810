//! What is known of a table's rows before any is made.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_schema::{Check, Schema, Table};

use crate::fill::ColumnModel;
use crate::row::{Exhausted, RowRequest};
use crate::settings::Settings;

/// What is known of a table's rows before any is made: the same for all calls
/// that pass the same columns.
#[derive(Clone, Debug)]
pub struct TableModel {
    /// In the table's order.
    pub columns: Vec<ColumnModel>,
    /// Conditions only the server can judge, in the order it checks them. Those
    /// of domains are among them, `VALUE` replaced by the column.
    pub judged: Vec<Check>,
}

/// The model for calls that pass no column.
#[must_use]
pub fn table_model(schema: &Schema, table: &Table, settings: &Settings) -> TableModel {
    TableModel::new(schema, table, settings, &BTreeSet::new())
}

impl TableModel {
    /// The model for calls that pass `given`: a condition such as
    /// `num_nonnulls(a, b) = 1` makes other columns necessary then.
    #[must_use]
    pub fn new(
        _schema: &Schema,
        _table: &Table,
        _settings: &Settings,
        _given: &BTreeSet<String>,
    ) -> Self {
        Self { columns: Vec::new(), judged: Vec::new() }
    }

    /// The values of the columns `wanted`, and of no others.
    ///
    /// # Errors
    /// No row meets the conditions with these fixed values.
    pub fn row(
        &self,
        _request: &RowRequest<'_>,
    ) -> Result<BTreeMap<String, Option<String>>, Exhausted> {
        Ok(BTreeMap::new())
    }

    /// How many different values a column can hold, where that is few enough
    /// to matter.
    #[must_use]
    pub fn domain(&self, _column: &str) -> Option<u64> {
        None
    }
}
