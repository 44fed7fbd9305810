//! `seedbed.toml` as a flat list of entries, each with its line.
//!
//! Decoded from the spanned syntax tree, so that every later error can name
//! the exact line. This file knows TOML; it does not know what a key means.

use seedbed_api::{Failure, Kind, Result};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{FILE_NAME, excerpt};

/// A value as written.
pub(super) enum Raw {
    /// A string.
    Text(String),
    /// An integer or a float, as decimal text.
    Number(String),
    /// A boolean.
    Bool(bool),
    /// An array.
    List(Vec<Node>),
    /// A table: names with their nodes, in the order of the names.
    Table(Vec<(String, Node)>),
    /// Anything else, by the name of its type.
    Other(&'static str),
}

/// A value with the line it stands on, counted from 1.
pub(super) struct Node {
    pub(super) raw: Raw,
    pub(super) line: usize,
}

/// Parses a whole document into its top-level entries.
///
/// # Errors
/// [`Kind::Config`] with line and excerpt when it is not valid TOML.
pub(super) fn parse(text: &str) -> Result<Vec<(String, Node)>> {
    let lines = Lines::of(text);
    match DeTable::parse(text) {
        Ok(table) => Ok(entries(table.get_ref(), &lines)),
        Err(error) => {
            let at = error.span().map_or(text.len(), |span| span.start);
            let line = lines.number(at);
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            Err(Failure::new(
                Kind::Config,
                format!("{FILE_NAME}:{line}: not valid TOML: {message}"),
            )
            .detail(excerpt::render(text, line, at)))
        }
    }
}

fn entries(table: &DeTable<'_>, lines: &Lines) -> Vec<(String, Node)> {
    table
        .iter()
        .map(|(name, value)| {
            let line = lines.number(name.span().start);
            (name.get_ref().to_string(), Node { raw: raw(value, lines), line })
        })
        .collect()
}

fn raw(value: &Spanned<DeValue<'_>>, lines: &Lines) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => {
            Raw::Number(number.as_str().replace('_', ""))
        }
        DeValue::Float(number) => Raw::Number(number.as_str().replace('_', "")),
        DeValue::Boolean(flag) => Raw::Bool(*flag),
        DeValue::Array(items) => Raw::List(
            items
                .iter()
                .map(|item| Node { raw: raw(item, lines), line: lines.number(item.span().start) })
                .collect(),
        ),
        DeValue::Table(table) => Raw::Table(entries(table, lines)),
        DeValue::Integer(_) => Raw::Other("a number that is not decimal"),
        DeValue::Datetime(_) => Raw::Other("a date"),
    }
}

/// Byte offsets at which lines start.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line, counted from 1, that holds byte `at`.
    fn number(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_an_editor() {
        let entries = parse("a = 1\n\n[t]\n# comment\nb = [\n  \"x\",\n  \"y\",\n]\n").unwrap();
        let Raw::Table(inner) = &entries[1].1.raw else { panic!("t is a table") };
        let Raw::List(items) = &inner[0].1.raw else { panic!("b is a list") };
        assert_eq!(entries[0].1.line, 1);
        assert_eq!(inner[0].1.line, 5);
        assert_eq!(items.iter().map(|item| item.line).collect::<Vec<_>>(), [6, 7]);
    }

    #[test]
    fn a_syntax_error_names_its_line() {
        let failure = parse("a = 1\nb = \n").err().unwrap();
        assert!(failure.to_string().starts_with("seedbed.toml:2: not valid TOML: "), "{failure}");
    }
}
