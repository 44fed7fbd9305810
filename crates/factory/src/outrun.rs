//! Fresh rows that another session outran: it made rows of the same ordinals,
//! which nobody saw before they were committed. Whoever runs the plan again
//! finds the next free ones.

use seedbed_api::plan::Trouble;

use crate::graph::{Node, Source};

/// Whether that is what stopped a plan at this node.
pub(crate) fn is_outrun(node: &Node, trouble: &Trouble) -> bool {
    if !node.fresh {
        return false;
    }
    let is_generated = |name: &str| node.sources.get(name) == Some(&Source::Generated);
    let constraint = trouble.constraint.as_deref().unwrap_or_default();
    match trouble.sqlstate.as_deref() {
        // unique_violation
        Some("23505") => {
            let mut keys = node.table.keys.iter().filter(|key| key.name == constraint);
            keys.any(|key| key.columns().any(is_generated))
        }
        // exclusion_violation
        Some("23P01") => {
            let mut exclusions = node.table.exclusions.iter().filter(|one| one.name == constraint);
            exclusions.any(|one| {
                one.parts.iter().flat_map(|part| &part.columns).any(|name| is_generated(name))
            })
        }
        _ => false,
    }
}
