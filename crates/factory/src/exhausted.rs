//! No row can be made: as a failure that names the condition and a way out.

use seedbed_api::Failure;
use seedbed_model::Exhausted;

use crate::graph::Node;
use crate::wanted::config;

/// The failure.
pub(crate) fn exhausted(node: &Node, why: Exhausted) -> Failure {
    let table = &node.table.name;
    let passed: Vec<String> = why.columns.iter().map(|name| format!("{name}=…")).collect();
    let text = why.check.clone().zip(why.expression.clone());
    let failure = config(format!("no row of {table} can be made")).because(why);
    let failure = match text {
        Some((name, text)) => failure.detail(format!("{name}: {text}")),
        None => failure,
    };
    if passed.is_empty() {
        return failure;
    }
    failure.hint(format!("seedbed make {table} {}", passed.join(" ")))
}
