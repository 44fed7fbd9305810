//! Content that leads back to itself identifies nothing: a row found by its
//! parent, which is found by that row. Such columns are left out of what a row
//! without a key is found by.

use super::node::{Graph, Source};

/// Leaves them out.
pub(super) fn prune(graph: &mut Graph) {
    for index in 0..graph.nodes.len() {
        if !graph.nodes[index].key.is_content() {
            continue;
        }
        let leads_back = |column: &String| match graph.nodes[index].sources.get(column) {
            Some(Source::Parent { node, .. }) => is_found_by(graph, *node, index),
            _ => false,
        };
        let parts = &graph.nodes[index].key.first().parts;
        let kept =
            parts.iter().filter(|part| !part.columns.iter().any(leads_back)).cloned().collect();
        graph.nodes[index].key.identifiers[0].parts = kept;
    }
}

/// Whether looking up `from` needs the row of `of`.
fn is_found_by(graph: &Graph, from: usize, of: usize) -> bool {
    let mut seen = vec![false; graph.nodes.len()];
    let mut next = vec![from];
    while let Some(index) = next.pop() {
        if index == of {
            return true;
        }
        if std::mem::replace(&mut seen[index], true) {
            continue;
        }
        let node = &graph.nodes[index];
        // A row that was asked for is there before its children are looked up.
        if !node.is_implied() && index != from {
            continue;
        }
        for column in node.key.first().columns() {
            if let Some(Source::Parent { node, .. }) = node.sources.get(column) {
                next.push(*node);
            }
        }
    }
    false
}
