//! Rows of one call that would be one row: generated keys that coincide, where
//! conditions or few values leave no room. They are drawn again, the later ones,
//! until they differ; where they cannot, the call is refused before anything is
//! written, and never met with fewer rows than were asked for.

use std::collections::HashSet;

use seedbed_api::Result;
use seedbed_api::plan::Rows as Size;

use super::identity::Rows;
use super::judging::is_judged;
use super::values::{Columns, missing, values_of, wanted};
use crate::graph::{Node, Source};
use crate::wanted::config;

/// Alternatives of a row that are tried.
const TRIES: u32 = 256;

/// Makes the keys of the rows that are to be made differ.
///
/// # Errors
/// `Config` where there are not as many rows.
pub(super) fn distinct(rows: &Rows<'_>, index: usize, made: &mut Columns) -> Result<()> {
    let node = &rows.graph.nodes[index];
    if !may_coincide(node) {
        return Ok(());
    }
    let wanted = wanted(node);
    // The server judged these: others would have to be judged again.
    let tries = if is_judged(node) { 0 } else { TRIES };
    let mut known: HashSet<Vec<Fact>> = HashSet::new();
    for row in missing(rows, node) {
        let of = |name: &str| made.get(name).and_then(|column| column.get(row as usize)?.clone());
        let Some(mut key) = facts(rows, node, row, &of) else { continue };
        let mut attempt = 0;
        while known.contains(&key) {
            attempt += 1;
            if attempt > tries {
                return Err(no_more(node, known.len()));
            }
            // Other values, met by another alternative of each condition.
            let turned = attempt | attempt << 16;
            // It may leave nothing.
            let Ok(other) = values_of(rows, index, row, turned, &wanted) else { continue };
            let of = |name: &str| other.get(name).cloned().flatten();
            let Some(next) = facts(rows, node, row, &of) else { continue };
            if !known.contains(&next) {
                for (name, value) in other {
                    if let Some(column) = made.get_mut(&name) {
                        column[row as usize] = value;
                    }
                }
            }
            key = next;
        }
        known.insert(key);
    }
    Ok(())
}

/// Where nothing but what they hold tells rows apart, alike ones can be made anew.
pub(super) fn anew(node: &Node, failure: seedbed_api::Failure) -> seedbed_api::Failure {
    if !node.key.is_content() {
        return failure;
    }
    let table = &node.table.name;
    failure.hint(format!("seedbed make {table} --fresh -n 3   # alike, and new with each call"))
}

fn no_more(node: &Node, found: usize) -> seedbed_api::Failure {
    let table = &node.table.name;
    let key = node.key.first().words().join(", ");
    let failure = config(format!(
        "no row of {table} is left: only {found} rows with other ({key}) are found"
    ))
    .hint(format!("seedbed make {table} -n {found}"));
    anew(node, failure)
}

/// Whether two rows may have the same key: some of it is generated, and no part of
/// it differs in any case.
fn may_coincide(node: &Node) -> bool {
    if node.fresh || node.rows == Size::One {
        return false;
    }
    let mut generated = false;
    for name in node.key.first().columns() {
        match node.sources.get(name) {
            Some(Source::Generated) if node.model.is_dealt(name) => return false,
            Some(Source::Generated) => generated = true,
            Some(Source::Itself { .. }) | None => return false,
            Some(Source::Argument(_) | Source::Parent { .. } | Source::Default(_)) => {}
        }
    }
    generated
}

/// What a row's key is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Fact {
    Value(String),
    Parent(u64),
}

/// `None` with a NULL in it, which is equal to nothing.
fn facts(
    rows: &Rows<'_>,
    node: &Node,
    row: u32,
    of: &dyn Fn(&str) -> Option<String>,
) -> Option<Vec<Fact>> {
    let mut facts = Vec::new();
    for name in node.key.first().columns() {
        match node.sources.get(name)? {
            Source::Generated => facts.push(Fact::Value(of(name)?)),
            Source::Argument(passed) if passed.each => {
                facts.push(Fact::Value(rows.argument(&passed.argument, row)??.to_owned()));
            }
            Source::Parent { node: parent, .. } => {
                let parents = u64::from(rows.size(&rows.graph.nodes[*parent]));
                facts.push(Fact::Parent(u64::from(row) * parents / u64::from(rows.size(node))));
            }
            Source::Argument(_) | Source::Default(_) | Source::Itself { .. } => {}
        }
    }
    Some(facts)
}
