//! Rows that need each other and cannot be NULL for a moment. One statement
//! makes them all: foreign keys are checked when a statement ends (manual,
//! "CREATE TABLE", NOT DEFERRABLE), and what the rows refer to each other by is
//! drawn before they are made. No constraint of the caller's transaction is
//! deferred for it. A row that is there already is used.

use seedbed_api::plan::{Parameter, Rows};
use seedbed_api::{Failure, Result};
use seedbed_schema::{Column, Schema, quote};

use super::columns::{drawn, overriding, parameter, returned, typed};
use super::condition::same;
use super::look_up::found;
use crate::graph::{Graph, Source};
use crate::line::{make_as, make_with};
use crate::sql::{Form, Statement};
use crate::target::target;
use crate::wanted::config;

/// Makes `member` and all of `group` that is missing. Returns the row of
/// `member`.
pub(super) fn circle(
    schema: &Schema,
    graph: &Graph,
    group: &[usize],
    member: usize,
) -> Result<(String, Vec<Parameter>)> {
    if group.iter().any(|node| graph.nodes[*node].rows != Rows::One) {
        return Err(several(graph, group));
    }
    let mut writer =
        Writer { graph, group, member, statement: Statement::new(Form::One), draws: Vec::new() };
    let mut with = Vec::new();
    let others: Vec<usize> = group.iter().copied().filter(|node| *node != member).collect();
    for other in &others {
        let rows = found(schema, graph, *other, &mut writer.statement)?;
        with.push(format!("f{other} AS ({rows})"));
    }
    let mut inserts = Vec::new();
    for other in &others {
        let insert = writer.insert(*other)?;
        let node = &graph.nodes[*other];
        inserts.push(format!(
            "i{other} AS ({insert} WHERE NOT EXISTS (SELECT 1 FROM f{other}){})",
            target(node.key.first())
        ));
    }
    let node = &graph.nodes[member];
    let last = writer.insert(member)?;
    if writer.draws.is_empty() {
        with.push("d AS (SELECT 1)".to_owned());
    } else {
        let list: Vec<String> = writer.draws.iter().map(|(_, _, sql)| sql.clone()).collect();
        with.push(format!("d AS MATERIALIZED (SELECT {})", list.join(", ")));
    }
    with.extend(inserts);
    let same = if node.is_changed_by_insert() {
        same(schema, graph, node, &mut writer.statement)
    } else {
        "NULL::text".to_owned()
    };
    let sql = format!(
        "WITH {} {last}{} RETURNING {}",
        with.join(", "),
        target(node.key.first()),
        returned(node, "t", "NULL::text", &same)
    );
    Ok((sql, writer.statement.finish()))
}

struct Writer<'a> {
    graph: &'a Graph,
    group: &'a [usize],
    member: usize,
    statement: Statement,
    /// Node, column, SQL.
    draws: Vec<(usize, String, String)>,
}

impl Writer<'_> {
    /// `INSERT … SELECT … FROM d`.
    fn insert(&mut self, index: usize) -> Result<String> {
        let node = &self.graph.nodes[index];
        let mut written: Vec<(&Column, String)> = Vec::new();
        for column in &node.table.columns {
            if node.sources.contains_key(&column.name) || self.is_referred_to(index, &column.name) {
                let sql = self.value(index, &column.name, 0)?;
                written.push((column, format!("({sql})::{}", column.data_type.sql)));
            }
        }
        let names: Vec<String> = written.iter().map(|(column, _)| quote(&column.name)).collect();
        let list: Vec<&str> = written.iter().map(|(_, sql)| sql.as_str()).collect();
        Ok(format!(
            "INSERT INTO {} AS t ({}){} SELECT {} FROM d",
            node.relation(),
            names.join(", "),
            overriding(written.iter().map(|(column, _)| *column)),
            list.join(", ")
        ))
    }

    /// Whether a member of the circle refers to a column that is drawn.
    fn is_referred_to(&self, index: usize, name: &str) -> bool {
        self.group.iter().any(|other| {
            self.graph.nodes[*other].sources.values().any(|source| match source {
                Source::Parent { node, column } => *node == index && column == name,
                Source::Itself { column } => *other == index && column == name,
                _ => false,
            })
        })
    }

    /// A column of a member's row that is being made.
    fn value(&mut self, index: usize, name: &str, depth: usize) -> Result<String> {
        if depth > self.group.len() * 4 {
            return Err(unsolved(self.graph, self.group));
        }
        let node = &self.graph.nodes[index];
        let missing = || unsolved(self.graph, self.group);
        let column = node.column(name).ok_or_else(missing)?;
        match node.sources.get(name) {
            Some(Source::Parent { node: parent, column: there }) if self.group.contains(parent) => {
                let made = self.value(*parent, there, depth + 1)?;
                if *parent == self.member {
                    return Ok(made);
                }
                Ok(format!("COALESCE((SELECT f.{} FROM f{parent} AS f), {made})", quote(there)))
            }
            Some(Source::Itself { column: there }) => self.value(index, there, depth + 1),
            Some(_) => {
                let parameter = parameter(self.graph, node, name).ok_or_else(missing)?;
                Ok(typed(column, &self.statement.text(parameter)))
            }
            None => self.drawn(index, column),
        }
    }

    fn drawn(&mut self, index: usize, column: &Column) -> Result<String> {
        let node = &self.graph.nodes[index];
        let alias = quote(&format!("{index} {}", column.name));
        let known =
            |(node, name, _): &(usize, String, String)| *node == index && *name == column.name;
        if !self.draws.iter().any(known) {
            let expression = drawn(node, column).ok_or_else(|| {
                unsolved(self.graph, self.group).detail(format!(
                    "Nothing draws a value for {}.{}.",
                    node.table.name, column.name
                ))
            })?;
            let expression = if index == self.member {
                expression
            } else {
                format!("CASE WHEN NOT EXISTS (SELECT 1 FROM f{index}) THEN {expression} END")
            };
            self.draws.push((index, column.name.clone(), format!("{expression} AS {alias}")));
        }
        Ok(format!("d.{alias}"))
    }
}

/// Names the circle.
fn unsolved(graph: &Graph, group: &[usize]) -> Failure {
    let names = names(graph, group);
    let message = format!("rows of {names} need each other, and nothing can come first");
    references(config(message), graph, group)
}

/// Names the circle that many rows would have to close at once.
fn several(graph: &Graph, group: &[usize]) -> Failure {
    let asked = &graph.nodes[0].table.name.to_string();
    let message = format!(
        "rows of {} need each other: one call can make one row of {asked}, not several",
        names(graph, group)
    );
    // A scope has a row of its own; or all refer to one row that is there.
    let one = make_as(asked, "--scope", "$n").replace('\'', "\"");
    let line = format!("for n in 1 2 3; do {one}; done");
    references(config(message).hint(line), graph, group)
}

fn names(graph: &Graph, group: &[usize]) -> String {
    let names = group.iter().map(|node| graph.nodes[*node].table.name.to_string());
    names.collect::<Vec<_>>().join(", ")
}

/// Lines that open the circle: a reference to a row that is there.
fn references(failure: Failure, graph: &Graph, group: &[usize]) -> Failure {
    let lines = group.iter().filter_map(|index| {
        let node = &graph.nodes[*index];
        let refers = |(name, source): (&String, &Source)| match source {
            Source::Parent { node, .. } if group.contains(node) => Some(name.clone()),
            _ => None,
        };
        let own: Vec<String> = node.sources.iter().filter_map(refers).collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        (!own.is_empty()).then(|| make_with(&node.table.name.to_string(), &own))
    });
    lines.fold(failure, Failure::hint)
}
