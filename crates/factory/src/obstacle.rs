//! What stands between a statement and its table: rules, the condition of a
//! view, a transaction that only reads.

use seedbed_api::plan::Diagnosis;
use seedbed_schema::{TableName, quote_literal};

use crate::diagnose::diagnosis;
use crate::graph::Node;
use crate::line::make_with;

/// What the server says of it; `None` where it is something else.
pub(crate) fn obstacle(node: &Node, state: &str) -> Option<Diagnosis> {
    let name = node.through.as_ref().unwrap_or(&node.table.name);
    match state {
        // feature_not_supported: ON CONFLICT, RETURNING and WITH do not go
        // through rules.
        "0A000" => Some(ruled(name)),
        // with_check_option_violation
        "44000" => Some(unshown(node, name)),
        // read_only_sql_transaction
        "25006" => Some(read_only(name)),
        _ => None,
    }
}

fn ruled(name: &TableName) -> Diagnosis {
    let mut told = diagnosis(format!(
        "rows of {name} cannot be made as a row must be that is made once: its rules rewrite the \
         statement"
    ));
    told.hints.push(format!(
        "SELECT rulename, definition FROM pg_rules WHERE schemaname = {} AND tablename = {}",
        quote_literal(&name.schema),
        quote_literal(&name.name)
    ));
    told.hints.push(format!("ALTER TABLE {} DISABLE RULE …", name.sql()));
    told
}

fn unshown(node: &Node, name: &TableName) -> Diagnosis {
    let mut told = diagnosis(format!("the view {name} would not show the row"));
    told.detail = Some("It has a CHECK OPTION: only rows that it shows go through it.".to_owned());
    let generated = node.generated();
    let free: Vec<&str> = generated.iter().map(String::as_str).collect();
    told.hints.push(make_with(&name.to_string(), &free));
    told
}

fn read_only(name: &TableName) -> Diagnosis {
    let mut told =
        diagnosis(format!("no row of {name} can be made or changed: the transaction is read-only"));
    told.hints.push("SET default_transaction_read_only = off".to_owned());
    told.hints
        .push("SET TRANSACTION READ WRITE   # before the transaction's first query".to_owned());
    told
}
