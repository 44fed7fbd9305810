//! Columns in SQL: what a row returns, and what is written into it.

use seedbed_api::plan::Parameter;
use seedbed_schema::{Column, quote};

use crate::graph::{Graph, Node, Source};
use crate::sql::{Statement, input};

/// Every column of row `alias` as text, after `ordinal` and `same`.
pub(super) fn returned(node: &Node, alias: &str, ordinal: &str, same: &str) -> String {
    let mut list = vec![ordinal.to_owned(), same.to_owned()];
    let columns = node.table.columns.iter();
    list.extend(columns.map(|column| format!("{alias}.{}::text", quote(&column.name))));
    list.join(", ")
}

/// The parameter that a column's value comes in by; `None` where it comes from
/// the same row.
pub(super) fn parameter(graph: &Graph, node: &Node, column: &str) -> Option<Parameter> {
    Some(match node.sources.get(column)? {
        Source::Argument(passed) => Parameter::Argument(passed.argument.clone()),
        Source::Parent { node: parent, column } => {
            Parameter::Ref(graph.nodes[*parent].name.clone(), column.clone())
        }
        Source::Generated => match node.constants.get(column) {
            Some(constant) => Parameter::Text(constant.clone()),
            None => Parameter::Value(node.name.clone(), column.to_owned()),
        },
        Source::Default(text) => Parameter::Text(Some(text.clone())),
        Source::Itself { .. } => return None,
    })
}

/// Text as a value of a column's type.
pub(super) fn typed(column: &Column, text: &str) -> String {
    format!("{text}::{}", input(&column.data_type))
}

/// What would be drawn for a column if nothing is given: its sequence's next
/// value or its default.
pub(super) fn drawn(node: &Node, column: &Column) -> Option<String> {
    if column.identity.is_some() {
        let table = seedbed_schema::quote_literal(&node.table.name.sql());
        let name = seedbed_schema::quote_literal(&column.name);
        // The function takes a quoted table but a plain column.
        let sequence = format!("pg_catalog.pg_get_serial_sequence({table}, {name})");
        return Some(format!(
            "pg_catalog.nextval({sequence}::pg_catalog.regclass)::{}",
            input(&column.data_type)
        ));
    }
    let default = column.default.as_ref()?;
    Some(format!("({default})::{}", input(&column.data_type)))
}

/// The value of a column while its row is being made, with parents' rows known.
/// `itself` writes a reference to a column of the same row.
pub(super) fn written(
    graph: &Graph,
    node: &Node,
    statement: &mut Statement,
    name: &str,
    itself: &dyn Fn(&str) -> String,
) -> Option<String> {
    let column = node.column(name)?;
    match (parameter(graph, node, name), node.sources.get(name)?) {
        (Some(parameter), _) => Some(typed(column, &statement.text(parameter))),
        (None, Source::Itself { column: there }) => match node.sources.get(there) {
            Some(Source::Itself { .. }) | None => Some(itself(there)),
            Some(_) => {
                let text = statement.text(parameter(graph, node, there)?);
                Some(typed(column, &text))
            }
        },
        (None, _) => None,
    }
}

/// Columns of the row itself that must be drawn before it is made, since others
/// refer to them.
pub(super) fn drawn_before(node: &Node) -> Vec<&Column> {
    let refers = |name: &str| {
        node.sources
            .values()
            .any(|source| matches!(source, Source::Itself { column } if column == name))
    };
    let columns = node.table.columns.iter();
    columns
        .filter(|column| refers(&column.name) && !node.sources.contains_key(&column.name))
        .collect()
}

/// Whether a column that is written holds what only OVERRIDING SYSTEM VALUE
/// allows.
pub(super) fn overriding<'a>(columns: impl Iterator<Item = &'a Column>) -> &'static str {
    let mut columns = columns;
    let always = |column: &Column| column.identity == Some(seedbed_schema::Identity::Always);
    if columns.any(always) { " OVERRIDING SYSTEM VALUE" } else { "" }
}
