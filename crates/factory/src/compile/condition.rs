//! Conditions of a look-up: a row has a key, and is as it was passed.

use seedbed_api::plan::Policy;
use seedbed_schema::{Base, Column, Equality, Schema, TypeShape, quote};

use super::columns::{parameter, typed};
use crate::computed::computed;
use crate::graph::{Graph, Node, Source};
use crate::key::Identifier;
use crate::sql::{Comparison, Statement, equal, over};

/// The value a column is compared with. A parent that is joined is
/// `p<node>`.
pub(super) fn sought(
    graph: &Graph,
    node: &Node,
    statement: &mut Statement,
    name: &str,
) -> Option<String> {
    let column = node.column(name)?;
    match node.sources.get(name)? {
        Source::Parent { node: parent, column } if joins(graph, node, *parent) => {
            Some(format!("p{parent}.{}", quote(column)))
        }
        Source::Itself { column } => Some(format!("t.{}", quote(column))),
        _ => {
            let text = statement.text(parameter(graph, node, name)?);
            Some(typed(column, &text))
        }
    }
}

/// Whether a parent is found together with the row, by its own key: always,
/// but for the parent of a child that was asked for, which is there by then.
pub(super) fn joins(graph: &Graph, node: &Node, parent: usize) -> bool {
    node.is_implied() || graph.nodes[parent].is_implied()
}

/// The condition that row `t` has an identifier. Columns of expressions and
/// predicates are bare, as in the catalogue: nothing else may be in scope.
pub(super) fn has(
    schema: &Schema,
    graph: &Graph,
    node: &Node,
    identifier: &Identifier,
    statement: &mut Statement,
) -> String {
    let mut terms = Vec::new();
    for part in &identifier.parts {
        let Some(name) = &part.column else {
            let columns: Vec<(String, String)> = part
                .columns
                .iter()
                .filter_map(|name| Some((name.clone(), sought(graph, node, statement, name)?)))
                .collect();
            let how = Comparison::Native(Equality::of_expression(&part.expression));
            let here = format!("({})", part.expression);
            terms.push(equal(&how, &here, &computed(&node.table, part, &columns), false));
            continue;
        };
        let here = format!("t.{}", quote(name));
        let null = match node.sources.get(name) {
            Some(Source::Argument(passed)) if passed.null && !passed.each => {
                terms.push(format!("{here} IS NULL"));
                continue;
            }
            Some(Source::Argument(passed)) => passed.null,
            _ => false,
        };
        let how = match node.column(name) {
            Some(column) => compares(schema, identifier, column),
            None => continue,
        };
        if let Some(value) = sought(graph, node, statement, name) {
            terms.push(equal(&how, &here, &value, null));
        }
    }
    if let Some((predicate, mentioned)) = &identifier.predicate {
        terms.push(format!("({predicate})"));
        terms.extend(stays(graph, node, statement, predicate, mentioned));
    }
    if terms.is_empty() { "true".to_owned() } else { terms.join(" AND ") }
}

/// How a column of an identifier is compared: what is in an index by its `=`.
pub(super) fn compares(schema: &Schema, identifier: &Identifier, column: &Column) -> Comparison {
    match identifier.index {
        Some(_) => Comparison::native(schema, &column.data_type),
        None => Comparison::of(schema, &column.data_type),
    }
}

/// Whether row `t`, once it is as it was passed, is still inside the predicate
/// of its key. If not, what was passed has no such key, and the row is another.
fn stays(
    graph: &Graph,
    node: &Node,
    statement: &mut Statement,
    predicate: &str,
    mentioned: &[String],
) -> Option<String> {
    let is_passed = |name: &String| matches!(node.sources.get(name), Some(Source::Argument(_)));
    if !mentioned.iter().any(is_passed) {
        return None;
    }
    let mut columns = Vec::new();
    for name in mentioned {
        let value = if is_passed(name) { sought(graph, node, statement, name) } else { None };
        columns.push((name.clone(), value.unwrap_or_else(|| format!("t.{}", quote(name)))));
    }
    Some(over(predicate, &columns))
}

/// `t` or `f`: whether row `t` is as it was passed, `k` if it is but for what is
/// never updated; NULL where nobody asks.
pub(super) fn same(
    schema: &Schema,
    graph: &Graph,
    node: &Node,
    statement: &mut Statement,
) -> String {
    if node.policy == Policy::Keep {
        return "NULL::text".to_owned();
    }
    let mut terms = Vec::new();
    if node.key.identifiers.len() + node.key.also.len() > 1 {
        for identifier in &node.key.identifiers {
            terms.push(has(schema, graph, node, identifier, statement));
        }
    }
    for column in compared(node) {
        if let Some(value) = sought(graph, node, statement, &column.name) {
            let how = Comparison::of(schema, &column.data_type);
            terms.push(equal(&how, &format!("t.{}", quote(&column.name)), &value, true));
        }
    }
    let mut births = Vec::new();
    for column in kept(node) {
        if let Some(value) = sought(graph, node, statement, &column.name) {
            births.push(equal(
                &Comparison::native(schema, &column.data_type),
                &format!("t.{}", quote(&column.name)),
                &value,
                true,
            ));
        }
    }
    told_same(&terms, &births)
}

