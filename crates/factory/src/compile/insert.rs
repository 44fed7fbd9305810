//! Making the rows that are missing. The insert names its conflict target, does
//! nothing on a conflict and returns what it made; a row that another session
//! made meanwhile is found by the look-up after it.
//!
//! A row outside the predicate of its partial key, or for which an expression of
//! its key is NULL, would never conflict and so be made again by every call: the
//! candidate is tested first and not inserted.
//!
//! Candidates of one key are one row: the first is inserted, and the others are
//! found by the look-up after it. Where they contradict each other in what was
//! passed none is: the row would change with every call.
//!
//! Where a trigger may change a row it is compared with what was passed as soon
//! as it is made, so that it is not the next call that finds it different.

use std::collections::BTreeMap;

use seedbed_api::Result;
use seedbed_api::plan::{Parameter, Policy};
use seedbed_schema::{Column, Equality, Schema, quote};

use super::apart::apart;
use super::columns::{drawn, drawn_before, overriding, parameter, returned, typed, written};
use super::condition::{compared, compares, kept as born, told_same};
use super::look_up::parents;
use super::twins::{contradicts, folding};
use crate::computed::computed;
use crate::graph::{Graph, Node, Source};
use crate::key::Identifier;
use crate::line::make_with;
use crate::sql::{Comparison, Form, Statement, equal, over};
use crate::target::target;
use crate::wanted::config;

/// The statement and its parameters.
pub(super) fn insert(
    schema: &Schema,
    graph: &Graph,
    index: usize,
) -> Result<(String, Vec<Parameter>)> {
    let node = &graph.nodes[index];
    match Form::from(node.rows) {
        Form::One => one(schema, graph, node, None),
        Form::Many => many(schema, graph, node),
    }
}

/// The same for one row whose parents are looked up by the statement itself: a
/// row that is missing among parents that are there is made in one round trip.
/// Nothing is made where a parent is missing.
pub(super) fn insert_beside(
    schema: &Schema,
    graph: &Graph,
    index: usize,
) -> Result<(String, Vec<Parameter>)> {
    one(schema, graph, &graph.nodes[index], Some(index))
}

/// Columns that are written, in the table's order, with SQL for each.
fn values<'a>(
    graph: &Graph,
    node: &'a Node,
    statement: &mut Statement,
) -> Vec<(&'a Column, String)> {
    let before = drawn_before(node);
    let itself = |name: &str| format!("d.{}", quote(name));
    node.table
        .columns
        .iter()
        .filter_map(|column| {
            let sql = if before.iter().any(|own| own.name == column.name) {
                Some(itself(&column.name))
            } else {
                written(graph, node, statement, &column.name, &itself)
            };
            Some((column, sql?))
        })
        .collect()
}

/// The same where the parents' rows are `p<node>`.
fn values_beside<'a>(
    graph: &Graph,
    node: &'a Node,
    statement: &mut Statement,
) -> Vec<(&'a Column, String)> {
    let of = |(name, source): (&String, &Source)| match source {
        Source::Parent { node, column } => {
            Some((name.clone(), format!("p{node}.{}::text", quote(column))))
        }
        _ => None,
    };
    let referred: BTreeMap<String, String> = node.sources.iter().filter_map(of).collect();
    let mut others = node.clone();
    others.sources.retain(|name, _| !referred.contains_key(name));
    let given = values(graph, &others, statement);
    let find = |name: &str| given.iter().find(|(own, _)| own.name == name);
    let columns = node.table.columns.iter();
    columns
        .filter_map(|column| match referred.get(&column.name) {
            Some(text) => Some((column, typed(column, text))),
            None => find(&column.name).map(|(_, sql)| (column, sql.clone())),
        })
        .collect()
}

