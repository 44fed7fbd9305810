//! Lets the server normalise the keys that were passed, where this machine
//! cannot: expressions, citext, times. Asked only when a row must be made.

use seedbed_api::plan::{Column, Parameter};

use super::columns::{parameter, typed};
use crate::computed::computed;
use crate::graph::{Graph, Node};
use crate::natural::{Natural, natural, normal};
use crate::sql::{Form, Statement};

/// The columns of the binding of normalised keys.
pub(super) fn columns(node: &Node) -> Vec<Column> {
    let column = |at| Column { name: format!("k{at}"), type_name: "text".to_owned() };
    (0..natural(node).len()).map(column).collect()
}

/// The statement and its parameters.
pub(super) fn normalise(graph: &Graph, index: usize) -> (String, Vec<Parameter>) {
    let node = &graph.nodes[index];
    let mut statement = Statement::new(Form::from(node.rows));
    let mut list = vec![statement.ordinal().to_owned(), "NULL::text".to_owned()];
    for part in natural(node) {
        let sql = match part {
            Natural::Column(name) => {
                value(graph, node, &mut statement, &name).map(|(column, sql)| {
                    let folds = column.collation.as_ref().is_some_and(|own| !own.deterministic);
                    normal(&column.data_type, folds, &sql)
                })
            }
            Natural::Expression(part) => {
                let columns: Vec<(String, String)> = part
                    .columns
                    .iter()
                    .filter_map(|name| {
                        let (_, sql) = value(graph, node, &mut statement, name)?;
                        Some((name.clone(), sql))
                    })
                    .collect();
                Some(format!("{}::text", computed(&node.table, &part, &columns)))
            }
        };
        list.push(sql.unwrap_or_else(|| "NULL::text".to_owned()));
    }
    let sql = match statement.form() {
        Form::One => format!("SELECT {}", list.join(", ")),
        Form::Many => format!("SELECT {} FROM {}", list.join(", "), statement.rows()),
    };
    (sql, statement.finish())
}

fn value<'a>(
    graph: &Graph,
    node: &'a Node,
    statement: &mut Statement,
    name: &str,
) -> Option<(&'a seedbed_schema::Column, String)> {
    let column = node.column(name)?;
    let text = statement.text(parameter(graph, node, name)?);
    Some((column, typed(column, &text)))
}
