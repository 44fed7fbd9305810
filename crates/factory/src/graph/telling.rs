//! Passed columns that say which row is meant, although they do not identify it:
//! a row that is known by its ordinal is counted within them. Otherwise calls
//! that mean two rows would take turns in changing one: `name=Ann` would be
//! renamed by `name=Bob`, and a post moved from author to author.
//!
//! NULL refers to nothing and is equal to nothing. It tells only where it leaves
//! the row outside the predicate of a partial key.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_schema::Table;

use super::node::Source;

/// What is known of a node's rows by the time their key was chosen.
pub(super) struct Telling<'a> {
    pub(super) table: &'a Table,
    /// Partial keys that the rows do not have.
    pub(super) lacks: &'a BTreeSet<String>,
}

impl Telling<'_> {
    /// The columns, in the table's order.
    pub(super) fn columns(&self, set: &BTreeMap<String, Source>) -> Vec<String> {
        let tells = |name: &&str| match set.get(*name) {
            Some(Source::Argument(passed)) => {
                !passed.null || passed.each || self.is_left_out_by(name)
            }
            _ => false,
        };
        let names = self.table.columns.iter().map(|column| column.name.as_str());
        names.filter(tells).map(str::to_owned).collect()
    }

    /// Whether a column is why a key is none of the rows'.
    fn is_left_out_by(&self, name: &str) -> bool {
        let mut keys = self.table.keys.iter().filter(|key| self.lacks.contains(&key.name));
        keys.any(|key| key.predicate_columns.iter().any(|column| column == name))
    }
}
