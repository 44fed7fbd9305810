//! Looking rows up: by each key that was passed completely, with the parents a
//! key refers to joined by their own keys, so that a row that is there is found
//! by one statement.

use seedbed_api::plan::{Parameter, Rows};
use seedbed_api::{Failure, Kind, Result};
use seedbed_schema::{Schema, quote};

use super::columns::returned;
use super::condition::{has, joins, kept, same};
use super::twins::same_for_all;
use crate::graph::{Graph, Node, Source};
use crate::key::Identifier;
use crate::line::make_with;
use crate::sql::{Form, Statement};
use crate::wanted::config;

/// Which rows a look-up returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that have a key.
    All,
    /// Only those that are as they were passed.
    Same,
}

/// Stands for the rows of a statement of many until all parameters are known.
const ROWS: &str = "\u{1}rows\u{1}";

/// The statement and its parameters.
pub(super) fn look_up(
    schema: &Schema,
    graph: &Graph,
    index: usize,
    which: Which,
) -> Result<(String, Vec<Parameter>)> {
    let node = &graph.nodes[index];
    let mut statement = Statement::new(Form::from(node.rows));
    let identifiers = node.key.identifiers.iter().chain(&node.key.also);
    let branches = identifiers
        .map(|identifier| branch(schema, graph, index, identifier, which, &mut statement))
        .collect::<Result<Vec<_>>>()?;
    let sql = branches.join(" UNION ALL ");
    Ok((sql.replace(ROWS, &statement.rows()), statement.finish()))
}

fn branch(
    schema: &Schema,
    graph: &Graph,
    index: usize,
    identifier: &Identifier,
    which: Which,
    statement: &mut Statement,
) -> Result<String> {
    let node = &graph.nodes[index];
    let mut joined = Joined { schema, graph, parents: Vec::new(), path: vec![index] };
    joined.parents_of(node, identifier.columns(), statement)?;
    let same = same(schema, graph, node, statement);
    let (condition, first) = sought(schema, graph, node, identifier, statement);
    let table = node.rows_of();
    let only = match which {
        Which::All => String::new(),
        Which::Same if kept(node).is_empty() => format!(" AND {same} = 't'"),
        Which::Same => format!(" AND {same} <> 'f'"),
    };
    if statement.form() == Form::One && joined.parents.is_empty() {
        let list = returned(node, "t", statement.ordinal(), &same);
        return Ok(format!("SELECT {list} FROM {table} AS t WHERE {condition}{only}{first}"));
    }
    let mut from = Vec::new();
    if statement.form() == Form::Many {
        from.push(ROWS.to_owned());
    }
    from.extend(joined.parents.into_iter().map(|(_, sql)| sql));
    if statement.form() == Form::Many && node.key.is_content() {
        // No index may serve this: all rows by one join, not each by a scan.
        let from = from.join(" CROSS JOIN ");
        return Ok(format!(
            "SELECT DISTINCT ON (c.v0) {} FROM {from} JOIN {table} AS t ON {condition}{only} \
             ORDER BY c.v0, {}",
            returned(node, "t", statement.ordinal(), &same),
            place(node)
        ));
    }
    // In a scope of its own, so that an expression's bare columns are its.
    from.push(format!(
        "LATERAL (SELECT {same} AS {}, t.* FROM {table} AS t WHERE {condition}{only}{first}) AS t",
        quote(SAME)
    ));
    let same = format!("t.{}", quote(SAME));
    let for_all = same_for_all(node, &same).filter(|_| statement.form() == Form::Many);
    let list = returned(node, "t", statement.ordinal(), &for_all.unwrap_or(same));
    Ok(format!("SELECT {list} FROM {}", from.join(" CROSS JOIN ")))
}

/// Rows that have a node's first key, as a query over one row's parameters.
pub(super) fn found(
    schema: &Schema,
    graph: &Graph,
    index: usize,
    statement: &mut Statement,
) -> Result<String> {
    let node = &graph.nodes[index];
    let mut joined = Joined { schema, graph, parents: Vec::new(), path: vec![index] };
    joined.parents_of(node, node.key.first().columns(), statement)?;
    let (condition, first) = sought(schema, graph, node, node.key.first(), statement);
    let mut from: Vec<String> = joined.parents.into_iter().map(|(_, sql)| sql).collect();
    from.push(format!(
        "LATERAL (SELECT t.* FROM {} AS t WHERE {condition}{first}) AS t",
        node.rows_of(),
    ));
    Ok(format!("SELECT t.* FROM {}", from.join(" CROSS JOIN ")))
}

/// All parents of a row that nobody asked for, as rows `p<node>` to select from:
/// none where one of them is missing.
pub(super) fn parents(
    schema: &Schema,
    graph: &Graph,
    index: usize,
    statement: &mut Statement,
) -> Result<String> {
    let node = &graph.nodes[index];
    let mut joined = Joined { schema, graph, parents: Vec::new(), path: vec![index] };
    joined.parents_of(node, node.sources.keys().map(String::as_str), statement)?;
    let from: Vec<String> = joined.parents.into_iter().map(|(_, sql)| sql).collect();
    Ok(from.join(" CROSS JOIN "))
}

