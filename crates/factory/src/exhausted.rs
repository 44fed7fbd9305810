//! No row can be made: as a failure that names the condition and a way out.

use seedbed_api::Failure;
use seedbed_model::Exhausted;

use crate::graph::Node;
use crate::wanted::config;

/// The failure.
pub(crate) fn exhausted(node: &Node, why: Exhausted) -> Failure {
    let table = &node.table.name;
    let column = why.column.clone().or_else(|| {
        let check = why.check.as_ref()?;
        let check = node.table.checks.iter().find(|known| known.name == *check)?;
        check.columns.iter().find(|name| node.generated().contains(name)).cloned()
    });
    let text = why.check.as_ref().and_then(|name| {
        node.table.checks.iter().find(|known| known.name == *name).map(|c| c.expression.clone())
    });
    let failure = config(format!("no row of {table} can be made")).because(why);
    let failure = match text {
        Some(text) => failure.detail(format!("CHECK ({text})")),
        None => failure,
    };
    match column {
        Some(column) => failure.hint(format!("seedbed make {table} {column}=…")),
        None => failure,
    }
}
