//! Passed columns that say which row is meant, although they do not identify it:
//! one that is known by its ordinal is counted within them. Otherwise the first
//! row of all would be moved from parent to parent by calls that mean two rows.
//!
//! They are references to other rows; parts of unique keys; columns that leave a
//! row outside the predicate of such a key; columns that decide which others have
//! a value; and where nothing identifies a row but an id that the application
//! draws, all that was passed.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_model::{Fill, Settings, TableModel};
use seedbed_schema::{Schema, Table};

use super::node::Source;
use crate::key::{Choice, is_drawn};

/// What is known of a node's rows by the time their key was chosen.
pub(super) struct Telling<'a> {
    pub(super) table: &'a Table,
    /// For what is given.
    pub(super) model: &'a TableModel,
    /// Partial keys that the rows do not have.
    pub(super) lacks: &'a BTreeSet<String>,
    pub(super) key: &'a Choice,
}

impl Telling<'_> {
    /// The columns, in the table's order. NULL refers to nothing and is equal to
    /// nothing: it tells only of a predicate.
    pub(super) fn columns(
        &self,
        schema: &Schema,
        settings: &Settings,
        set: &BTreeMap<String, Source>,
    ) -> Vec<String> {
        let is_null = |name: &str| match set.get(name) {
            Some(Source::Argument(passed)) => passed.null && !passed.each,
            _ => false,
        };
        let passed: Vec<&str> = self
            .table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .filter(|name| matches!(set.get(*name), Some(Source::Argument(_))))
            .collect();
        if passed.is_empty() {
            return Vec::new();
        }
        let drawn = self.key.first().columns().any(|name| {
            !set.contains_key(name) && !self.refers(name) && is_drawn(self.table, self.model, name)
        });
        let deciding = self.deciding(schema, settings, set);
        let tells = |name: &&&str| {
            let tells =
                drawn || self.refers(name) || self.in_key(name) || deciding.contains(**name);
            self.excludes(name) || tells && !is_null(name)
        };
        passed.iter().filter(tells).map(|name| (*name).to_owned()).collect()
    }

    fn refers(&self, name: &str) -> bool {
        let mut keys = self.table.foreign_keys.iter();
        keys.any(|foreign| foreign.columns.iter().any(|column| column == name))
    }

    fn in_key(&self, name: &str) -> bool {
        self.table.keys.iter().any(|key| key.columns().any(|column| column == name))
    }

    /// Whether it is why a key is none of the rows'.
    fn excludes(&self, name: &str) -> bool {
        let mut keys = self.table.keys.iter().filter(|key| self.lacks.contains(&key.name));
        keys.any(|key| key.predicate_columns.iter().any(|column| column == name))
    }

    /// Columns of conditions that, for what was passed, give other columns a
    /// value than they would by themselves.
    fn deciding(
        &self,
        schema: &Schema,
        settings: &Settings,
        set: &BTreeMap<String, Source>,
    ) -> BTreeSet<&str> {
        let is_asked = |check: &&seedbed_schema::Check| {
            check.columns.len() > 1 && check.columns.iter().any(|name| set.contains_key(name))
        };
        let checks: Vec<_> = self.table.checks.iter().filter(is_asked).collect();
        if checks.is_empty() {
            return BTreeSet::new();
        }
        // As it is without the references that these values ask for.
        let same = |own: &&Table| own.columns.len() == self.table.columns.len();
        let own = schema.table(&self.table.name).filter(same).unwrap_or(self.table);
        let alone = TableModel::new(schema, own, settings, &BTreeSet::new());
        let is_left_out = |model: &TableModel, at: usize| {
            let column = &model.columns[at];
            (matches!(column.fill, Fill::Database), model.is_optional(&column.name))
        };
        let changed: Vec<&str> = (0..alone.columns.len())
            .filter(|at| is_left_out(&alone, *at) != is_left_out(self.model, *at))
            .map(|at| alone.columns[at].name.as_str())
            .collect();
        let is_changed = |name: &String| changed.contains(&name.as_str());
        let checks = checks.into_iter().filter(|check| check.columns.iter().any(is_changed));
        checks.flat_map(|check| check.columns.iter().map(String::as_str)).collect()
    }
}