/// `d`: values of the row itself that are drawn once, before it is made.
fn draws(node: &Node) -> Result<Option<String>> {
    let before = drawn_before(node);
    if before.is_empty() {
        return Ok(None);
    }
    let mut list = Vec::new();
    for column in before {
        let sql = drawn(node, column).ok_or_else(|| {
            let message = format!(
                "a row of {} must refer to itself by {}, for which nothing draws a value",
                node.table.name, column.name
            );
            config(message).hint(make_with(&node.table.name.to_string(), &[&column.name]))
        })?;
        list.push(format!("{sql} AS {}", quote(&column.name)));
    }
    Ok(Some(list.join(", ")))
}

/// Whether the candidate is inside the predicate of its key, and has one: NULL is
/// equal to nothing.
pub(super) fn inside(
    node: &Node,
    identifier: &Identifier,
    values: &[(&Column, String)],
) -> Option<String> {
    let columns = |mentioned: &[String]| -> Vec<(String, String)> {
        let columns = mentioned.iter().filter_map(|name| {
            let column = node.column(name)?;
            let given = values.iter().find(|(own, _)| own.name == *name);
            let sql = match (given, &column.default) {
                (Some((_, sql)), _) => sql.clone(),
                (None, Some(default)) if !column.surrogate => {
                    format!("({default})::{}", column.data_type.sql)
                }
                (None, _) => format!("NULL::{}", column.data_type.sql),
            };
            Some((name.clone(), sql))
        });
        columns.collect()
    };
    let mut terms = Vec::new();
    if let Some((predicate, mentioned)) = &identifier.predicate {
        let columns = columns(mentioned);
        terms.extend((!columns.is_empty()).then(|| over(predicate, &columns)));
    }
    terms.extend(identifier.doubtful(&node.table).map(|part| {
        format!("{} IS NOT NULL", computed(&node.table, part, &columns(&part.columns)))
    }));
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

fn one(
    schema: &Schema,
    graph: &Graph,
    node: &Node,
    beside: Option<usize>,
) -> Result<(String, Vec<Parameter>)> {
    let mut statement = Statement::new(Form::One);
    let mut from: Vec<String> =
        draws(node)?.map(|draws| format!("(SELECT {draws}) AS d")).into_iter().collect();
    let values = match beside {
        None => values(graph, node, &mut statement),
        Some(index) => {
            from.push(parents(schema, graph, index, &mut statement)?);
            values_beside(graph, node, &mut statement)
        }
    };
    let table = node.relation();
    let target = conflict(node);
    let same = as_passed(schema, node, "t", &|name| {
        values.iter().find(|(column, _)| column.name == name).map(|(_, sql)| sql.clone())
    });
    let returning = returned(node, "t", "NULL::text", &same);
    let mut sql = format!("INSERT INTO {table} AS t");
    if values.is_empty() {
        sql.push_str(" DEFAULT VALUES");
    } else {
        let names: Vec<String> = values.iter().map(|(column, _)| quote(&column.name)).collect();
        let list: Vec<&str> = values.iter().map(|(_, sql)| sql.as_str()).collect();
        let overriding = overriding(values.iter().map(|(column, _)| *column));
        sql.push_str(&format!(" ({}){overriding} SELECT {}", names.join(", "), list.join(", ")));
        if !from.is_empty() {
            sql.push_str(&format!(" FROM {}", from.join(" CROSS JOIN ")));
        }
        if let Some(inside) = inside(node, node.key.first(), &values) {
            sql.push_str(&format!(" WHERE {inside}"));
        }
    }
    let sql = match kept(schema, graph, node, &mut statement) {
        _ if node.is_unseen() => format!("{sql}{target}"),
        Some(kept) => format!(
            "WITH n AS ({sql}{target} RETURNING t.*) SELECT {returning} FROM n AS t WHERE {kept}"
        ),
        None => format!("{sql}{target} RETURNING {returning}"),
    };
    Ok((sql, statement.finish()))
}

/// What is done where the row is there by now: nothing. A fresh row is not
/// there, and a row that is all the same is no other's to take.
fn conflict(node: &Node) -> String {
    if node.fresh { String::new() } else { target(node.key.first()) }
}

/// `same` of a row that was just made, where a trigger may have changed it.
/// `value` is SQL of what was written into a column.
fn as_passed(
    schema: &Schema,
    node: &Node,
    alias: &str,
    value: &dyn Fn(&str) -> Option<String>,
) -> String {
    if node.fresh || node.policy == Policy::Keep || !node.is_changed_by_insert() {
        return "NULL::text".to_owned();
    }
    let equal = |column: &Column| {
        let how = Comparison::of(schema, &column.data_type);
        Some(equal(&how, &format!("{alias}.{}", quote(&column.name)), &value(&column.name)?, true))
    };
    let terms: Vec<String> = compared(node).into_iter().filter_map(equal).collect();
    let births: Vec<String> = born(node).into_iter().filter_map(equal).collect();
    told_same(&terms, &births)
}

/// Whether the row that was made, `t`, still has the keys that were asked for,
/// where a trigger may have changed them: otherwise no later call would find it.
fn kept(schema: &Schema, graph: &Graph, node: &Node, statement: &mut Statement) -> Option<String> {
    if node.fresh || !node.is_changed_by_insert() || !node.key.tied.is_empty() {
        return None;
    }
    let mut value = |name: &str| {
        let column = node.column(name)?;
        Some(typed(column, &statement.text(parameter(graph, node, name)?)))
    };
    let mut terms = Vec::new();
    for identifier in &node.key.identifiers {
        for part in &identifier.parts {
            let Some(name) = &part.column else {
                let columns: Option<Vec<(String, String)>> =
                    part.columns.iter().map(|name| Some((name.clone(), value(name)?))).collect();
                let same = |columns: Vec<_>| {
                    let how = Comparison::Native(Equality::of_expression(&part.expression));
                    let here = format!("({})", part.expression);
                    equal(&how, &here, &computed(&node.table, part, &columns), false)
                };
                terms.extend(columns.map(same));
                continue;
            };
            let nulls = matches!(
                node.sources.get(name), Some(Source::Argument(passed)) if passed.null
            );
            let Some(column) = node.column(name) else { continue };
            let how = compares(schema, identifier, column);
            let here = format!("t.{}", quote(name));
            terms.extend(value(name).map(|value| equal(&how, &here, &value, nulls)));
        }
        terms.extend(identifier.predicate.as_ref().map(|(predicate, _)| format!("({predicate})")));
    }
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

/// The same for rows `n` that were made of candidates `c` and are found by
/// content: further conditions.
fn unchanged(schema: &Schema, node: &Node, values: &[(&Column, String)]) -> String {
    if node.fresh || !node.is_changed_by_insert() {
        return String::new();
    }
    let own = values.iter().filter(|(column, _)| node.key.first().has(&column.name));
    let terms = own.map(|(column, _)| {
        let (how, name) = (Comparison::of(schema, &column.data_type), quote(&column.name));
        format!(" AND {}", equal(&how, &format!("n.{name}"), &format!("c.{name}"), true))
    });
    terms.collect()
}

/// Names that no column has.
const ORDINAL: &str = "seedbed: ordinal";
const PLACE: &str = "seedbed: place";

fn many(schema: &Schema, graph: &Graph, node: &Node) -> Result<(String, Vec<Parameter>)> {
    let mut statement = Statement::new(Form::Many);
    let mut values = values(graph, node, &mut statement);
    let identifier = node.key.first();
    let inside = inside(node, identifier, &values);
    // `d` is gone where the rows are stored: there they are its columns.
    let (ordinal, table) = (quote(ORDINAL), node.relation());
    let mut list = vec![format!("{}::pg_catalog.int4 AS {ordinal}", statement.ordinal())];
    list.extend(values.iter().map(|(column, sql)| format!("{sql} AS {}", quote(&column.name))));
    let keys = Key::of(schema, node, identifier, &values);
    list.extend(keys.iter().filter_map(|key| key.in_c.as_ref()).cloned());
    let mut from = statement.uncounted_rows();
    if let Some(draws) = draws(node)? {
        // Volatile, so it is computed for each row and not moved.
        from.push_str(&format!(" CROSS JOIN LATERAL (SELECT {draws}, c.v0 AS {ordinal}) AS d"));
    }
    let filter = inside.map(|inside| format!(" WHERE {inside}")).unwrap_or_default();
    for (column, sql) in &mut values {
        *sql = format!("c.{}", quote(&column.name));
    }
    let names: Vec<String> = values.iter().map(|(column, _)| quote(&column.name)).collect();
    let into = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
    let selected: Vec<&str> = values.iter().map(|(_, sql)| sql.as_str()).collect();
    let overriding = overriding(values.iter().map(|(column, _)| *column));
    let same = as_passed(schema, node, "n", &|name| Some(format!("c.{}", quote(name))));
    let returning = returned(node, "n", &format!("c.{ordinal}::text"), &same);
    let candidates = format!("SELECT {} FROM {from}{filter}", list.join(", "));
    let twins = Twins::of(schema, node, identifier, &keys);
    let (candidates, first) = match &twins {
        Some(twins) => (twins.told(&candidates, &ordinal), twins.first()),
        None => (candidates, ""),
    };
    let start = format!(
        "WITH c AS MATERIALIZED ({candidates}), n AS (INSERT INTO {table} AS \
         t{into}{overriding} SELECT {} FROM c{first}",
        selected.join(", "),
    );
    let sql = if keys.is_empty() {
        // Nothing tells the rows apart: they come back as they were inserted,
        // or some are gone and none can be told.
        let apart = apart(schema, node).map(|apart| format!(" WHERE {apart}")).unwrap_or_default();
        format!(
            "{start}{apart} ORDER BY c.{ordinal} RETURNING t.*), \
             m AS (SELECT n.*, pg_catalog.row_number() OVER () AS {place} FROM n) \
             SELECT {returning} FROM m AS n JOIN (SELECT c.*, pg_catalog.row_number() \
             OVER (ORDER BY c.{ordinal}) AS {place} FROM c) AS c ON c.{place} = n.{place} \
             WHERE (SELECT pg_catalog.count(*) FROM n) = (SELECT pg_catalog.count(*) FROM c){}",
            unchanged(schema, node, &values),
            place = quote(PLACE),
        )
    } else {
        let made: Vec<String> =
            keys.iter().filter_map(|key| key.in_t.as_ref()).map(|sql| format!(", {sql}")).collect();
        let on: Vec<String> = keys
            .iter()
            .map(|Key { name, nulls, equality, .. }| {
                let (made, asked) = (format!("n.{name}"), format!("c.{name}"));
                let how = Comparison::Native(equality.clone());
                equal(&how, &made, &asked, *nulls)
            })
            .collect();
        let also = first.replace(" WHERE ", " AND ");
        format!(
            "{start}{}{} RETURNING t.*{}) SELECT {returning} FROM n JOIN c ON {}{also}",
            in_order(node, &keys),
            conflict(node),
            made.concat(),
            on.join(" AND "),
        )
    };
    // A statement does not see what it made itself: the look-up after it does.
    let seen = if node.is_unseen() { " LIMIT 0" } else { "" };
    Ok((sql + seen, statement.finish()))
}

/// Two calls that make the same rows take them in the same order, so that none
/// waits for the other in turn. Fresh rows of generated keys are nobody else's:
/// calls of one scope come one after the other, those of others make others.
fn in_order(node: &Node, keys: &[Key]) -> String {
    if node.fresh && is_generated(node, node.key.first()) {
        return String::new();
    }
    let names: Vec<String> = keys.iter().map(|key| format!("c.{}", key.name)).collect();
    format!(" ORDER BY {}", names.join(", "))
}

/// Whether some of a key's values are generated.
fn is_generated(node: &Node, identifier: &Identifier) -> bool {
    identifier.columns().any(|name| node.sources.get(name) == Some(&Source::Generated))
}

/// Candidates that are the same row.
struct Twins {
    keys: Vec<String>,
    /// Whether one contradicts the first of its row.
    odd: String,
}

impl Twins {
    /// `None` where no two candidates can be one row.
    fn of(schema: &Schema, node: &Node, identifier: &Identifier, keys: &[Key]) -> Option<Self> {
        if keys.is_empty() || is_generated(node, identifier) {
            return None;
        }
        let odd = contradicts(schema, node, &|name| Some(format!("b.{}", quote(name))));
        let keys = keys.iter().map(|key| key.name.clone()).collect();
        Some(Self { keys, odd: odd.unwrap_or_default() })
    }

    /// The candidates, each with its place among those of its row.
    fn told(&self, candidates: &str, ordinal: &str) -> String {
        let list = |alias: &str| {
            let names: Vec<String> = self.keys.iter().map(|key| format!("{alias}.{key}")).collect();
            names.join(", ")
        };
        let place = quote(PLACE);
        let window = format!("WINDOW w AS (PARTITION BY {} ORDER BY b.{ordinal})", list("b"));
        if self.odd.is_empty() {
            return format!(
                "SELECT b.*, pg_catalog.row_number() OVER w AS {place} FROM ({candidates}) AS b {window}"
            );
        }
        let odd = quote("seedbed: odd");
        format!(
            "SELECT b.*, CASE WHEN NOT pg_catalog.bool_or(b.{odd}) OVER (PARTITION BY {}) THEN \
             pg_catalog.row_number() OVER w END AS {place} FROM (SELECT b.*, {} AS {odd} FROM \
             ({candidates}) AS b {window}) AS b {window}",
            list("b"),
            self.odd,
        )
    }

    /// Which candidates are inserted. Not `= 1`, of which the planner expects so
    /// little that it compares every row made with every candidate.
    fn first(&self) -> &'static str {
        " WHERE c.\"seedbed: place\" < 2"
    }
}

/// A part of what rows are told apart by.
struct Key {
    /// Its name in `c`, the candidates, and in `n`, the rows that were made.
    name: String,
    /// How a candidate has it, where no column is it.
    in_c: Option<String>,
    /// The same of the row that was made, `t`.
    in_t: Option<String>,
    /// Whether two NULLs are the same.
    nulls: bool,
    /// How two values are compared.
    equality: Equality,
}

impl Key {
    /// All parts; none where rows are found by content.
    fn of(
        schema: &Schema,
        node: &Node,
        identifier: &Identifier,
        values: &[(&Column, String)],
    ) -> Vec<Self> {
        let mut keys = Vec::new();
        if identifier.index.is_none() {
            return keys;
        }
        let sql = |name: &str| {
            values.iter().find(|(column, _)| column.name == name).map(|(_, sql)| sql.clone())
        };
        for part in &identifier.parts {
            let nulls = part.columns.iter().any(|name| {
                matches!(node.sources.get(name), Some(Source::Argument(passed)) if passed.null)
            });
            let own = quote(&format!("seedbed: key {}", keys.len()));
            let equality = match part.column.as_ref().and_then(|name| node.column(name)) {
                Some(column) => Equality::of(schema, &column.data_type),
                None => Equality::of_expression(&part.expression),
            };
            let (in_c, in_t) = match &part.column {
                Some(name) => {
                    let Some(candidate) = sql(name) else { continue };
                    let folding = node.column(name).map(folding).unwrap_or_default();
                    if folding.is_empty() {
                        keys.push(Self {
                            name: quote(name),
                            in_c: None,
                            in_t: None,
                            nulls,
                            equality,
                        });
                        continue;
                    }
                    (format!("{candidate}{folding}"), format!("t.{}", quote(name)))
                }
                None => {
                    let columns: Vec<(String, String)> = part
                        .columns
                        .iter()
                        .filter_map(|name| Some((name.clone(), sql(name)?)))
                        .collect();
                    (computed(&node.table, part, &columns), format!("({})", part.expression))
                }
            };
            let [in_c, in_t] = [in_c, in_t].map(|sql| Some(format!("{sql} AS {own}")));
            keys.push(Self { name: own, in_c, in_t, nulls, equality });
        }
        keys
    }
}
