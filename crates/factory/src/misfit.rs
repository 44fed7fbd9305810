//! A value that its type does not take: which column it was passed for.

use seedbed_api::plan::{Argument, Diagnosis, Trouble};

use crate::diagnose::diagnosis;
use crate::graph::Node;
use crate::line::make_with;
use crate::wanted::Passed;

/// A value that its type does not take. The server names no column, but quotes
/// the value: only those that were passed it are told.
pub(crate) fn misfit(node: &Node, trouble: &Trouble) -> Diagnosis {
    let passed: Vec<(&str, &Passed)> = node.arguments().collect();
    let said = trouble.message.as_deref().unwrap_or_default();
    let is_quoted = |passed: &Passed| {
        let values = match trouble.run.arguments.get(&passed.argument) {
            Some(Argument::Same(value)) => std::slice::from_ref(value),
            Some(Argument::Each(values)) => values.as_slice(),
            None => &[],
        };
        values.iter().flatten().any(|value| {
            ["\"{}\"", "«{}»", "„{}“", "“{}”", "« {} »"]
                .iter()
                .any(|quotes| said.contains(&quotes.replace("{}", value)))
        })
    };
    let mut odd: Vec<&str> =
        passed.iter().filter(|(_, passed)| is_quoted(passed)).map(|(name, _)| *name).collect();
    if odd.is_empty() {
        odd = passed.into_iter().map(|(name, _)| name).collect();
    }
    if odd.len() > 1 {
        // Nothing is quoted, but types are named: "too long for type varchar(2)".
        let is_named = |name: &&str| {
            let sql = node.column(name).map_or("", |column| &column.data_type.sql);
            said.contains(sql)
        };
        let is_like = |name: &&str| {
            let sql = node.column(name).map_or("", |column| &column.data_type.sql);
            said.contains(sql.split('(').next().unwrap_or(sql))
        };
        let named: Vec<&str> = odd.iter().copied().filter(is_named).collect();
        let like: Vec<&str> = odd.iter().copied().filter(is_like).collect();
        if let Some(fewer) = [named, like].into_iter().find(|some| !some.is_empty()) {
            odd = fewer;
        }
    }
    let table = &node.table.name;
    let place = match odd.as_slice() {
        [one] => format!("{table}.{one}"),
        _ => table.to_string(),
    };
    let mut told = diagnosis(format!("a value for {place} is not of its type"));
    let types: Vec<String> = odd
        .iter()
        .filter_map(|name| node.column(name))
        .map(|column| format!("{} is {}", column.name, column.data_type.sql))
        .collect();
    if !types.is_empty() {
        told.detail = Some(types.join("\n"));
        told.hints.push(make_with(&table.to_string(), &odd));
    }
    told
}
