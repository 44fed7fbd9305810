//! Keys over generated columns. The index is over the column, which nobody can
//! give; what decides about it are the columns that it is computed from. So such a
//! part of a key is an expression: over a row that is there, the column; over
//! values, what the column is computed from.

use std::sync::Arc;

use seedbed_model::judge::mentioned;
use seedbed_schema::{Column, KeyPart, Table, quote};

use crate::sql::over;

/// Makes such parts of a table's keys expressions.
pub(crate) fn opened(table: &mut Arc<Table>) {
    let is_computed = |part: &KeyPart| {
        let column = part.column.as_ref().and_then(|name| table.column(name));
        column.is_some_and(|column| column.generated.is_some())
    };
    if !table.keys.iter().any(|key| key.parts.iter().any(is_computed)) {
        return;
    }
    let mut keys = table.keys.clone();
    for part in keys.iter_mut().flat_map(|key| &mut key.parts) {
        let column = part.column.as_ref().and_then(|name| table.column(name));
        let Some((column, how)) = column.and_then(|one| Some((one, one.generated.as_ref()?)))
        else {
            continue;
        };
        let origins: Vec<String> =
            mentioned(table, &how.expression).into_iter().map(str::to_owned).collect();
        // One that is made of nothing is the same for all rows.
        if !origins.is_empty() {
            *part = KeyPart { column: None, expression: quote(&column.name), columns: origins };
        }
    }
    Arc::make_mut(table).keys = keys;
}

/// The column that such a part is.
fn column<'a>(table: &'a Table, part: &KeyPart) -> Option<&'a Column> {
    let mut generated = table.columns.iter().filter(|column| column.generated.is_some());
    let is = |column: &&Column| part.column.is_none() && part.expression == quote(&column.name);
    generated.find(is)
}

/// What a part that is no plain column is computed from.
pub(crate) fn source<'a>(table: &'a Table, part: &'a KeyPart) -> &'a str {
    let how = column(table, part).and_then(|column| column.generated.as_ref());
    how.map_or(&part.expression, |how| &how.expression)
}

/// The same over given values, as [`over`].
pub(crate) fn computed(table: &Table, part: &KeyPart, values: &[(String, String)]) -> String {
    let sql = over(source(table, part), values);
    match column(table, part) {
        Some(column) => format!("{sql}::{}", column.data_type.sql),
        None => sql,
    }
}

/// As people write it.
pub(crate) fn word(part: &KeyPart) -> String {
    let plain = |text: &str| {
        let name = text.strip_prefix('"')?.strip_suffix('"')?;
        (!name.contains('"')).then(|| name.to_owned())
    };
    part.column
        .clone()
        .or_else(|| plain(&part.expression))
        .unwrap_or_else(|| part.expression.clone())
}
