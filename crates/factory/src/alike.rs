//! Rows that no key guards and that are asked for several times alike. Nothing
//! tells them apart: each repeat of the call would find the same row for all of
//! them. Values are compared, not their texts: `1` and `01` are alike. What only
//! a server can compare it does when the rows are made.

use std::collections::{BTreeMap, HashMap};

use seedbed_api::plan::{Argument, Rows};
use seedbed_api::{Failure, Result};
use seedbed_schema::{Base, Column, NamedType, Schema, TypeRef, TypeShape};
use seedbed_values::Datum;

use crate::graph::{Graph, Node, Place, Source};
use crate::line::make_with;
use crate::natural::datum;
use crate::wanted::config;

/// Refuses rows that would all have the same key, where there are several. How
/// many there are is no part of a plan.
///
/// # Errors
/// `Config`, naming the key.
pub(crate) fn one_of_a_key(graph: &Graph, count: u32) -> Result<()> {
    let mut nodes = graph.nodes.iter();
    let Some(node) = nodes.find(|node| node.same_key && size(node, count) > 1) else {
        return Ok(());
    };
    let key = node.key.first();
    let columns: Vec<&str> = key.columns().collect();
    let message = format!(
        "the rows of {} cannot all have the same key ({})",
        node.table.name,
        columns.join(", ")
    );
    // A value for each row; what a parent gives nobody can pass.
    let given = |name: &&str| matches!(node.sources.get(*name), Some(Source::Parent { .. }));
    let mut free: Vec<&str> = columns.iter().copied().filter(|name| !given(name)).collect();
    free.extend_from_within(..);
    if let (true, Some((_, mentioned))) = (free.is_empty(), &key.predicate) {
        // Outside of the predicate there is no such key.
        free.extend(mentioned.iter().map(String::as_str).filter(|name| !columns.contains(name)));
    }
    let hint = match (free.as_slice(), node.place) {
        ([], Place::Child { .. }) => format!("--with {}=1", node.name),
        (free, _) => make_with(&node.table.name.to_string(), free),
    };
    Err(config(message).hint(hint))
}

/// Refuses them.
///
/// # Errors
/// `Config`, naming two such rows.
pub(crate) fn alike(
    schema: &Schema,
    graph: &Graph,
    arguments: &BTreeMap<String, Argument>,
    count: u32,
) -> Result<()> {
    for node in &graph.nodes {
        if node.is_implied() || node.fresh || !node.key.is_content() {
            continue;
        }
        let Some(facts) = facts(schema, graph, node, arguments, count) else { continue };
        let mut known: HashMap<Vec<Fact>, u64> = HashMap::new();
        for row in 0..size(node, count) {
            let own: Vec<Fact> = facts.iter().map(|fact| fact(row)).collect();
            if let Some(first) = known.insert(own, row) {
                let table = &node.table.name;
                let message = format!(
                    "rows {first} and {row} of {table} are alike: nothing tells them apart"
                );
                return Err(hints(node).into_iter().fold(config(message), Failure::hint));
            }
        }
    }
    Ok(())
}

/// What keeps rows of a table without a key apart, as lines to paste: other
/// values, or new rows in any case.
pub(crate) fn hints(node: &Node) -> [String; 2] {
    let columns: Vec<&str> = node.key.first().columns().collect();
    let told =
        |column: &&str| matches!(node.sources.get(*column), Some(Source::Argument(_)) | None);
    let passed: Vec<&str> = columns.iter().copied().filter(told).collect();
    let free = node.table.columns.iter().find(|column| {
        column.is_writable() && !column.is_surrogate() && !node.sources.contains_key(&column.name)
    });
    let name = passed.first().copied().or(free.map(|column| column.name.as_str()));
    let table = node.table.name.to_string();
    // A value for each row: the same column twice.
    let line = name.map(|name| make_with(&table, &[name, name]));
    [line.unwrap_or_else(|| make_with(&table, &[])), "--fresh".to_owned()]
}

/// Whether two values of a column are the same only if [`read`] says so.
pub(crate) fn is_plain(schema: &Schema, column: &Column) -> bool {
    column.collation.as_ref().is_none_or(|own| own.deterministic)
        && reads(schema, &column.data_type)
}

fn reads(schema: &Schema, data_type: &TypeRef) -> bool {
    match &data_type.shape {
        TypeShape::Base(base) => matches!(
            base,
            Base::Int2
                | Base::Int4
                | Base::Int8
                | Base::Text
                | Base::Varchar
                | Base::Uuid
                | Base::Bool
        ),
        TypeShape::Named(name) => match schema.named_type(name) {
            Some(NamedType::Enum(_)) => true,
            Some(NamedType::Domain { base, .. }) => reads(schema, base),
            _ => false,
        },
        _ => false,
    }
}

/// A text as the value it is, as far as that is known here.
fn read(schema: &Schema, data_type: &TypeRef, text: &str) -> Datum {
    match &data_type.shape {
        TypeShape::Base(Base::Bool) => truth(text).map_or_else(|| Datum::text(text), Datum::Bool),
        // Composed or not, letters are different texts to a server.
        TypeShape::Base(Base::Text | Base::Varchar) => Datum::Text(text.to_owned()),
        TypeShape::Named(name) => match schema.named_type(name) {
            Some(NamedType::Domain { base, .. }) => read(schema, base, text),
            _ => Datum::Text(text.to_owned()),
        },
        _ => datum(schema, data_type, Some(text)),
    }
}

/// The words of truth, each also shortened as long as it is plain (manual,
/// "Boolean Type").
fn truth(text: &str) -> Option<bool> {
    let word = text.trim().to_ascii_lowercase();
    let is = |whole: &str, least: usize| word.len() >= least && whole.starts_with(&word);
    if is("true", 1) || is("yes", 1) || is("on", 2) || word == "1" {
        return Some(true);
    }
    (is("false", 1) || is("no", 1) || is("off", 2) || word == "0").then_some(false)
}

/// What a row is found by: a value that was passed, or which of the parents it
/// belongs to.
#[derive(PartialEq, Eq, Hash)]
enum Fact {
    Value(Datum),
    Parent(u64),
}

type Facts<'a> = Vec<Box<dyn Fn(u64) -> Fact + 'a>>;

/// By ordinal; `None` where something is made to tell rows apart.
fn facts<'a>(
    schema: &'a Schema,
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
                Argument::Each(list) => {
                    let data_type = &node.column(name)?.data_type;
                    facts.push(Box::new(move |row| {
                        let place = usize::try_from(row).ok();
                        let text = place.and_then(|place| list.get(place)?.as_deref());
                        Fact::Value(text.map_or(Datum::Null, |text| read(schema, data_type, text)))
                    }));
                }
            },
            Some(Source::Parent { node: parent, .. }) => {
                let parents = size(&graph.nodes[*parent], count);
                facts.push(Box::new(move |row| Fact::Parent(row * parents / rows)));
            }
            // It is the same for all.
            Some(Source::Default(_)) => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_truth_are_the_servers() {
        for word in ["t", "TRUE", "tr", "y", "yes", "on", "1", " true "] {
            assert_eq!(truth(word), Some(true), "{word}");
        }
        for word in ["f", "False", "n", "no", "of", "off", "0"] {
            assert_eq!(truth(word), Some(false), "{word}");
        }
        for word in ["", "o", "2", "truely", "10"] {
            assert_eq!(truth(word), None, "{word}");
        }
    }
}
