//! Columns whose default would make a unique key the same for all rows of one
//! parent: they are generated, although the database has a value for them.

use seedbed_model::Fill;
use seedbed_schema::{ForeignKey, UniqueKey};

use super::grow::Growing;
use super::node::{Node, Place, Source};

impl Growing<'_> {
    /// Lets every unique key of a node's rows vary, where a column can that
    /// would have its default. The key that identifies them does anyway.
    pub(super) fn vary(&mut self, index: usize, followed: &[ForeignKey]) {
        let node = &self.nodes[index];
        let mut varying: Vec<String> = Vec::new();
        for key in &node.table.keys {
            let identifies = node.key.first().index.as_deref() == Some(key.name.as_str());
            let varies = key.columns().any(|name| varying.iter().any(|own| own == name));
            if !identifies && !varies && key.columns().all(|name| is_same(node, followed, name)) {
                varying.extend(best(node, key));
            }
        }
        for name in varying {
            self.nodes[index].sources.insert(name, Source::Generated);
        }
    }
}

/// Whether all rows with one parent have the same value in a column.
fn is_same(node: &Node, followed: &[ForeignKey], name: &str) -> bool {
    match node.sources.get(name) {
        Some(Source::Argument(passed)) => !passed.each && !node.key.first().has(name),
        Some(Source::Parent { .. }) => !matches!(node.place, Place::Child { each: 1, .. }),
        Some(Source::Generated | Source::Itself { .. }) => false,
        Some(Source::Default(_)) => true,
        None => refers(followed, name) || is_default(node, name),
    }
}

fn refers(followed: &[ForeignKey], name: &str) -> bool {
    followed.iter().any(|foreign| foreign.columns.iter().any(|column| column == name))
}

fn is_default(node: &Node, name: &str) -> bool {
    let fill = node.model.columns.iter().find(|column| column.name == name);
    !node.key.first().has(name)
        && node.model.is_constant(name)
        && fill.is_some_and(|column| matches!(column.fill, Fill::Database))
}

/// The column of a key to generate: one with room for any number of rows; of a
/// few values, which mean something each, only where each parent's children
/// fit.
fn best(node: &Node, key: &UniqueKey) -> Option<String> {
    let refers_to_any = |name: &str| {
        let mut keys = node.foreign_keys();
        keys.any(|foreign| foreign.columns.iter().any(|column| column == name))
    };
    let rows = match node.place {
        Place::Child { each, .. } => u64::from(each),
        _ => u64::MAX,
    };
    let room = |name: &str| match node.model.domain(name) {
        None => Some(u64::MAX),
        Some(domain) => (domain >= rows).then_some(domain),
    };
    let columns = key.columns().filter(|name| {
        let kept = match node.sources.get(*name) {
            None => is_default(node, name),
            Some(source) => matches!(source, Source::Default(_)),
        };
        kept && !refers_to_any(name)
    });
    let ranked = columns.filter_map(|name| Some((room(name)?, name)));
    let roomiest = ranked.reduce(|best, next| if next.0 > best.0 { next } else { best });
    roomiest.map(|(_, name)| name.to_owned())
}
