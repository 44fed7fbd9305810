//! Values that no run can change: those of a row that is known by its ordinal
//! alone, where nothing needs a server's judgement. They stand in the plan, so
//! that a client need not ask for them.

use std::collections::BTreeMap;

use seedbed_api::Result;
use seedbed_api::plan::Rows;
use seedbed_model::{Identity as Row, RowRequest};

use crate::exhausted::exhausted;
use crate::graph::{Graph, Identity, Node, Place, Source};

/// Finds them.
///
/// # Errors
/// `Config` where a row cannot be made whatever a server says.
pub(crate) fn fill(graph: &mut Graph) -> Result<()> {
    let scope = graph.scope.clone();
    for node in &mut graph.nodes {
        let Identity::Ordinal { first, .. } = &node.identity else { continue };
        if !is_constant(node) {
            continue;
        }
        let wanted = node.generated();
        let request = RowRequest {
            identity: Row::Ordinal { scope: &scope, ordinal: *first },
            fixed: &BTreeMap::new(),
            wanted: &wanted,
            attempt: 0,
            ordinal: *first,
        };
        node.constants = node.model.row(&request).map_err(|why| exhausted(node, why))?;
    }
    Ok(())
}

fn is_constant(node: &Node) -> bool {
    let first = node.key.first();
    // A small domain of another unique column may be taken by a row that is
    // there: the server must be asked.
    let scarce = |key: &seedbed_schema::UniqueKey| {
        first.index.as_deref() != Some(key.name.as_str())
            && key.columns().any(|name| {
                node.sources.get(name) == Some(&Source::Generated)
                    && node.model.domain(name).is_some()
            })
    };
    node.rows == Rows::One
        && !node.fresh
        && matches!(node.place, Place::Target | Place::Shared)
        && node.arguments().next().is_none()
        && node.model.judged.is_empty()
        && node.table.exclusions.is_empty()
        && !node.table.keys.iter().any(scarce)
}
