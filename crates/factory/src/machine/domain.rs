//! Whether a unique column can hold as many values as rows are wanted: known
//! before anything is written.

use seedbed_api::Result;
use seedbed_schema::UniqueKey;

use super::distinct::anew;
use super::identity::{Known, Rows};
use crate::graph::{Node, Source};
use crate::wanted::config;

/// Checks every unique key that is generated as a whole.
///
/// # Errors
/// `Config` naming the columns and how many values there are.
pub(super) fn suffices(rows: &Rows<'_>, index: usize) -> Result<()> {
    let node = &rows.graph.nodes[index];
    if narrowest(node).is_none() {
        return Ok(());
    }
    let last = rows.size(node).saturating_sub(1);
    let Known::Ordinal(_, ordinal) = rows.identity(index, last) else { return Ok(()) };
    holds(node, ordinal)
}

/// Whether there is a row of this ordinal, and not that of a lower one again.
///
/// # Errors
/// See [`suffices`].
pub(super) fn holds(node: &Node, ordinal: u64) -> Result<()> {
    let Some((domain, key)) = narrowest(node).filter(|(domain, _)| *domain <= ordinal) else {
        return Ok(());
    };
    let columns: Vec<&str> = key.columns().collect();
    let columns = columns.join(", ");
    let table = &node.table.name;
    let why = if node.key.is_content() { "tells rows apart" } else { "must be unique" };
    let message =
        format!("no row of {table} is left: {columns} {why} and can hold {domain} values");
    Err(anew(node, config(message).hint(format!("seedbed make {table} -n {domain}"))))
}

/// How many rows there can be, where that is known: rows of ordinals from there
/// on are those of lower ones again.
pub(super) fn limit(node: &Node) -> Option<u64> {
    narrowest(node).map(|(domain, _)| domain)
}

/// The unique key, generated as a whole, that holds the fewest rows.
fn narrowest(node: &Node) -> Option<(u64, &UniqueKey)> {
    let generated = |name: &str| node.sources.get(name) == Some(&Source::Generated);
    let default = |name: &str| matches!(node.sources.get(name), Some(Source::Default(_)));
    let domain = |key: &UniqueKey| {
        key.columns()
            .filter(|name| !default(name))
            .try_fold(1_u64, |product, name| Some(product.saturating_mul(node.model.domain(name)?)))
    };
    // Rows that are new in any case may be alike.
    let alike = |key: &UniqueKey| {
        node.fresh && node.key.is_content() && key.columns().eq(node.key.first().columns())
    };
    node.table
        .keys
        .iter()
        .filter(|key| key.is_plain() && key.columns().any(generated) && !alike(key))
        .filter(|key| key.columns().all(|name| generated(name) || default(name)))
        .filter_map(|key| Some((domain(key)?, key)))
        .min_by_key(|(domain, _)| *domain)
}
