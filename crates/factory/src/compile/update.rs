//! Converging: only columns that were passed and differ are updated, never a
//! key, never a time of creation. The row is the one that was found, by its
//! primary key, or by the unique key it was found by and that key's predicate:
//! outside of it other rows may have the same values. Keys beside that must hold,
//! so that a row that has only one of several keys is not bent into shape.
//!
//! A trigger may write other values than were passed: such a row is not returned,
//! and so is told as one that cannot be as it was passed.

use std::collections::BTreeMap;

use seedbed_api::plan::Parameter;
use seedbed_schema::{Column, Identity, Schema, quote};

use super::columns::{parameter, returned, typed};
use super::condition::{compared, has, kept};
use super::twins::contradicts;
use crate::graph::{Graph, Node};
use crate::sql::{Comparison, Form, Statement, different, equal};

/// The statement and its parameters; `None` where nothing could be updated.
pub(super) fn update(
    schema: &Schema,
    graph: &Graph,
    index: usize,
) -> Option<(String, Vec<Parameter>)> {
    let node = &graph.nodes[index];
    let form = Form::from(node.rows);
    let mut statement = Statement::new(form);
    let mut incoming = Vec::new();
    let mut take = |statement: &mut Statement, column: &Column, parameter: Parameter| {
        let sql = typed(column, &statement.text(parameter));
        match form {
            Form::One => sql,
            Form::Many => {
                incoming.push(sql);
                format!("c.u{}", incoming.len())
            }
        }
    };
    let (mut set, mut differs) = (Vec::new(), Vec::new());
    let mut values = BTreeMap::new();
    for column in compared(node) {
        if is_fixed(node, column) {
            continue;
        }
        let value = take(&mut statement, column, parameter(graph, node, &column.name)?);
        let name = quote(&column.name);
        set.push(format!("{name} = {value}"));
        values.insert(column.name.clone(), value.clone());
        let how = Comparison::of(schema, &column.data_type);
        differs.push(different(&how, &format!("t.{name}"), &value));
    }
    if set.is_empty() {
        return None;
    }
    let mut births = Vec::new();
    for column in kept(node) {
        let value = take(&mut statement, column, parameter(graph, node, &column.name)?);
        births.push(equal(
            &Comparison::native(schema, &column.data_type),
            &format!("t.{}", quote(&column.name)),
            &value,
            true,
        ));
    }
    let same = match births.as_slice() {
        [] => "NULL::text".to_owned(),
        births => format!("CASE WHEN {} THEN 't' ELSE 'k' END", births.join(" AND ")),
    };
    let (mut found, mut ids) = (Vec::new(), Vec::new());
    for column in identity(node) {
        let own = Parameter::Ref(node.name.clone(), column.name.clone());
        let value = take(&mut statement, column, own);
        ids.push(value.clone());
        let how = Comparison::native(schema, &column.data_type);
        found.push(equal(&how, &format!("t.{}", quote(&column.name)), &value, !column.not_null));
    }
    let mut conditions = found;
    // In a scope of its own where rows come in beside it, so that an expression's
    // bare columns are the row's and none of `c`.
    let alone = |condition: String| match form {
        Form::One => condition,
        Form::Many => format!("EXISTS (SELECT FROM (SELECT t.*) AS t WHERE {condition})"),
    };
    if node.table.primary_key().is_none()
        && let Some((predicate, _)) = &node.key.first().predicate
    {
        conditions.push(alone(format!("({predicate})")));
    }
    if node.key.identifiers.len() + node.key.also.len() > 1 {
        for identifier in &node.key.identifiers {
            let has = has(schema, graph, node, identifier, &mut statement);
            conditions.push(alone(has));
        }
    }
    conditions.push(format!("({})", differs.join(" OR ")));
    let (table, set) = (node.rows_of(), set.join(", "));
    let conditions = conditions.join(" AND ");
    let ordinal = statement.ordinal();
    // With triggers only rows that are as they were passed are told.
    let settled = node.is_changed_by_update().then(|| {
        let list =
            returned(node, "n", &format!("n.{}", quote(ORDINAL)), &format!("n.{}", quote(SAME)));
        (
            format!(
                "{ordinal} AS {}, {same} AS {}, t.*, {} AS {}",
                quote(ORDINAL),
                quote(SAME),
                differs.join(" OR "),
                quote(ODD)
            ),
            format!("SELECT {list} FROM n WHERE NOT n.{}", quote(ODD)),
        )
    });
    let returning = match &settled {
        Some((all, _)) => all.clone(),
        None => returned(node, "t", ordinal, &same),
    };
    let sql = match form {
        Form::One => {
            format!("UPDATE {table} AS t SET {set} WHERE {conditions} RETURNING {returning}")
        }
        Form::Many => {
            let list: Vec<String> = incoming
                .iter()
                .enumerate()
                .map(|(at, sql)| format!("{sql} AS u{}", at + 1))
                .collect();
            let rows = format!("SELECT c.*, {} FROM {}", list.join(", "), statement.rows());
            let value = |name: &str| values.get(name).cloned();
            let contradicts = contradicts(schema, node, &value)
                .filter(|_| node.table.primary_key().is_some() || !node.key.is_content());
            let (rows, agreed) = match contradicts {
                Some(odd) => {
                    let ids = ids.join(", ");
                    let rows = format!(
                        "SELECT c.*, pg_catalog.bool_or(c.odd) OVER (PARTITION BY {ids}) AS odds \
                         FROM (SELECT c.*, {odd} AS odd FROM ({rows}) AS c \
                         WINDOW w AS (PARTITION BY {ids})) AS c"
                    );
                    (rows, "NOT c.odds AND ")
                }
                None => (rows, ""),
            };
            format!(
                "UPDATE {table} AS t SET {set} FROM ({rows}) AS c WHERE {agreed}{conditions} \
                 RETURNING {returning}",
            )
        }
    };
    let sql = match settled {
        Some((_, list)) => format!("WITH n AS ({sql}) {list}"),
        None => sql,
    };
    Some((sql, statement.finish()))
}

/// Names that no column has.
const ORDINAL: &str = "seedbed: ordinal";
const SAME: &str = "seedbed: same";
const ODD: &str = "seedbed: odd";

/// Whether a column is never updated.
pub(crate) fn is_fixed(node: &Node, column: &Column) -> bool {
    let mut key = node.table.primary_key().into_iter().flat_map(|key| key.columns());
    column.identity == Some(Identity::Always) || key.any(|name| name == column.name)
}

/// Columns that say which row it is.
pub(super) fn identity(node: &Node) -> Vec<&Column> {
    let named = |names: Vec<&str>| -> Vec<&Column> {
        names.into_iter().filter_map(|name| node.column(name)).collect()
    };
    match node.table.primary_key() {
        Some(key) => named(key.columns().collect()),
        None => named(node.key.first().columns().collect()),
    }
}
