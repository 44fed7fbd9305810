//! Which partial unique keys the rows of a call do not have, whatever happens,
//! since what was passed puts them outside of the predicate. That is part of a
//! call's shape, as the values themselves are not.

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

    fn model(&self, schema: &Schema, settings: &Settings, table: &Table) -> Arc<TableModel> {
        let mut models = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let model = models.entry(table.name.clone()).or_insert_with(|| {
            Arc::new(TableModel::new(schema, table, settings, &BTreeSet::new()))
        });
        Arc::clone(model)
    }
}

/// Whether a row with these values cannot have a partial key.
pub(crate) fn is_outside(
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
