//! Nodes: the rows of one table that a call is about, and where each of their
//! columns comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::plan::{Policy, Rows};
use seedbed_model::TableModel;
use seedbed_schema::{Column, ForeignKey, Table, TableName};

use crate::key::Choice;
use crate::wanted::Passed;

/// All nodes of a call. The first is the call's own.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) scope: String,
}

/// Rows of one table.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Name of the binding.
    pub(crate) name: String,
    /// The table; with what generated values must know of it besides.
    pub(crate) table: Arc<Table>,
    pub(crate) model: Arc<TableModel>,
    pub(crate) rows: Rows,
    pub(crate) place: Place,
    pub(crate) key: Choice,
    /// Columns that are written when a row is made.
    pub(crate) sources: BTreeMap<String, Source>,
    /// How its values are told from those of other rows.
    pub(crate) identity: Identity,
    /// Values that are the same in every run: they stand in the plan.
    pub(crate) constants: BTreeMap<String, Option<String>>,
    pub(crate) policy: Policy,
    pub(crate) fresh: bool,
    /// Whether all its rows would have the same key: there can be one of them.
    pub(crate) same_key: bool,
    /// The view that its statements are about; absent: the table itself.
    pub(crate) through: Option<TableName>,
}

/// Why a node is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It was asked for.
    Target,
    /// It was asked for as children of a node, so many for each row.
    Child { of: usize, each: u32 },
    /// A parent that all rows share.
    Shared,
    /// A parent for each row of a node, which no other row can have.
    Own { of: usize },
}

/// Where a column's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// It was passed.
    Argument(Passed),
    /// A column of another node's row.
    Parent { node: usize, column: String },
    /// It is generated.
    Generated,
    /// The default, as text: the row is looked for by it.
    Default(String),
    /// A column of the same row: a reference to itself.
    Itself { column: String },
}

/// What identifies a node's rows to the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Its key's columns, all passed, and its parent's identity if it is a child.
    Key,
    /// Its ordinal from `first` on, in the scope that these columns, its parent
    /// or its child narrow.
    Ordinal {
        /// The ordinal of its first row.
        first: u64,
        /// Columns that were passed and say which row is meant: those of the key
        /// first.
        within: Vec<String>,
    },
}

impl Node {
    /// A column of its table. The names in a graph are known to exist.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.table.column(name)
    }

    /// What its statements are about, as it is written in SQL.
    pub(crate) fn relation(&self) -> String {
        self.through.as_ref().unwrap_or(&self.table.name).sql()
    }

    /// Where its rows are looked up and updated.
    pub(crate) fn rows_of(&self) -> String {
        self.through.as_ref().map_or_else(|| self.table.own_rows(), TableName::sql)
    }

    /// Whether a row that was made may be outside of what its view shows: it
    /// is made only when a look-up through the view finds it.
    pub(crate) fn is_unseen(&self) -> bool {
        self.through.is_some() && !self.fresh
    }

    /// Whether a trigger may change what an insert writes.
    pub(crate) fn is_changed_by_insert(&self) -> bool {
        self.table.triggers.iter().any(|trigger| trigger.on_insert)
    }

    /// Whether a trigger may change what an update writes.
    pub(crate) fn is_changed_by_update(&self) -> bool {
        self.table.triggers.iter().any(|trigger| trigger.on_update)
    }

    /// Whether it is a parent that nobody asked for by name.
    pub(crate) fn is_implied(&self) -> bool {
        matches!(self.place, Place::Shared | Place::Own { .. })
    }

    /// What was passed for it.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = (&str, &Passed)> {
        self.sources.iter().filter_map(|(column, source)| match source {
            Source::Argument(passed) => Some((column.as_str(), passed)),
            _ => None,
        })
    }

    /// Columns of its key that keep their defaults.
    pub(crate) fn defaults(&self) -> impl Iterator<Item = (&String, &String)> {
        self.sources.iter().filter_map(|(column, source)| match source {
            Source::Default(text) => Some((column, text)),
            _ => None,
        })
    }

    /// Columns that are generated, in the table's order.
    pub(crate) fn generated(&self) -> Vec<String> {
        let is = |name: &str| self.sources.get(name) == Some(&Source::Generated);
        let names = self.table.columns.iter().map(|column| &column.name);
        names.filter(|name| is(name)).cloned().collect()
    }

    /// Nodes it refers to.
    pub(crate) fn parents(&self) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for source in self.sources.values() {
            if let Source::Parent { node, .. } = source
                && !found.contains(node)
            {
                found.push(*node);
            }
        }
        found
    }

    /// Its foreign keys that the server enforces.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.table.foreign_keys.iter().filter(|foreign| foreign.enforced)
    }
}
