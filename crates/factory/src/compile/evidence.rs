//! What is asked after a failure, so that it can be told what it means: who is
//! connected and how, who else writes, which rows have which key, and where a row
//! differs from what was passed.

use seedbed_api::plan::{Parameter, Policy, Step, Target};
use seedbed_schema::{Schema, quote, quote_literal};

use super::columns::{parameter, typed};
use super::condition::{compared, has};
use super::lock::guard;
use super::update::identity;
use crate::graph::{Graph, Node, Source};
use crate::key::Identifier;
use crate::sql::{Comparison, Form, Statement, different, equal};

/// Names of the steps, as [`seedbed_api::plan::Trouble::evidence`] has them.
/// Their first two columns are ordinal and primary key, as of every step.
pub(crate) mod names {
    /// Role, whether row-level security binds it on a table, isolation level,
    /// process, and the table.
    pub(crate) const SESSION: &str = "session";
    /// Process, name and state of sessions with locks on a table, and the table.
    pub(crate) const WRITERS: &str = "writers";
    /// What the role may not use: `TABLE` or `SEQUENCE`, its name, the rights it
    /// lacks, and the table.
    pub(crate) const RIGHTS: &str = "rights";

    /// Ordinal, index and identity of rows that have a key of this binding.
    pub(crate) fn keys(binding: &str) -> String {
        format!("keys of {binding}")
    }

    /// Ordinal and column of what differs from what was passed.
    pub(crate) fn differing(binding: &str) -> String {
        format!("what differs of {binding}")
    }
}

/// Rows that are shown of many.
const SHOWN: u32 = 10;

/// The steps: about every table of the plan, since any of them may be the one
/// that fails.
pub(super) fn evidence(schema: &Schema, graph: &Graph) -> Vec<Step> {
    let node = &graph.nodes[0];
    let tables = tables(graph);
    let mut steps = vec![session(node, &tables), writers(node, &tables), rights(node, &tables)];
    steps.extend((0..graph.nodes.len()).filter_map(|node| keys(schema, graph, node)));
    steps.extend((0..graph.nodes.len()).filter_map(|node| differing(schema, graph, node)));
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
        alone: false,
        raises: false,
    }
}

