//! How a call is understood, from its compiled shape.

use seedbed_schema::Column;

use crate::explanation::{Explanation, Origin};
use crate::graph::{Graph, Identity, Node, Place, Source};
use crate::shape::Entry;

/// Tells it.
pub(crate) fn explain(entry: &Entry) -> Explanation {
    let graph = &entry.graph;
    let node = &graph.nodes[0];
    let mut columns = Vec::new();
    for node in &graph.nodes {
        for column in &node.table.columns {
            columns.push(Origin {
                binding: node.name.clone(),
                column: column.name.clone(),
                from: origin(graph, node, column),
            });
        }
    }
    let choice = &node.key;
    let mut why = choice.why.clone();
    if node.fresh {
        "a fresh row is never looked up; its key is the next that nobody used".clone_into(&mut why);
    } else if choice.is_content() {
        why.push_str("; a unique index would let the server guard them");
    }
    Explanation {
        table: node.table.name.to_string(),
        key: choice.identifiers.iter().flat_map(|identifier| identifier.words()).collect(),
        index: choice.first().index.clone(),
        why,
        lost: choice.lost.clone(),
        columns,
        plan: seedbed_api::plan::Plan::clone(&entry.plan),
    }
}

fn origin(graph: &Graph, node: &Node, column: &Column) -> String {
    let model = node.model.columns.iter().find(|model| model.name == column.name);
    match node.sources.get(&column.name) {
        Some(Source::Argument(passed)) => format!("passed as {}", passed.argument),
        Some(Source::Parent { node: parent, column }) => {
            let parent = &graph.nodes[*parent];
            let which = match parent.place {
                Place::Shared => "which all rows share",
                Place::Own { .. } => "which only this row can have",
                Place::Target | Place::Child { .. } => "which was asked for",
            };
            format!("{column} of {}, {which}", parent.name)
        }
        Some(Source::Itself { column }) => format!("its own {column}: the row refers to itself"),
        Some(Source::Default(_)) => database(column),
        Some(Source::Generated) => {
            let why = model.map(|model| model.why.as_str()).unwrap_or_default();
            let from = match &node.identity {
                Identity::Key => "from its key",
                Identity::Ordinal { .. } => "from its ordinal",
            };
            let value = node.constants.get(&column.name).cloned().flatten();
            let value = value.map(|value| format!(": {value}")).unwrap_or_default();
            if why.is_empty() {
                format!("generated {from}{value}")
            } else {
                format!("generated {from}{value} ({why})")
            }
        }
        None => database(column),
    }
}

fn database(column: &Column) -> String {
    if let Some(generated) = &column.generated {
        return format!("computed by the database: {}", generated.expression);
    }
    if column.identity.is_some() {
        return "drawn by the database when a row is made".to_owned();
    }
    match &column.default {
        Some(default) => format!("the database's default: {default}"),
        None if column.data_type.has_default => "the default of its type".to_owned(),
        None => "NULL".to_owned(),
    }
}
