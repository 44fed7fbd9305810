//! No row can be made: as a failure that names the condition and a way out.

use seedbed_api::Failure;
use seedbed_model::Exhausted;

use crate::graph::Node;
use crate::line::make_with;
use crate::wanted::config;

/// The failure.
pub(crate) fn exhausted(node: &Node, why: Exhausted) -> Failure {
    let table = &node.table.name;
    let columns = why.columns.clone();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let text = why.check.clone().zip(why.expression.clone());
    let failure = config(format!("no row of {table} can be made")).because(why);
    let failure = match text {
        Some((name, text)) => failure.detail(format!("{name}: {text}")),
        None => failure,
    };
    if columns.is_empty() {
        return failure;
    }
    failure.hint(make_with(&table.to_string(), &columns))
}