/// Every table once, as `n(name, class, guard)`; the last is the class of the
/// advisory locks on its rows.
fn tables(graph: &Graph) -> String {
    let mut rows: Vec<String> = Vec::new();
    for node in &graph.nodes {
        let name = quote_literal(&node.table.name.sql());
        let row = format!("({name}::text, {name}::pg_catalog.regclass, {})", guard(node));
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    format!("(VALUES {}) AS n(name, class, guard)", rows.join(", "))
}

fn session(node: &Node, tables: &str) -> Step {
    let sql = format!(
        "SELECT NULL::text, NULL::text, CURRENT_USER::text, \
         CASE WHEN pg_catalog.row_security_active(n.class) THEN 't' ELSE 'f' END, \
         pg_catalog.current_setting('transaction_isolation'), \
         pg_catalog.pg_backend_pid()::text, n.name FROM {tables}"
    );
    step(node, names::SESSION, sql, Vec::new())
}

/// Sessions that hold more than a reader's lock on a table, or a lock on rows
/// that no key guards (of two numbers: `objsubid` 2).
fn writers(node: &Node, tables: &str) -> Step {
    let sql = format!(
        "SELECT NULL::text, NULL::text, a.pid::text, a.application_name::text, a.state::text, n.name \
         FROM {tables} JOIN pg_catalog.pg_locks AS l ON \
         l.locktype = 'relation' AND l.relation = n.class AND l.mode <> 'AccessShareLock' OR \
         l.locktype = 'advisory' AND l.classid = n.guard::pg_catalog.oid AND l.objsubid = 2 \
         JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid AND a.datid = l.database \
         WHERE l.granted AND a.datname = pg_catalog.current_database() \
         AND l.pid <> pg_catalog.pg_backend_pid() \
         GROUP BY a.pid, a.application_name, a.state, a.xact_start, n.name \
         ORDER BY a.xact_start LIMIT {SHOWN}"
    );
    step(node, names::WRITERS, sql, Vec::new())
}

/// What the role may not use. A default draws from the sequences it depends on;
/// an identity column needs no right on its own. CASE: what is asked of a
/// sequence is an error for anything else.
fn rights(node: &Node, tables: &str) -> Step {
    let lacks = |right: &str| {
        format!(
            "CASE WHEN NOT pg_catalog.has_any_column_privilege(n.class, '{right}') \
             THEN '{right}' END"
        )
    };
    let lacking = format!(
        "pg_catalog.concat_ws(', ', {}, {}, {})",
        lacks("SELECT"),
        lacks("INSERT"),
        lacks("UPDATE")
    );
    let sql = format!(
        "SELECT NULL::text, NULL::text, 'TABLE', n.name, {lacking}, n.name \
         FROM {tables} WHERE {lacking} <> '' UNION ALL \
         SELECT NULL, NULL, 'SEQUENCE', pg_catalog.format('%I.%I', q.nspname, s.relname), \
         'USAGE', n.name FROM {tables} \
         JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = n.class \
         JOIN pg_catalog.pg_depend AS d \
         ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = f.oid \
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         JOIN pg_catalog.pg_class AS s ON s.oid = d.refobjid \
         JOIN pg_catalog.pg_namespace AS q ON q.oid = s.relnamespace \
         WHERE CASE WHEN s.relkind = 'S' \
         THEN NOT pg_catalog.has_sequence_privilege(s.oid, 'USAGE, UPDATE') END LIMIT {SHOWN}"
    );
    step(node, names::RIGHTS, sql, Vec::new())
}

/// Which rows have the keys that were passed.
fn keys(schema: &Schema, graph: &Graph, index: usize) -> Option<Step> {
    let node = &graph.nodes[index];
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
            node.table.own_rows()
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
    Some(step(node, &names::keys(&node.name), sql, statement.finish()))
}

/// Columns of the rows that were found which differ from what was passed.
fn differing(schema: &Schema, graph: &Graph, index: usize) -> Option<Step> {
    let node = &graph.nodes[index];
    if node.fresh || node.policy == Policy::Keep || node.key.is_content() {
        return None;
    }
    let mut statement = Statement::new(Form::from(node.rows));
    let mut columns = Vec::new();
    for column in compared(node) {
        let value = typed(column, &statement.text(parameter(graph, node, &column.name)?));
        let here = format!("t.{}", quote(&column.name));
        let differs = different(&Comparison::of(schema, &column.data_type), &here, &value);
        columns.push(format!("({}::text, {differs})", quote_literal(&column.name)));
    }
    if columns.is_empty() {
        return None;
    }
    let mut row = Vec::new();
    for column in identity(node) {
        let own = Parameter::Ref(node.name.clone(), column.name.clone());
        let value = typed(column, &statement.text(own));
        row.push(equal(
            &Comparison::native(schema, &column.data_type),
            &format!("t.{}", quote(&column.name)),
            &value,
            !column.not_null,
        ));
    }
    if let (None, Some((predicate, _))) = (node.table.primary_key(), &node.key.first().predicate) {
        row.push(format!("({predicate})"));
    }
    let from = match statement.form() {
        Form::One => String::new(),
        Form::Many => format!("{} CROSS JOIN ", statement.rows()),
    };
    let sql = format!(
        "SELECT {}, NULL::text, d.name FROM {from}LATERAL (SELECT t.* FROM {} AS t WHERE {}) AS t \
         CROSS JOIN LATERAL (VALUES {}) AS d(name, differs) WHERE d.differs LIMIT {SHOWN}",
        statement.ordinal(),
        node.rows_of(),
        row.join(" AND "),
        columns.join(", ")
    );
    let step = step(node, &names::differing(&node.name), sql, statement.finish());
    Some(Step { on: Target::Differing, ..step })
}
