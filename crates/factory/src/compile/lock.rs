//! Rows that no unique key guards are guarded by an advisory lock until the end
//! of the transaction: two sessions that want the same row make it once. The
//! lock is one of a few for each table, chosen by what the row is found by, however
//! that is spelled, so that a batch cannot fill the server's lock table; taken in
//! order, so that two batches cannot wait for each other.

use seedbed_api::plan::Parameter;
use seedbed_schema::{Base, Column, NamedType, Schema, TypeRef, TypeShape, quote_literal};

use super::columns::{parameter, typed};
use crate::graph::{Graph, Node, Source};
use crate::sql::{Form, Statement};

/// Locks for each table.
const BUCKETS: u32 = 64;

/// The statement, which returns no row, and its parameters.
pub(super) fn lock(schema: &Schema, graph: &Graph, index: usize) -> (String, Vec<Parameter>) {
    let node = &graph.nodes[index];
    let mut statement = Statement::new(Form::from(node.rows));
    let mut texts: Vec<String> = Vec::new();
    for name in node.key.first().columns() {
        // The parent's row is another in every session only if the child is.
        if matches!(node.sources.get(name), Some(Source::Argument(_) | Source::Generated))
            && let Some(column) = node.column(name)
            && let Some(spelling) = spelling(schema, column, &column.data_type)
            && let Some(parameter) = parameter(graph, node, name)
        {
            texts.push(spelling(&typed(column, &statement.text(parameter))));
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

/// From SQL of a value to SQL of a text.
type Spelling = Box<dyn Fn(&str) -> String>;

/// SQL from a value to a text that is the same for equal values, however they
/// are spelled and whatever the session's settings are; `None` where nothing
/// writes it: then such a value takes no part in the choice of the lock, and
/// more sessions wait than must.
fn spelling(schema: &Schema, column: &Column, data_type: &TypeRef) -> Option<Spelling> {
    let base = match &data_type.shape {
        TypeShape::Base(base) => base,
        TypeShape::Named(name) => {
            return match schema.named_type(name)? {
                NamedType::Enum(_) => Some(Box::new(|sql| format!("({sql})::text"))),
                NamedType::Domain { base, .. } => spelling(schema, column, base),
                NamedType::Composite(_) => None,
            };
        }
        _ => return None,
    };
    let hash = |function: &'static str, cast: &'static str| -> Spelling {
        Box::new(move |sql| format!("pg_catalog.{function}(({sql}){cast})::text"))
    };
    Some(match base {
        Base::Text | Base::Varchar | Base::Bpchar | Base::Citext
            if column.collation.as_ref().is_some_and(|own| !own.deterministic) =>
        {
            return None;
        }
        Base::Text | Base::Varchar | Base::Uuid | Base::Int2 | Base::Int4 | Base::Int8 => {
            Box::new(|sql| format!("({sql})::text"))
        }
        Base::Bool => hash("int4", ""),
        Base::Citext => hash("lower", "::text"),
        Base::Bpchar => hash("rtrim", "::text"),
        Base::Numeric => hash("hash_numeric", ""),
        Base::Float4 => hash("hashfloat4", ""),
        Base::Float8 => hash("hashfloat8", ""),
        Base::Date => hash("timestamp_hash", "::pg_catalog.timestamp"),
        Base::Timestamp => hash("timestamp_hash", ""),
        Base::Timestamptz => hash("timestamp_hash", " AT TIME ZONE 'UTC'"),
        Base::Interval => hash("interval_hash", ""),
        Base::Json | Base::Jsonb => hash("jsonb_hash", "::pg_catalog.jsonb"),
        _ => return None,
    })
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