/// `same`, of the conditions that hold for a row that is as it was passed, and
/// those for what is never updated.
pub(super) fn told_same(terms: &[String], births: &[String]) -> String {
    let births = births.join(" AND ");
    match (terms.join(" AND "), births.as_str()) {
        (terms, "") if terms.is_empty() => "NULL::text".to_owned(),
        (terms, "") => format!("CASE WHEN {terms} THEN 't' ELSE 'f' END"),
        (terms, births) if terms.is_empty() => format!("CASE WHEN {births} THEN 't' ELSE 'k' END"),
        (terms, births) => {
            format!("CASE WHEN {terms} AND {births} THEN 't' WHEN {terms} THEN 'k' ELSE 'f' END")
        }
    }
}

/// Times of creation that were passed: a row that is there keeps its own, and
/// whoever passed another one is told.
pub(super) fn kept(node: &Node) -> Vec<&Column> {
    if node.policy != Policy::Converge || node.fresh {
        return Vec::new();
    }
    let in_key = |name: &str| node.key.identifiers.iter().any(|identifier| identifier.has(name));
    let passed = node.arguments().filter(|(name, _)| !in_key(name));
    passed.filter_map(|(name, _)| node.column(name)).filter(|column| is_birth(column)).collect()
}

/// Columns that were passed and are no part of what identifies the row. A time
/// of creation is for a row that is made: one that is there keeps its own, and
/// only who asks for exactly this row is told that it differs.
pub(super) fn compared(node: &Node) -> Vec<&Column> {
    let mut found = Vec::new();
    for (name, _) in node.arguments() {
        let in_key = node.key.identifiers.iter().any(|identifier| identifier.has(name));
        let is_free = |column: &&Column| node.policy == Policy::Strict || !is_birth(column);
        if let Some(column) = node.column(name).filter(|column| !in_key && is_free(column)) {
            found.push(column);
        }
    }
    found
}

/// Whether a column says when its row was made.
fn is_birth(column: &Column) -> bool {
    const MADE: [&str; 9] = [
        "create",
        "created",
        "creation",
        "insert",
        "inserted",
        "insertion",
        "added",
        "joined",
        "registered",
    ];
    const WHEN: [&str; 8] = ["", "at", "on", "date", "time", "ts", "timestamp", "datetime"];
    let time = matches!(
        column.data_type.shape,
        TypeShape::Base(Base::Date | Base::Timestamp | Base::Timestamptz)
    );
    let name: String = column.name.chars().filter(|letter| *letter != '_').collect();
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix("utc").or_else(|| name.strip_suffix("gmt")).unwrap_or(&name);
    let is = |made: &&str| {
        WHEN.iter().any(|when| {
            let rest = name.strip_prefix(*made).is_some_and(|rest| rest == *when);
            rest || name.strip_suffix(*made).is_some_and(|rest| rest == *when)
        })
    };
    time && MADE.iter().any(is)
}

#[cfg(test)]
mod tests {
    use seedbed_schema::TypeRef;

    use super::*;

    #[test]
    fn times_of_creation_are_known_by_name_and_type() {
        let column = |name: &str, base: Base| Column {
            name: name.to_owned(),
            number: 1,
            data_type: TypeRef {
                sql: String::new(),
                shape: TypeShape::Base(base),
                length: None,
                precision: None,
                scale: None,
                has_default: false,
            },
            not_null: true,
            default: None,
            surrogate: false,
            identity: None,
            generated: None,
            collation: None,
            comment: None,
        };
        for name in [
            "created_at",
            "CreatedAt",
            "created",
            "date_created",
            "creation_time",
            "insert_ts",
            "created_at_utc",
            "inserted_on",
            "date_added",
            "create_timestamp",
            "date_joined",
            "registered_at",
        ] {
            assert!(is_birth(&column(name, Base::Timestamptz)), "{name}");
            assert!(!is_birth(&column(name, Base::Text)), "{name}");
        }
        for name in ["updated_at", "at", "date", "added_value_at", "creator", "recreated_at"] {
            assert!(!is_birth(&column(name, Base::Timestamptz)), "{name}");
        }
    }
}
