//! Columns of the key that identifies rows keep their defaults, as far as other
//! columns tell the rows apart: a member has the role that members have.

use seedbed_api::plan::Rows;
use seedbed_model::Fill;
use seedbed_schema::{Base, ForeignKey, NamedType, Schema, TypeRef, TypeShape};

use super::grow::Growing;
use super::node::{Node, Place, Source};

/// A domain from this size on tells apart as many rows as are ever made.
const ROOMY: u64 = 1 << 20;

impl Growing<'_> {
    /// Decides it, before parents are linked. Where nothing else tells the rows
    /// apart, one of these columns is left to be generated: a number rather than
    /// a text, which may mean something.
    pub(super) fn keep_defaults(&mut self, index: usize, followed: &[ForeignKey], first: u64) {
        let node = &self.nodes[index];
        if node.key.is_content() || node.key.identifiers.len() > 1 {
            return;
        }
        let open: Vec<&str> =
            node.key.first().columns().filter(|name| !node.sources.contains_key(*name)).collect();
        let mut kept: Vec<(&str, String)> =
            open.iter().filter_map(|name| Some((*name, default(node, name)?))).collect();
        if let Some((predicate, columns)) = &node.key.first().predicate {
            let values = kept.iter().map(|(name, text)| (*name, Some(text.as_str()))).collect();
            let others: Vec<&str> = node.key.first().columns().collect();
            // There the defaults would leave the row outside of its key.
            if node.model.is_inside(predicate, &values, &others) == Some(false) {
                kept.retain(|(name, _)| !columns.iter().any(|own| own == name));
            }
        }
        if kept.is_empty() {
            return;
        }
        let refers =
            |name: &&str| followed.iter().any(|foreign| foreign.columns.iter().any(|c| c == name));
        let generated: Vec<&str> = open
            .iter()
            .copied()
            .filter(|name| !refers(name) && !kept.iter().any(|(own, _)| own == name))
            .collect();
        let own = &node.table.name;
        let has_parent = open.iter().any(|name| {
            let leads = |one: &&ForeignKey| one.columns.iter().any(|c| c == name);
            followed.iter().filter(leads).any(|foreign| foreign.parent != *own)
        });
        if !is_told(node, &generated, has_parent, first) {
            // With another value the row might be outside of its key.
            let predicate = node.key.first().predicate.as_ref();
            let decides = |name: &str| {
                predicate.is_some_and(|(_, columns)| columns.iter().any(|own| own == name))
            };
            let rank = |name: &str| {
                let room = if decides(name) { 0 } else { room(node, name) };
                let number =
                    node.column(name).is_some_and(|c| is_number(self.schema, &c.data_type));
                (room >= ROOMY).then_some((number, room))
            };
            let ranked = kept.iter().enumerate().filter_map(|(at, one)| Some((rank(one.0)?, at)));
            let best = ranked.reduce(|best, next| if next.0 > best.0 { next } else { best });
            match best {
                Some((_, at)) => drop(kept.remove(at)),
                // All the others together may be enough.
                None => kept.retain(|(name, _)| decides(name)),
            }
        }
        let kept: Vec<(String, String)> =
            kept.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        let sources = &mut self.nodes[index].sources;
        sources.extend(kept.into_iter().map(|(name, text)| (name, Source::Default(text))));
    }
}

/// Whether other columns of the key than those with a default tell its rows
/// apart: those generated, parents, and what was passed.
fn is_told(node: &Node, generated: &[&str], has_parent: bool, first: u64) -> bool {
    let given: Vec<&Source> =
        node.key.first().columns().filter_map(|name| node.sources.get(name)).collect();
    // The first of many is the one that is made alone: it is told the same way.
    if generated.iter().any(|name| room(node, name) >= ROOMY) {
        return true;
    }
    let several = node.rows != Rows::One
        || node.fresh
        || first > 0
        || matches!(node.place, Place::Own { .. });
    if !several {
        return has_parent || !given.is_empty();
    }
    let only_child = matches!(node.place, Place::Child { each: 1, .. });
    (has_parent && node.place == Place::Target && !node.fresh)
        || given.into_iter().any(|source| match source {
            Source::Argument(passed) => passed.each,
            Source::Parent { .. } => only_child && !node.fresh,
            _ => false,
        })
}

fn room(node: &Node, name: &str) -> u64 {
    node.model.domain(name).unwrap_or(u64::MAX)
}

fn default(node: &Node, name: &str) -> Option<String> {
    let refers = |foreign: &ForeignKey| foreign.columns.iter().any(|column| column == name);
    let fill = node.model.columns.iter().find(|column| column.name == name)?;
    let is_free = matches!(fill.fill, Fill::Database) && !node.foreign_keys().any(refers);
    node.model.default(name).filter(|_| is_free)
}

fn is_number(schema: &Schema, data_type: &TypeRef) -> bool {
    match &data_type.shape {
        TypeShape::Base(base) => matches!(base, Base::Int4 | Base::Int8 | Base::Numeric),
        TypeShape::Named(name) => match schema.named_type(name) {
            Some(NamedType::Domain { base, .. }) => is_number(schema, base),
            _ => false,
        },
        _ => false,
    }
}
