//! Rows that no key guards and that are asked for several times alike, in other
//! words: `1.0` and `1.00`. Only the server knows that they are, so it is asked
//! before any of them is made. What is plain from their texts was refused before
//! anything ran.

use seedbed_api::plan::Rows;
use seedbed_schema::{Column, Schema, quote};

use crate::alike::is_plain;
use crate::graph::{Node, Source};
use crate::sql::Comparison;

/// The condition that all candidates `c` differ; `None` where nothing is left to
/// ask.
pub(super) fn apart(schema: &Schema, node: &Node) -> Option<String> {
    let columns = told_apart(schema, node)?;
    let sides = columns.into_iter().map(|column| {
        let how = Comparison::of(schema, &column.data_type);
        how.side(&format!("c.{}", quote(&column.name)))
    });
    let sides: Vec<String> = sides.collect();
    Some(format!(
        "NOT EXISTS (SELECT FROM c GROUP BY {} HAVING pg_catalog.count(*) > 1)",
        sides.join(", ")
    ))
}

/// Columns that rows are told apart by, where the server must compare them.
pub(crate) fn told_apart<'a>(schema: &Schema, node: &'a Node) -> Option<Vec<&'a Column>> {
    if node.fresh || node.rows == Rows::One || !node.key.is_content() {
        return None;
    }
    let mut columns = Vec::new();
    let mut asks = false;
    for name in node.key.first().columns() {
        let column = node.column(name)?;
        match node.sources.get(name)? {
            Source::Argument(passed) => asks |= passed.each && !is_plain(schema, column),
            Source::Parent { .. } | Source::Default(_) => {}
            // Made so that rows differ.
            Source::Generated | Source::Itself { .. } => return None,
        }
        columns.push(column);
    }
    asks.then_some(columns)
}
