//! Whether a unique column can hold as many values as rows are wanted: known
//! before anything is written.

use seedbed_api::Result;

use super::identity::{Known, Rows};
use crate::graph::{Node, Source};
use crate::wanted::config;

/// Checks every unique key that is generated as a whole.
///
/// # Errors
/// `Config` naming the columns and how many values there are.
pub(super) fn suffices(rows: &Rows<'_>, index: usize) -> Result<()> {
    let node = &rows.graph.nodes[index];
    let last = rows.size(node).saturating_sub(1);
    let Known::Ordinal(_, ordinal) = rows.identity(index, last) else { return Ok(()) };
    holds(node, ordinal)
}

/// Whether there is a row of this ordinal, and not that of a lower one again.
///
/// # Errors
/// See [`suffices`].
pub(super) fn holds(node: &Node, ordinal: u64) -> Result<()> {
    for key in &node.table.keys {
        let generated = |name: &str| node.sources.get(name) == Some(&Source::Generated);
        if !key.is_plain() || !key.columns().all(generated) {
            continue;
        }
        let domain = key.columns().try_fold(1_u64, |product, name| {
            Some(product.saturating_mul(node.model.domain(name)?))
        });
        if let Some(domain) = domain.filter(|domain| *domain <= ordinal) {
            let columns: Vec<&str> = key.columns().collect();
            let columns = columns.join(", ");
            let table = &node.table.name;
            let message = format!(
                "no row of {table} is left: {columns} must be unique and can hold {domain} values"
            );
            return Err(config(message).hint(format!("seedbed make {table} -n {domain}")));
        }
    }
    Ok(())
}
