//! Rows that no key guards and that are asked for several times alike. Nothing
//! tells them apart: each repeat of the call would find the same row for all of
//! them.

use std::collections::{BTreeMap, HashMap};

use seedbed_api::Result;
use seedbed_api::plan::{Argument, Rows};

use crate::graph::{Graph, Node, Source};
use crate::wanted::config;

/// Refuses them.
///
/// # Errors
/// `Config`, naming two such rows.
pub(crate) fn alike(
    graph: &Graph,
    arguments: &BTreeMap<String, Argument>,
    count: u32,
) -> Result<()> {
    for node in &graph.nodes {
        if node.is_implied() || node.fresh || !node.key.is_content() {
            continue;
        }
        let Some(facts) = facts(graph, node, arguments, count) else { continue };
        let mut known: HashMap<Vec<Fact<'_>>, u64> = HashMap::new();
        for row in 0..size(node, count) {
            let own: Vec<Fact<'_>> = facts.iter().map(|fact| fact(row)).collect();
            if let Some(first) = known.insert(own, row) {
                let table = &node.table.name;
                let message = format!(
                    "rows {first} and {row} of {table} are alike: nothing tells them apart"
                );
                return Err(config(message).hint("--fresh").hint(format!(
                    "pass a list for a column of {table}, with another value for each row"
                )));
            }
        }
    }
    Ok(())
}

/// What a row is found by: a text that was passed, or which of the parents it
/// belongs to.
#[derive(PartialEq, Eq, Hash)]
enum Fact<'a> {
    Text(Option<&'a str>),
    Parent(u64),
}

type Facts<'a> = Vec<Box<dyn Fn(u64) -> Fact<'a> + 'a>>;

/// By ordinal; `None` where something is made to tell rows apart.
fn facts<'a>(
    graph: &'a Graph,
    node: &'a Node,
    arguments: &'a BTreeMap<String, Argument>,
    count: u32,
) -> Option<Facts<'a>> {
    let rows = size(node, count);
    let mut facts: Facts<'a> = Vec::new();
    for name in node.key.first().columns() {
        match node.sources.get(name) {
            Some(Source::Argument(passed)) => match arguments.get(&passed.argument)? {
                // It is the same for all.
                Argument::Same(_) => {}
                Argument::Each(list) => facts.push(Box::new(move |row| {
                    let place = usize::try_from(row).ok();
                    Fact::Text(place.and_then(|place| list.get(place)?.as_deref()))
                })),
            },
            Some(Source::Parent { node: parent, .. }) => {
                let parents = size(&graph.nodes[*parent], count);
                facts.push(Box::new(move |row| Fact::Parent(row * parents / rows)));
            }
            Some(Source::Generated | Source::Itself { .. }) | None => return None,
        }
    }
    Some(facts)
}

fn size(node: &Node, count: u32) -> u64 {
    match node.rows {
        Rows::One => 1,
        Rows::Times(times) => u64::from(times) * u64::from(count),
    }
}
