//! What is asked after a failure, so that it can be told what it means: who is
//! connected and how, who else writes, and which rows have which key.

use seedbed_api::plan::{Parameter, Step, Target};
use seedbed_schema::{Schema, quote, quote_literal};

use super::condition::has;
use crate::graph::{Graph, Node, Source};
use crate::key::Identifier;
use crate::sql::{Form, Statement};

/// Names of the steps, as [`seedbed_api::plan::Trouble::evidence`] has them.
pub(crate) mod names {
    /// Role, whether row-level security binds it, isolation level, process.
    pub(crate) const SESSION: &str = "session";
    /// Process, name and state of sessions with uncommitted changes.
    pub(crate) const WRITERS: &str = "writers";
    /// Ordinal, index and identity of rows that have a key.
    pub(crate) const KEYS: &str = "keys";
}

/// Rows that are shown of many.
const SHOWN: u32 = 10;

/// The steps for the row that was asked for.
pub(super) fn evidence(schema: &Schema, graph: &Graph) -> Vec<Step> {
    let node = &graph.nodes[0];
    let mut steps = vec![session(node), writers(node)];
    steps.extend(keys(schema, graph));
    steps
}

fn step(node: &Node, name: &str, sql: String, parameters: Vec<Parameter>) -> Step {
    Step {
        name: name.to_owned(),
        into: node.name.clone(),
        on: Target::All,
        needed_for: Vec::new(),
        sql,
        parameters,
        outcome: None,
        savepoint: true,
        tolerates: Vec::new(),
        last: false,
    }
}

fn regclass(node: &Node) -> String {
    format!("{}::pg_catalog.regclass", quote_literal(&node.table.name.sql()))
}

fn session(node: &Node) -> Step {
    let sql = format!(
        "SELECT NULL::text, NULL::text, CURRENT_USER::text, \
         CASE WHEN pg_catalog.row_security_active({}) THEN 't' ELSE 'f' END, \
         pg_catalog.current_setting('transaction_isolation'), \
         pg_catalog.pg_backend_pid()::text",
        regclass(node)
    );
    step(node, names::SESSION, sql, Vec::new())
}

fn writers(node: &Node) -> Step {
    let sql = format!(
        "SELECT NULL::text, NULL::text, a.pid::text, a.application_name::text, a.state::text \
         FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
         WHERE l.locktype = 'relation' AND l.relation = {} AND l.granted \
         AND l.mode = 'RowExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid() \
         ORDER BY a.xact_start LIMIT {SHOWN}",
        regclass(node)
    );
    step(node, names::WRITERS, sql, Vec::new())
}

/// Which rows have the keys that were passed.
fn keys(schema: &Schema, graph: &Graph) -> Option<Step> {
    let node = &graph.nodes[0];
    let passed = |identifier: &&Identifier| {
        identifier.columns().all(|name| matches!(node.sources.get(name), Some(Source::Argument(_))))
    };
    let mut statement = Statement::new(Form::from(node.rows));
    let primary: Vec<String> = node.table.primary_key().map_or_else(Vec::new, |key| {
        key.columns().map(|name| format!("t.{}::text", quote(name))).collect()
    });
    let mut branches = Vec::new();
    for identifier in node.key.identifiers.iter().chain(&node.key.also).filter(passed) {
        let condition = has(schema, graph, node, identifier, &mut statement);
        let index = quote_literal(identifier.index.as_deref().unwrap_or_default());
        let mut list =
            vec![statement.ordinal().to_owned(), "NULL::text".to_owned(), format!("{index}::text")];
        list.extend(primary.iter().cloned());
        let inner = format!(
            "LATERAL (SELECT t.* FROM {} AS t WHERE {condition} LIMIT {SHOWN}) AS t",
            node.table.name.sql()
        );
        branches.push((list.join(", "), inner));
    }
    if branches.is_empty() {
        return None;
    }
    let rows = match statement.form() {
        Form::One => String::new(),
        Form::Many => format!("{} CROSS JOIN ", statement.rows()),
    };
    let selects: Vec<String> = branches
        .into_iter()
        .map(|(list, inner)| format!("(SELECT {list} FROM {rows}{inner} LIMIT {SHOWN})"))
        .collect();
    let sql = selects.join(" UNION ALL ");
    Some(step(node, names::KEYS, sql, statement.finish()))
}
