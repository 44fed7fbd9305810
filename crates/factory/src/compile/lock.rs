//! Rows that no unique key guards are guarded by an advisory lock until the end
//! of the transaction: two sessions that want the same row make it once. The
//! lock is one of a few for each table, chosen by what the row is found by, so
//! that a batch cannot fill the server's lock table; taken in order, so that two
//! batches cannot wait for each other.

use seedbed_api::plan::Parameter;
use seedbed_schema::quote_literal;

use super::columns::parameter;
use crate::graph::{Graph, Node, Source};
use crate::sql::{Form, Statement};

/// Locks for each table.
const BUCKETS: u32 = 64;

/// The statement, which returns no row, and its parameters.
pub(super) fn lock(graph: &Graph, index: usize) -> (String, Vec<Parameter>) {
    let node = &graph.nodes[index];
    let mut statement = Statement::new(Form::from(node.rows));
    let mut texts: Vec<String> = Vec::new();
    for name in node.key.first().columns() {
        // The parent's row is another in every session only if the child is.
        if matches!(node.sources.get(name), Some(Source::Argument(_) | Source::Generated))
            && let Some(parameter) = parameter(graph, node, name)
        {
            texts.push(statement.text(parameter));
        }
    }
    let guard = guard(node);
    let what = if texts.is_empty() {
        "''".to_owned()
    } else {
        format!("pg_catalog.concat_ws('/', {})", texts.join(", "))
    };
    let bucket = format!("pg_catalog.hashtext({what}) & {}", BUCKETS - 1);
    let from = match statement.form() {
        Form::One => format!("(SELECT {bucket} AS b) AS b"),
        Form::Many => {
            format!("(SELECT DISTINCT {bucket} AS b FROM {} ORDER BY 1) AS b", statement.rows())
        }
    };
    let sql = format!(
        "SELECT NULL::text, NULL::text FROM {from} CROSS JOIN LATERAL \
         pg_catalog.pg_advisory_xact_lock({guard}, b.b) AS l \
         WHERE l::text IS NULL"
    );
    (sql, statement.finish())
}

/// Fresh rows take ordinals that nobody used: one session after the other, for
/// as long as a unique index would have it wait anyway. Sessions of different
/// scopes want different rows, and do not wait.
pub(super) fn turn(graph: &Graph, index: usize) -> (String, Vec<Parameter>) {
    let guard = guard(&graph.nodes[index]);
    let scope = quote_literal(&graph.scope);
    let sql = format!(
        "SELECT NULL::text, NULL::text FROM pg_catalog.pg_advisory_xact_lock(\
         {guard}, {BUCKETS} + (pg_catalog.hashtext({scope}) & 1048575)) AS l \
         WHERE l::text IS NULL"
    );
    (sql, Vec::new())
}

/// The first of the two numbers of the locks on a table's rows.
pub(super) fn guard(node: &Node) -> String {
    let table = quote_literal(&format!("seedbed {}", node.table.name));
    format!("pg_catalog.hashtext({table})")
}
