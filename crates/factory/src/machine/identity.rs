//! Which row is which: what the bits of its values come from.
//!
//! A row whose key was passed is known by its key; any other by its ordinal in
//! a scope. A child's identity begins with its parent's, so that the second
//! user's first post is not the first user's. The parent that only one row may
//! have is known by that row.

use std::collections::BTreeMap;

use seedbed_api::plan::{Argument, Rows as Size, ValuesRequest};
use seedbed_schema::Schema;
use seedbed_values::{Cell, ColumnKey, Datum, Token};

use crate::graph::{Graph, Identity, Node, Place, Source};
use crate::natural::{Natural, datum, natural, needs_server};

/// A row's identity, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Its natural key.
    Key(Vec<Datum>),
    /// Its number in a scope.
    Ordinal(String, u64),
}

impl Known {
    /// As the model takes it.
    pub(crate) fn borrow(&self) -> seedbed_model::Identity<'_> {
        match self {
            Self::Key(data) => seedbed_model::Identity::Keyed(data),
            Self::Ordinal(scope, ordinal) => {
                seedbed_model::Identity::Ordinal { scope, ordinal: *ordinal }
            }
        }
    }
}

/// The scope of the last parent's children.
#[derive(Debug, Default)]
pub(crate) struct Memo(Option<(u32, String)>);

impl Memo {
    fn scope(&mut self, parent: u32, make: impl FnOnce() -> String) -> String {
        match &self.0 {
            Some((known, scope)) if *known == parent => scope.clone(),
            _ => self.0.insert((parent, make())).1.clone(),
        }
    }
}

/// The rows of a run.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) graph: &'a Graph,
    pub(crate) request: &'a ValuesRequest,
    /// Ordinals of the rows that were asked for, where they are not 0, 1, 2, …
    pub(crate) ordinals: &'a [u64],
}

impl Rows<'_> {
    /// How many rows a node has.
    pub(crate) fn size(&self, node: &Node) -> u32 {
        match node.rows {
            Size::One => 1,
            Size::Times(times) => times.saturating_mul(self.request.count),
        }
    }

    /// What was passed for a row, and what stands in the plan.
    pub(crate) fn fixed(&self, node: &Node, row: u32) -> BTreeMap<String, Option<String>> {
        let mut fixed = node.constants.clone();
        fixed.extend(node.defaults().map(|(name, text)| (name.clone(), Some(text.clone()))));
        for (column, passed) in node.arguments() {
            if let Some(value) = self.argument(&passed.argument, row) {
                fixed.insert(column.to_owned(), value.map(str::to_owned));
            }
        }
        fixed
    }

    /// An argument's value for a row.
    pub(crate) fn argument(&self, name: &str, row: u32) -> Option<Option<&str>> {
        match self.request.arguments.get(name)? {
            Argument::Same(value) => Some(value.as_deref()),
            Argument::Each(values) => values.get(row as usize).map(Option::as_deref),
        }
    }

    /// Its identity.
    pub(crate) fn identity(&self, index: usize, row: u32) -> Known {
        self.identity_after(&mut Memo::default(), index, row)
    }

    /// The same with what is known of the row before: children of one parent
    /// share its part of their identity.
    pub(crate) fn identity_after(&self, last: &mut Memo, index: usize, row: u32) -> Known {
        let node = &self.graph.nodes[index];
        let prefix = match node.place {
            Place::Target | Place::Shared => Vec::new(),
            Place::Child { of, each } => {
                let parent = row / each.max(1);
                if let Identity::Ordinal { first, within } = &node.identity
                    && within.is_empty()
                {
                    let scope = last.scope(parent, || self.scope(&self.trail(of, parent)));
                    return Known::Ordinal(scope, self.ordinal(node, *first, row));
                }
                self.trail(of, parent)
            }
            Place::Own { of } => {
                // Two such parents of a row may have to differ.
                let first = match &node.identity {
                    Identity::Ordinal { first, .. } => *first,
                    Identity::Key => 0,
                };
                return match self.identity(of, row) {
                    Known::Ordinal(scope, ordinal) => Known::Ordinal(scope, ordinal + first),
                    Known::Key(_) => self.narrowed(&self.trail(of, row), first),
                };
            }
        };
        match &node.identity {
            Identity::Key => {
                let mut data = prefix;
                data.extend(self.passed(node, row));
                Known::Key(data)
            }
            Identity::Ordinal { first, within } => {
                let mut data = prefix;
                if !within.is_empty() {
                    data.extend(self.passed(node, row));
                }
                let ordinal = self.ordinal(node, *first, row);
                self.narrowed(&data, ordinal)
            }
        }
    }

    fn ordinal(&self, node: &Node, first: u64, row: u32) -> u64 {
        let number = match node.place {
            Place::Child { each, .. } => row % each.max(1),
            _ => row,
        };
        let asked = node.place == Place::Target;
        let moved = self.ordinals.get(row as usize).filter(|_| asked).copied();
        moved.unwrap_or(first + u64::from(number))
    }

    fn narrowed(&self, data: &[Datum], ordinal: u64) -> Known {
        Known::Ordinal(self.scope(data), ordinal)
    }

    /// The scope that these narrow.
    fn scope(&self, data: &[Datum]) -> String {
        let scope = &self.graph.scope;
        if data.is_empty() {
            return scope.clone();
        }
        let key = ColumnKey::new(scope, "", "", "");
        let token = Token::of(&Cell::keyed(&key, data));
        format!("{scope}/{token}")
    }

    /// Everything that tells a row from others, as a prefix for its children's.
    fn trail(&self, index: usize, row: u32) -> Vec<Datum> {
        match self.identity(index, row) {
            Known::Key(data) => data,
            Known::Ordinal(scope, ordinal) => {
                vec![Datum::text(scope), Datum::Integer(i128::from(ordinal))]
            }
        }
    }

    /// The parts of a row's key that were passed, normalised.
    fn passed(&self, node: &Node, row: u32) -> Vec<Datum> {
        let normal = self.request.keys.get(&node.name).and_then(|rows| rows.get(row as usize));
        if let (true, Some(Some(parts))) = (needs_server(self.schema, node), normal) {
            let text = |part: &Option<String>| part.clone().map_or(Datum::Null, Datum::text);
            return parts.iter().map(text).collect();
        }
        let mut data = Vec::new();
        for part in natural(node) {
            let columns = match part {
                Natural::Column(name) => vec![name],
                Natural::Expression(part) => part.columns,
            };
            for name in columns {
                let Some(column) = node.column(&name) else { continue };
                let value = match node.sources.get(&name) {
                    Some(Source::Argument(passed)) => {
                        self.argument(&passed.argument, row).flatten()
                    }
                    Some(Source::Default(text)) => Some(text.as_str()),
                    _ => None,
                };
                data.push(datum(self.schema, &column.data_type, value));
            }
        }
        data
    }
}
