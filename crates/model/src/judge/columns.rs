//! What an expression is about.

use seedbed_schema::Table;

/// The columns of a table whose names an expression of the catalogue has, in the
/// table's order.
#[must_use]
pub fn mentioned<'a>(table: &'a Table, expression: &str) -> Vec<&'a str> {
    let places = crate::guises::mentioned(table, expression);
    places.into_iter().map(|at| table.columns[at].name.as_str()).collect()
}
