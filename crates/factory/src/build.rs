//! Rows without a database. What the database would fill is NULL, and so are
//! references to parents.

use std::sync::Arc;

use seedbed_api::Result;
use seedbed_api::plan::{Made, Outcome, ValuesRequest};

use crate::machine::{Rows, values_of, wanted};
use crate::shape::Entry;
use crate::wanted::config;

/// Builds the rows that were asked for, and their children.
///
/// # Errors
/// `Config` where only a server can judge whether a row is valid.
pub(crate) fn build(entry: &Arc<Entry>, request: &ValuesRequest) -> Result<Vec<Made>> {
    let rows = Rows { schema: &entry.schema, graph: &entry.graph, request, ordinals: &[] };
    let mut made = Vec::new();
    for (index, node) in entry.graph.nodes.iter().enumerate() {
        if node.is_implied() {
            continue;
        }
        if let Some(check) = node.model.judged.first() {
            let message = format!("only a server can judge rows of {}", node.table.name);
            return Err(config(message)
                .detail(format!("{}: {}", check.name, check.expression))
                .hint("leave out --build"));
        }
        let wanted = wanted(node);
        let size = rows.size(node);
        let mut built = Vec::with_capacity(size as usize);
        for row in 0..size {
            let mut values = rows.fixed(node, row);
            values.extend(values_of(&rows, index, row, 0, &wanted)?);
            let columns = node.table.columns.iter();
            built.push(columns.map(|column| values.remove(&column.name).flatten()).collect());
        }
        let binding = entry.plan.bindings.iter().find(|binding| binding.name == node.name);
        made.push(Made {
            binding: node.name.clone(),
            table: node.table.name.sql(),
            columns: binding.map(|binding| binding.columns.clone()).unwrap_or_default(),
            rows: built,
            outcomes: vec![Outcome::Created; size as usize],
            kept: None,
        });
    }
    Ok(made)
}
