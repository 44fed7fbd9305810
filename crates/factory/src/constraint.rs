//! A constraint that refused a row: which one, and the values to pass.

use seedbed_api::plan::Diagnosis;
use seedbed_model::judge::mentioned;
use seedbed_schema::{NamedType, Table, TableName, TypeShape};

use crate::diagnose::{columns, diagnosis};
use crate::graph::{Node, Source};
use crate::key::option;
use crate::line::{make_as, make_with};
use crate::shape::Entry;

/// A unique key beside the one that rows are found by.
pub(crate) fn second_key(node: &Node, constraint: &str) -> Diagnosis {
    let table = &node.table;
    let key = table.keys.iter().find(|key| key.name == constraint);
    let words = key.map_or_else(|| constraint.to_owned(), columns);
    let generated = key.is_some_and(|key| is_generated(node, key.columns()));
    let is_first = node.key.first().index.as_deref() == Some(constraint);
    let mut told = if is_first && !generated {
        diagnosis(format!("a row of {} has this {words} already", table.name))
    } else if generated {
        diagnosis(format!("the generated {words} is taken by another row of {}", table.name))
    } else {
        diagnosis(format!(
            "another row of {} has this {words}, but not this {}",
            table.name,
            node.key.first().words().join(", ")
        ))
    };
    if let Some(key) = key {
        if !generated && !is_first {
            told.hints.push(option(key));
        }
        told.hints.push(make_with(&table.name.to_string(), &key.columns().collect::<Vec<_>>()));
        told.hints.extend(fresh(node, generated));
    }
    told
}

/// An exclusion constraint.
pub(crate) fn excluded(node: &Node, constraint: &str) -> Diagnosis {
    let table = &node.table;
    let exclusion = table.exclusions.iter().find(|exclusion| exclusion.name == constraint);
    let mut told =
        diagnosis(format!("a row of {} would overlap another one: {constraint}", table.name));
    if let Some(exclusion) = exclusion {
        let mut names: Vec<&str> = Vec::new();
        for name in exclusion.parts.iter().flat_map(|part| &part.columns) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let generated = is_generated(node, names.iter().copied());
        told.hints.push(make_with(&table.name.to_string(), &names));
        told.hints.extend(fresh(node, generated));
    }
    told
}

fn is_generated<'a>(node: &Node, mut columns: impl Iterator<Item = &'a str>) -> bool {
    columns.all(|name| node.sources.get(name) == Some(&Source::Generated))
}

/// A new row has values that no row has.
fn fresh(node: &Node, generated: bool) -> Option<String> {
    let helps = generated && !node.fresh && !node.is_implied();
    helps.then(|| make_as(&node.table.name.to_string(), "--fresh", ""))
}

/// No partition of a table takes the row. `failed` is the table that has none: a
/// partition may have partitions of its own.
pub(crate) fn no_partition(entry: &Entry, table: &Table, failed: Option<&str>) -> Diagnosis {
    let below = failed.filter(|failed| *failed != table.name.name).and_then(|failed| {
        let same = |one: &&Table| one.name.name == failed && !one.partition_key.is_empty();
        let mut found = entry.schema.tables.values().filter(same);
        found.next().filter(|_| found.next().is_none())
    });
    let failed = below.unwrap_or(table);
    let mut told = diagnosis(format!("no partition of {} takes the row", failed.name));
    let columns: Vec<&str> =
        failed.partition_key.iter().flat_map(|part| mentioned(failed, part)).collect();
    told.hints.push(make_with(&table.name.to_string(), &columns));
    told.hints.push(format!(
        "CREATE TABLE {} PARTITION OF {} DEFAULT",
        TableName { name: format!("{}_default", failed.name.name), ..failed.name.clone() }.sql(),
        failed.name.sql()
    ));
    told
}

/// A CHECK of the table or of a column's domain.
pub(crate) fn checked(entry: &Entry, table: &Table, constraint: &str) -> Diagnosis {
    let mut told = diagnosis(format!("a row of {} does not meet {constraint}", table.name));
    let own = table.checks.iter().find(|check| check.name == constraint);
    let domains = table.columns.iter().filter_map(|column| match &column.data_type.shape {
        TypeShape::Named(name) => match entry.schema.named_type(name)? {
            NamedType::Domain { checks, .. } => Some((column, checks)),
            _ => None,
        },
        _ => None,
    });
    let mut of_domain = domains.filter_map(|(column, checks)| {
        Some((column, checks.iter().find(|check| check.name == constraint)?))
    });
    let name = table.name.to_string();
    if let Some(check) = own {
        told.detail = Some(format!("CHECK ({})", check.expression));
        let passed: Vec<&str> = check.columns.iter().map(String::as_str).collect();
        told.hints.push(make_with(&name, &passed));
    } else if let Some((column, check)) = of_domain.next() {
        told.detail = Some(format!("CHECK ({})", check.expression));
        told.hints.push(make_with(&name, &[&column.name]));
    }
    told
}

/// A reference to a row that is not there.
pub(crate) fn orphan(node: &Node, constraint: &str) -> Diagnosis {
    let table = &node.table;
    let foreign = table.foreign_keys.iter().find(|foreign| foreign.name == constraint);
    let Some(foreign) = foreign else {
        return diagnosis(format!("a row of {} refers to a row that is not there", table.name));
    };
    let mut told = diagnosis(format!(
        "{} of {} refers to a row of {} that is not there",
        foreign.columns.join(", "),
        table.name,
        foreign.parent
    ));
    let there: Vec<&str> = foreign.parent_columns.iter().map(String::as_str).collect();
    told.hints.push(make_with(&foreign.parent.to_string(), &there));
    // Without the reference its parent is made.
    let refers = |name: &str| foreign.columns.iter().any(|own| own == name);
    let others = node.arguments().map(|(name, _)| name).filter(|name| !refers(name));
    told.hints.push(make_with(&table.name.to_string(), &others.collect::<Vec<_>>()));
    told
}

/// A column that cannot be NULL.
pub(crate) fn null(node: &Node, column: Option<&str>) -> Diagnosis {
    let table = &node.table.name;
    let column = column.unwrap_or("a column");
    let given = node.sources.contains_key(column);
    let triggers: Vec<&str> =
        node.table.triggers.iter().filter(|t| t.on_insert).map(|t| t.name.as_str()).collect();
    if given && !triggers.is_empty() {
        // It had a value, and computes another one from other columns.
        let mut told = diagnosis(format!("a trigger set {column} of {table} to NULL"));
        told.detail = Some(format!("triggers: {}", triggers.join(", ")));
        let others: Vec<String> = node.generated();
        let passed: Vec<&str> =
            others.iter().map(String::as_str).filter(|name| *name != column).collect();
        told.hints.push(make_with(&table.to_string(), &passed));
        return told;
    }
    let mut told = diagnosis(format!("{column} of {table} would be NULL, which it cannot be"));
    told.hints.push(make_with(&table.to_string(), &[column]));
    told
}
