//! What is known of a table's rows before any is made.

use std::collections::BTreeSet;

use seedbed_schema::{Check, Schema, Table};

use crate::column::Cell;
use crate::condition::Condition;
use crate::fill::{ColumnModel, Fill};
use crate::guises::{Group, groups};
use crate::settings::Settings;
use crate::{column, condition, need};

/// What is known of a table's rows before any is made: the same for all calls
/// that pass the same columns.
#[derive(Clone, Debug)]
pub struct TableModel {
    /// In the table's order.
    pub columns: Vec<ColumnModel>,
    /// Conditions only the server can judge, in the order it checks them. Those
    /// of domains are among them, `VALUE` replaced by the column, that some
    /// partition holds the row, and that a generated column is not NULL.
    pub judged: Vec<Check>,
    /// The columns they depend on.
    pub groups: Vec<Group>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) settings: Settings,
    given: BTreeSet<String>,
}

/// The model for calls that pass no column.
#[must_use]
pub fn table_model(schema: &Schema, table: &Table, settings: &Settings) -> TableModel {
    TableModel::new(schema, table, settings, &BTreeSet::new())
}

impl TableModel {
    /// The model for calls that pass `given`. A condition such as
    /// `num_nonnulls(a, b) = 1` makes columns necessary that could be left out
    /// otherwise: the fewest that meet it, the first of the table where there
    /// are several such sets. Passing one of them makes the others unnecessary.
    #[must_use]
    pub fn new(
        schema: &Schema,
        table: &Table,
        settings: &Settings,
        given: &BTreeSet<String>,
    ) -> Self {
        let mut cells = column::cells(schema, table, settings);
        let (conditions, judged) = condition::read(schema, table, &mut cells);
        let mut columns = need::fills(table, &cells, &conditions, given);
        need::options(table, &mut cells, &mut columns, (&conditions, &judged), given);
        column::mark_unique(table, &columns, given, &mut cells);
        Self {
            columns,
            groups: groups(table, &cells, &judged),
            judged,
            cells,
            conditions,
            settings: settings.clone(),
            given: given.clone(),
        }
    }

    /// How many different values a column can hold, where that is known: 2 for
    /// a boolean, an enum's labels, what a check chooses from, the numbers
    /// within bounds. Where it is less than the rows wanted of a unique column,
    /// they cannot be made.
    #[must_use]
    pub fn domain(&self, column: &str) -> Option<u64> {
        let cell = self.cells.iter().find(|cell| cell.name == column)?;
        cell.recipe.as_ref().ok()?.size(&cell.demand)
    }

    /// Whether a column stays NULL unless a condition of what is passed asks for a
    /// value: only the values tell.
    #[must_use]
    pub fn is_optional(&self, column: &str) -> bool {
        self.cells.iter().any(|cell| cell.name == column && cell.optional)
    }

    /// The columns that must be given a value where nobody passes one, in the
    /// table's order: those generated. Those of parents are not among them.
    pub fn wanted(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .filter(|column| {
                matches!(column.fill, Fill::Generate(_)) && !self.given.contains(&column.name)
            })
            .map(|column| column.name.as_str())
    }
}
