//! An error that an expression or a trigger of the database raised: what could
//! have raised it, and the columns that it looks at.

use seedbed_api::plan::Diagnosis;
use seedbed_model::judge::mentioned;

use crate::graph::{Node, Source};
use crate::line::make_with;

/// Whether an error is one that functions raise, and no value of the call's own
/// can be of the wrong type.
pub(crate) fn is_raised(node: &Node, sqlstate: &str) -> bool {
    let class = sqlstate.get(..2).unwrap_or_default();
    // SQL leaves classes that begin with 5 to 9 or I to Z to implementations;
    // 45 is "unhandled user-defined exception".
    let own = class.starts_with(['6', '7', '8', '9'])
        || class.starts_with(|c: char| ('I'..='Z').contains(&c));
    let own = own && !matches!(class, "XX") || matches!(class, "45");
    own || matches!(class, "20" | "21" | "2F" | "38" | "39")
        || (class == "22" && node.arguments().next().is_none())
}

/// Tells it: triggers, generated columns and conditions that were not understood
/// are what evaluates functions.
pub(crate) fn raised(node: &Node) -> Diagnosis {
    let table = &node.table;
    let mut told: Vec<String> = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    for column in &table.columns {
        if let Some(how) = &column.generated {
            told.push(format!("{}: {}", column.name, how.expression));
            columns.extend(mentioned(table, &how.expression));
        }
    }
    // That a generated column is not NULL is told with it.
    let checks = table.checks.iter().filter(|check| {
        check.enforced && node.model.judged.iter().any(|judged| judged.name == check.name)
    });
    for check in checks {
        told.push(format!("{}: CHECK ({})", check.name, check.expression));
        columns.extend(check.columns.iter().map(String::as_str));
    }
    for key in &table.keys {
        for part in key.parts.iter().filter(|part| part.column.is_none()) {
            if part.expression.contains("::") {
                told.push(format!("{}: {}", key.name, part.expression));
                columns.extend(mentioned(table, &part.expression));
            }
        }
    }
    let triggers: Vec<&str> =
        table.triggers.iter().filter(|t| t.on_insert).map(|t| t.name.as_str()).collect();
    if !triggers.is_empty() {
        told.push(format!("triggers: {}", triggers.join(", ")));
        // What they look at only they know.
        columns.extend(
            node.sources.iter().filter_map(|(name, source)| {
                (*source == Source::Generated).then_some(name.as_str())
            }),
        );
    }
    columns.retain(|name| table.column(name).is_some_and(seedbed_schema::Column::is_writable));
    columns.sort_unstable();
    columns.dedup();
    let hints = if columns.is_empty() {
        Vec::new()
    } else {
        vec![make_with(&table.name.to_string(), &columns)]
    };
    Diagnosis {
        message: format!("a function of the database refused a row of {}", table.name),
        detail: Some(told.join("\n")).filter(|told| !told.is_empty()),
        hints,
    }
}
