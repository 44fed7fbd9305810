//! What is told of a call two of whose rows are one row and contradict each
//! other.

use seedbed_api::plan::{Diagnosis, Reason, Trouble};

use crate::compile::twins_of;
use crate::graph::{Node, Source};
use crate::line::make_with;

/// Tells it, if that is what stopped the plan.
pub(crate) fn twins(node: &Node, trouble: &Trouble) -> Option<Diagnosis> {
    let row = trouble.evidence.get(&twins_of(&node.name))?.first()?;
    let ordinal = |at: usize| row.get(at)?.as_ref()?.parse::<u32>().ok();
    let (second, first) = (ordinal(0)?, ordinal(2)?);
    let is_left = trouble.ordinals.contains(&second) || trouble.ordinals.contains(&first);
    if trouble.reason != Reason::Left || !is_left {
        return None;
    }
    let identifier = node.key.first();
    let key = identifier.words().join(", ");
    let each = |source: &Source| matches!(source, Source::Argument(passed) if passed.each);
    let others: Vec<&str> = node
        .sources
        .iter()
        .filter(|(name, source)| each(source) && !identifier.has(name))
        .map(|(name, _)| name.as_str())
        .collect();
    let table = &node.table.name;
    // A value of the key for each row; or one value of the others for both.
    let own: Vec<&str> = identifier.columns().collect();
    let name = table.to_string();
    let mut hints = vec![make_with(&name, &[own.clone(), own.clone()].concat())];
    if !node.fresh && !others.is_empty() {
        hints.push(make_with(&name, &[own, others].concat()));
    }
    Some(Diagnosis {
        message: format!(
            "rows {first} and {second} of the call are the same row of {table}: their {key} is \
             the same"
        ),
        detail: (!node.fresh).then(|| "Each wants it otherwise.".to_owned()),
        hints,
    })
}
