//! What the values of a call decide before it is compiled: which partial unique
//! keys its rows do not have, since they are outside of the predicate, and which
//! references a condition asks for. That is part of a call's shape, as the values
//! themselves are not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use seedbed_api::plan::Argument;
use seedbed_model::{Settings, TableModel};
use seedbed_schema::{Schema, Table, TableName, UniqueKey};

/// Reads predicates; what is known of a table is kept.
#[derive(Debug, Default)]
pub(crate) struct Predicates(Mutex<HashMap<TableName, Arc<TableModel>>>);

/// What was passed, by column.
pub(crate) type Values<'a> = BTreeMap<&'a str, &'a Argument>;

impl Predicates {
    /// Names of the keys that no row can have, among those whose predicates
    /// mention what was passed.
    pub(crate) fn outside(
        &self,
        schema: &Schema,
        settings: &Settings,
        table: &Table,
        values: &Values<'_>,
    ) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for key in &table.keys {
            let Some(predicate) = &key.predicate else { continue };
            if !key.predicate_columns.iter().any(|name| values.contains_key(name.as_str())) {
                continue;
            }
            let model = self.model(schema, settings, table);
            let lists = key.predicate_columns.iter().filter_map(|name| match values.get(&**name) {
                Some(Argument::Each(list)) => Some(list.len()),
                _ => None,
            });
            let rows = lists.max().unwrap_or(1);
            let is_outside = |row| is_outside(&model, predicate, &of_row(values, row), key);
            if rows > 0 && (0..rows).all(is_outside) {
                found.insert(key.name.clone());
            }
        }
        found
    }

    /// References that may be NULL, and must not be for what was passed: without a
    /// parent no row would meet some condition.
    pub(crate) fn needed(
        &self,
        schema: &Schema,
        settings: &Settings,
        table: &Table,
        values: &Values<'_>,
    ) -> BTreeSet<String> {
        let mut needed: BTreeSet<String> = BTreeSet::new();
        for check in table.checks.iter().filter(|check| check.enforced) {
            let is_passed = |name: &String| values.contains_key(name.as_str());
            let may_be_null = |name: &&String| {
                let column = table.column(name);
                refers(table, name)
                    && !is_passed(name)
                    && column.is_some_and(|own| !own.not_null && own.default.is_none())
            };
            let optional: Vec<&String> = check.columns.iter().filter(may_be_null).collect();
            if optional.is_empty() || !check.columns.iter().any(is_passed) {
                continue;
            }
            let model = self.model(schema, settings, table);
            let rows = values.values().filter_map(|argument| match argument {
                Argument::Each(list) => Some(list.len()),
                Argument::Same(_) => None,
            });
            let rows = rows.max().unwrap_or(1);
            let refused = |with: &[&String]| {
                let all = check.columns.iter();
                let open: Vec<&str> = all
                    .filter(|name| !optional.contains(name) || with.contains(name))
                    .map(String::as_str)
                    .collect();
                let refused =
                    |row| model.is_refused(&check.expression, &of_row(values, row), &open);
                rows > 0 && (0..rows).all(refused)
            };
            if !refused(&[]) {
                continue;
            }
            match optional.iter().find(|name| !refused(&[**name])) {
                Some(one) => drop(needed.insert((*one).clone())),
                None if !refused(&optional) => needed.extend(optional.into_iter().cloned()),
                None => {}
            }
        }
        needed
    }

    fn model(&self, schema: &Schema, settings: &Settings, table: &Table) -> Arc<TableModel> {
        let mut models = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let model = models.entry(table.name.clone()).or_insert_with(|| {
            Arc::new(TableModel::new(schema, table, settings, &BTreeSet::new()))
        });
        Arc::clone(model)
    }
}

/// Whether a column is part of a reference.
pub(crate) fn refers(table: &Table, name: &str) -> bool {
    let mut keys = table.foreign_keys.iter().filter(|foreign| foreign.enforced);
    keys.any(|foreign| foreign.columns.iter().any(|column| column == name))
}

/// Whether a row with these values cannot have a partial key.
fn is_outside(
    model: &TableModel,
    predicate: &str,
    values: &BTreeMap<&str, Option<&str>>,
    key: &UniqueKey,
) -> bool {
    // What identifies a row is generated, unless it is passed.
    let open: Vec<&str> = key.columns().filter(|name| !values.contains_key(name)).collect();
    model.is_inside(predicate, values, &open) == Some(false)
}

fn of_row<'a>(values: &Values<'a>, row: usize) -> BTreeMap<&'a str, Option<&'a str>> {
    let value = |argument: &'a Argument| match argument {
        Argument::Same(value) => Some(value.as_deref()),
        Argument::Each(list) => list.get(row).map(Option::as_deref),
    };
    values.iter().filter_map(|(name, argument)| Some((*name, value(argument)?))).collect()
}