/// Which ordinals of many have their row, by the first key alone.
pub(crate) fn taken(
    schema: &Schema,
    graph: &Graph,
    index: usize,
) -> Result<(String, Vec<Parameter>)> {
    let mut statement = Statement::new(Form::Many);
    let node = &graph.nodes[index];
    if node.key.is_content() && node.key.first().columns().next().is_some() {
        let mut joined = Joined { schema, graph, parents: Vec::new(), path: vec![index] };
        joined.parents_of(node, node.key.first().columns(), &mut statement)?;
        let condition = has(schema, graph, node, node.key.first(), &mut statement);
        let mut from = vec![statement.rows()];
        from.extend(joined.parents.into_iter().map(|(_, sql)| sql));
        let (from, table) = (from.join(" CROSS JOIN "), node.rows_of());
        let sql = format!("SELECT DISTINCT c.v0 FROM {from} JOIN {table} AS t ON {condition}");
        return Ok((sql, statement.finish()));
    }
    let rows = found(schema, graph, index, &mut statement)?;
    let sql =
        format!("SELECT DISTINCT c.v0 FROM {} CROSS JOIN LATERAL ({rows}) AS t", statement.rows());
    Ok((sql, statement.finish()))
}

/// A name that no column has.
const SAME: &str = "seedbed: same";

/// The condition that row `t` is the one that is looked for, and which one is
/// where several are: of keys that tie, the row of the first.
fn sought(
    schema: &Schema,
    graph: &Graph,
    node: &Node,
    identifier: &Identifier,
    statement: &mut Statement,
) -> (String, String) {
    let condition = has(schema, graph, node, identifier, statement);
    if node.key.is_content() {
        return (condition, first(node));
    }
    if node.key.tied.is_empty() {
        return (condition, String::new());
    }
    let mut keys = vec![format!("({condition})")];
    for tied in &node.key.tied {
        keys.push(format!("({})", has(schema, graph, node, tied, statement)));
    }
    let order: Vec<String> = keys.iter().map(|key| format!("{key} IS TRUE DESC")).collect();
    (format!("({})", keys.join(" OR ")), format!(" ORDER BY {} LIMIT 1", order.join(", ")))
}

/// Content may fit several rows: the first by primary key is meant.
fn first(node: &Node) -> String {
    format!(" ORDER BY {} LIMIT 1", place(node))
}

/// Where a row comes among those of the same content.
fn place(node: &Node) -> String {
    match node.table.primary_key() {
        Some(key) => {
            let parts: Vec<String> =
                key.parts.iter().map(|part| format!("t.{}", part.expression)).collect();
            parts.join(", ")
        }
        None => "t.ctid".to_owned(),
    }
}

/// Parents that nobody asked for, each found by its own key.
struct Joined<'a> {
    schema: &'a Schema,
    graph: &'a Graph,
    /// In the order in which they depend on each other.
    parents: Vec<(usize, String)>,
    path: Vec<usize>,
}

impl Joined<'_> {
    /// Those that these columns of a node refer to.
    fn parents_of<'n>(
        &mut self,
        node: &Node,
        columns: impl Iterator<Item = &'n str>,
        statement: &mut Statement,
    ) -> Result<()> {
        for name in columns {
            let Some(Source::Parent { node: parent, .. }) = node.sources.get(name) else {
                continue;
            };
            let above = &self.graph.nodes[*parent];
            if self.path.contains(parent) {
                return Err(circle(self.graph, &self.path));
            }
            if !joins(self.graph, node, *parent)
                || self.parents.iter().any(|(known, _)| known == parent)
            {
                continue;
            }
            if above.rows != Rows::One && node.rows == Rows::One {
                return Err(Failure::new(Kind::Bug, "one row refers to many parents"));
            }
            self.path.push(*parent);
            let columns: Vec<&str> = above.key.first().columns().collect();
            self.parents_of(above, columns.into_iter(), statement)?;
            self.path.pop();
            let (condition, first) =
                sought(self.schema, self.graph, above, above.key.first(), statement);
            let sql = format!(
                "LATERAL (SELECT t.* FROM {} AS t WHERE {condition}{first}) AS p{parent}",
                above.table.own_rows(),
            );
            self.parents.push((*parent, sql));
        }
        Ok(())
    }
}

/// Keys that are made of each other identify nothing, unless a row that is there
/// is referred to.
fn circle(graph: &Graph, path: &[usize]) -> Failure {
    let names: Vec<String> =
        path.iter().map(|node| graph.nodes[*node].table.name.to_string()).collect();
    let is_inside =
        |source: &Source| matches!(source, Source::Parent { node, .. } if path.contains(node));
    let sources = graph.nodes[path[0]].sources.iter();
    let own: Vec<&str> =
        sources.filter_map(|(name, source)| is_inside(source).then_some(name.as_str())).collect();
    config(format!("the keys of {} are made of each other", names.join(" and ")))
        .hint(make_with(&names[0], &own))
}
