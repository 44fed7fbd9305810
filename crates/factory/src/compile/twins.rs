//! Rows of one call that are the same row. They are one row, made once; where
//! they contradict each other in what was passed the call is refused, since the
//! row would change with every repeat of it.

use seedbed_api::plan::{Policy, Step, Target};
use seedbed_schema::{Column, Schema, quote};

use super::columns::{parameter, typed};
use super::condition::{compared, kept};
use crate::computed::computed;
use crate::graph::{Graph, Node, Source};
use crate::key::Identifier;
use crate::sql::{Comparison, Form, Statement, different};

/// Columns beside the key that were passed for each row and are to be as they
/// were passed: by them rows can contradict each other.
fn contested(node: &Node) -> Vec<&Column> {
    if node.policy == Policy::Keep {
        return Vec::new();
    }
    let each = |column: &&Column| matches!(node.sources.get(&column.name), Some(Source::Argument(passed)) if passed.each);
    compared(node).into_iter().filter(each).collect()
}

/// Columns that say which row of the table it is; empty where nothing does.
fn identity(node: &Node) -> Vec<&str> {
    match node.table.primary_key() {
        Some(key) => key.columns().collect(),
        None if node.key.is_content() => Vec::new(),
        None => node.key.first().columns().collect(),
    }
}

/// `same` of row `t`, for all rows of the call that found it: it differs if it
/// differs from one of them.
pub(super) fn same_for_all(node: &Node, same: &str) -> Option<String> {
    let identity = identity(node);
    if identity.is_empty() || contested(node).is_empty() {
        return None;
    }
    let (is_same, told) = if kept(node).is_empty() { ("= 't'", "'t'") } else { ("<> 'f'", same) };
    let list: Vec<String> = identity.iter().map(|name| format!("t.{}", quote(name))).collect();
    Some(format!(
        "CASE WHEN pg_catalog.bool_and({same} {is_same}) OVER (PARTITION BY {}) THEN {told} ELSE 'f' END",
        list.join(", ")
    ))
}

/// Whether one of the rows of window `w` contradicts its first; `None` where
/// none can. `sql` is what a contested column is called.
pub(super) fn contradicts(
    schema: &Schema,
    node: &Node,
    sql: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let terms: Vec<String> = contested(node)
        .into_iter()
        .filter_map(|column| {
            let here = sql(&column.name)?;
            let first = format!("pg_catalog.first_value({here}) OVER w");
            Some(different(&Comparison::of(schema, &column.data_type), &here, &first))
        })
        .collect();
    (!terms.is_empty()).then(|| terms.join(" OR "))
}

/// Name of the step of evidence about a binding.
pub(crate) fn twins_of(binding: &str) -> String {
    format!("rows of {binding} that are the same")
}

/// Asked after a failure: ordinals that contradict an ordinal before which is
/// the same row, and that one. Fresh rows are never the same.
pub(super) fn twins(schema: &Schema, graph: &Graph, index: usize) -> Option<Step> {
    let node = &graph.nodes[index];
    let mut statement = Statement::new(Form::from(node.rows));
    let passed = |name: &str| matches!(node.sources.get(name), Some(Source::Argument(_)));
    let first = node.key.first();
    if statement.form() == Form::One || first.index.is_none() || !first.columns().all(passed) {
        return None;
    }
    let keys = keys(graph, node, first, &mut statement)?;
    let (mut list, mut names) = (vec!["c.v0::pg_catalog.int4 AS o".to_owned()], Vec::new());
    for (at, sql) in keys.iter().enumerate() {
        list.push(format!("{sql} AS k{at}"));
        names.push(format!("b.k{at}"));
    }
    let odd = if node.fresh {
        "b.o <> pg_catalog.first_value(b.o) OVER w".to_owned()
    } else {
        for (at, column) in contested(node).into_iter().enumerate() {
            let text = statement.text(parameter(graph, node, &column.name)?);
            list.push(format!("{} AS n{at}", typed(column, &text)));
        }
        let place = |name: &str| {
            let at = contested(node).iter().position(|column| column.name == name)?;
            Some(format!("b.n{at}"))
        };
        contradicts(schema, node, &place)?
    };
    let sql = format!(
        "SELECT c.o::text, NULL::text, c.f::text FROM (SELECT b.o, pg_catalog.first_value(b.o) \
         OVER w AS f, {odd} AS odd FROM (SELECT {} FROM {}) AS b WINDOW w AS (PARTITION BY {} \
         ORDER BY b.o)) AS c WHERE c.odd ORDER BY c.o LIMIT 1",
        list.join(", "),
        statement.rows(),
        names.join(", "),
    );
    Some(Step {
        name: twins_of(&node.name),
        into: node.name.clone(),
        on: Target::All,
        needed_for: Vec::new(),
        sql,
        parameters: statement.finish(),
        outcome: None,
        savepoint: true,
        tolerates: Vec::new(),
        last: false,
        alone: false,
        raises: false,
    })
}

/// What the key is made of, over what was passed.
fn keys(
    graph: &Graph,
    node: &Node,
    identifier: &Identifier,
    statement: &mut Statement,
) -> Option<Vec<String>> {
    let mut value = |name: &str| {
        let column = node.column(name)?;
        Some(typed(column, &statement.text(parameter(graph, node, name)?)))
    };
    let mut found = Vec::new();
    for part in &identifier.parts {
        found.push(match &part.column {
            Some(name) => {
                format!("{}{}", value(name)?, node.column(name).map(folding).unwrap_or_default())
            }
            None => {
                let columns: Option<Vec<(String, String)>> =
                    part.columns.iter().map(|name| Some((name.clone(), value(name)?))).collect();
                computed(&node.table, part, &columns?)
            }
        });
    }
    Some(found)
}

/// The collation of a column in which different texts can be equal.
pub(super) fn folding(column: &Column) -> String {
    let own = column.collation.as_ref().filter(|own| !own.deterministic);
    own.map(|own| format!(" COLLATE {}", own.name)).unwrap_or_default()
}
