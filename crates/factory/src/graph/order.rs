//! In what order rows can be made: parents first; those that need each other,
//! together.

use super::node::Graph;

/// Groups of nodes, parents before children. A group of several is a circle.
pub(crate) fn order(graph: &Graph) -> Vec<Vec<usize>> {
    let reach: Vec<Vec<bool>> = (0..graph.nodes.len()).map(|from| reachable(graph, from)).collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut done = vec![false; graph.nodes.len()];
    for node in 0..graph.nodes.len() {
        visit(graph, &reach, node, &mut done, &mut groups);
    }
    groups
}

/// A call has few nodes, so that a table of who reaches whom is the plainest
/// way to circles; depth is that of the chain of parents, which is bounded
/// while the graph grows.
fn reachable(graph: &Graph, from: usize) -> Vec<bool> {
    let mut seen = vec![false; graph.nodes.len()];
    let mut next = vec![from];
    while let Some(node) = next.pop() {
        for parent in graph.nodes[node].parents() {
            if !std::mem::replace(&mut seen[parent], true) {
                next.push(parent);
            }
        }
    }
    seen
}

fn visit(
    graph: &Graph,
    reach: &[Vec<bool>],
    node: usize,
    done: &mut [bool],
    groups: &mut Vec<Vec<usize>>,
) {
    if done[node] {
        return;
    }
    let group: Vec<usize> = (0..graph.nodes.len())
        .filter(|other| *other == node || (reach[node][*other] && reach[*other][node]))
        .collect();
    for member in &group {
        done[*member] = true;
    }
    for member in &group {
        for parent in graph.nodes[*member].parents() {
            visit(graph, reach, parent, done, groups);
        }
    }
    groups.push(group);
}
