//! Values that no run can change: those of a row that is known by its ordinal
//! alone, where nothing needs a server's judgement. They stand in the plan, so
//! that a client need not ask for them.

use std::collections::BTreeMap;

use seedbed_api::Result;
use seedbed_api::plan::Rows;
use seedbed_model::{Identity as Row, RowRequest};

use crate::exhausted::exhausted;
use crate::graph::{Graph, Identity, Node, Place, Source};
use crate::key::Identifier;

/// Finds them.
///
/// # Errors
/// `Config` where a row cannot be made whatever a server says.
pub(crate) fn fill(graph: &mut Graph) -> Result<()> {
    let scope = graph.scope.clone();
    for node in &mut graph.nodes {
        let Identity::Ordinal { first, .. } = &node.identity else { continue };
        if !is_known(node) {
            continue;
        }
        let constant = if is_unjudged(node) { node.generated() } else { key(node) };
        if constant.is_empty() {
            continue;
        }
        let wanted = node.generated();
        let fixed: BTreeMap<String, Option<String>> =
            node.defaults().map(|(name, text)| (name.clone(), Some(text.clone()))).collect();
        let request = RowRequest {
            identity: Row::Ordinal { scope: &scope, ordinal: *first },
            fixed: &fixed,
            wanted: &wanted,
            attempt: 0,
            ordinal: *first,
        };
        let mut made = node.model.row(&request).map_err(|why| exhausted(node, why))?;
        made.retain(|name, _| constant.contains(name));
        node.constants = made;
    }
    Ok(())
}

/// Whether its ordinal and nothing else decides about the row.
fn is_known(node: &Node) -> bool {
    node.rows == Rows::One
        && !node.fresh
        && matches!(node.place, Place::Target | Place::Shared)
        && node.arguments().next().is_none()
}

/// Whether no server is needed. A small domain of another unique column may be
/// taken by a row that is there.
fn is_unjudged(node: &Node) -> bool {
    let first = node.key.first();
    let scarce = |key: &seedbed_schema::UniqueKey| {
        first.index.as_deref() != Some(key.name.as_str())
            && key.columns().any(|name| {
                node.sources.get(name) == Some(&Source::Generated)
                    && node.model.domain(name).is_some()
            })
    };
    node.model.judged.is_empty()
        && node.table.exclusions.is_empty()
        && !node.table.keys.iter().any(scarce)
}

/// The columns of its keys that are generated, if no server need judge them: the
/// row is looked up without asking for values then. The others are made around
/// them.
fn key(node: &Node) -> Vec<String> {
    let identifiers: Vec<&Identifier> =
        std::iter::once(node.key.first()).chain(&node.key.tied).collect();
    let in_key = |name: &String| identifiers.iter().any(|identifier| identifier.has(name));
    let columns: Vec<String> = node.generated().into_iter().filter(in_key).collect();
    let judged = node.model.judged.iter().flat_map(|check| &check.columns);
    let mut judged = judged.filter(|name| columns.contains(name));
    if judged.next().is_some() { Vec::new() } else { columns }
}
