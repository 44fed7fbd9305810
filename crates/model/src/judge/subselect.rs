//! Candidate rows as a table of the statement's own.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use seedbed_schema::{Column, NamedType, Schema, Table, TypeRef, TypeShape, quote};

use super::Candidate;

/// Candidate rows as `FROM` item, with the parameters it needs.
pub(super) struct Subselect {
    /// A subselect with the table's columns; [`Self::number`] and the labels are
    /// in front. Each array is read once, however many candidates there are.
    pub(super) sql: String,
    pub(super) parameters: Vec<Option<String>>,
    /// Name of the column with the candidate's number, from 1; no column of
    /// the table has it.
    pub(super) number: String,
    /// Names of the labels' columns, texts all of them.
    pub(super) labels: Vec<String>,
}

impl Subselect {
    /// Each parameter is one column of all candidates, an array's text; `labels`
    /// are such columns beside the table's.
    pub(super) fn new(
        schema: &Schema,
        table: &Table,
        candidates: &[Candidate],
        labels: Vec<String>,
    ) -> Self {
        let given: BTreeSet<&str> = candidates
            .iter()
            .flat_map(|candidate| candidate.values.keys().map(String::as_str))
            .collect();
        let number = free_name(table, "number");
        let item = free_name(table, "item");
        let mut parameters = Vec::new();
        let mut outputs = vec![format!("{item}.{number}")];
        let mut inputs = Vec::new();
        let mut names_of_labels = Vec::new();
        for (at, label) in labels.into_iter().enumerate() {
            parameters.push(Some(label));
            inputs.push((parameters.len(), format!("label{at}")));
            let name = free_name(table, &format!("label {at}"));
            outputs.push(format!("{item}.label{at} AS {name}"));
            names_of_labels.push(name);
        }
        for (at, column) in table.columns.iter().enumerate() {
            if column.generated.is_some() {
                continue;
            }
            let value = if given.contains(column.name.as_str()) {
                parameters.push(Some(array(
                    candidates.iter().map(|one| one.values.get(&column.name).cloned().flatten()),
                )));
                inputs.push((parameters.len(), format!("c{at}")));
                let value = format!("{item}.c{at}");
                let has = |one: &Candidate| one.values.contains_key(&column.name);
                let default = left_out(column);
                if default == "NULL" || candidates.iter().all(has) {
                    value
                } else {
                    let flags = candidates.iter().map(|one| has(one).then(|| "given".to_owned()));
                    parameters.push(Some(array(flags)));
                    inputs.push((parameters.len(), format!("given{at}")));
                    let data_type = plain_type(schema, &column.data_type);
                    format!(
                        "(CASE WHEN {item}.given{at} IS NULL THEN {default}::{data_type} ELSE {value}::{data_type} END)"
                    )
                }
            } else {
                left_out(column)
            };
            outputs.push(format!(
                "{value}::{} AS {}",
                plain_type(schema, &column.data_type),
                quote(&column.name)
            ));
        }
        if inputs.is_empty() {
            // The number of candidates is all there is to know of them.
            parameters.push(Some(array(candidates.iter().map(|_| None))));
            inputs.push((1, "nothing".to_owned()));
        }
        let arrays: Vec<String> =
            inputs.iter().map(|(parameter, _)| format!("${parameter}::text::text[]")).collect();
        let names: Vec<&str> = inputs.iter().map(|(_, name)| name.as_str()).collect();
        let mut sql = format!(
            "(SELECT {} FROM unnest({}) WITH ORDINALITY AS {item}({}, {number}))",
            outputs.join(", "),
            arrays.join(", "),
            names.join(", "),
        );
        let generated = generated(table);
        if !generated.is_empty() {
            // Computed from the others, so one level above them.
            let alias = quote(&table.name.name);
            sql = format!("(SELECT {alias}.*, {} FROM {sql} AS {alias})", generated.join(", "));
        }
        Self { sql, parameters, number, labels: names_of_labels }
    }
}

fn generated(table: &Table) -> Vec<String> {
    table
        .columns
        .iter()
        .filter_map(|column| {
            let how = column.generated.as_ref()?;
            let (name, sql) = (quote(&column.name), &column.data_type.sql);
            Some(format!("({})::{sql} AS {name}", how.expression))
        })
        .collect()
}

/// A name that no column of the table has.
pub(super) fn free_name(table: &Table, wanted: &str) -> String {
    let mut name = format!("seedbed {wanted}");
    while table.columns.iter().any(|column| column.name == name) || table.name.name == name {
        name.push('_');
    }
    quote(&name)
}

/// What a column holds that no candidate gives: its default, unless computing
/// that would change something or differ from what the insert computes.
fn left_out(column: &Column) -> String {
    match &column.default {
        Some(default) if !column.is_surrogate() && !default.contains("nextval") => {
            format!("({default})")
        }
        _ => "NULL".to_owned(),
    }
}

/// The type without its domains: what a domain refuses shall be judged, not end
/// the statement.
fn plain_type(schema: &Schema, data_type: &TypeRef) -> String {
    let mut data_type = data_type;
    for _ in 0..12 {
        let TypeShape::Named(name) = &data_type.shape else { break };
        let Some(NamedType::Domain { base, .. }) = schema.named_type(name) else { break };
        data_type = base;
    }
    data_type.sql.clone()
}

/// An array of text in the server's syntax.
pub(super) fn array(elements: impl Iterator<Item = Option<String>>) -> String {
    let mut out = String::from("{");
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push(',');
        }
        match element {
            None => out.push_str("NULL"),
            Some(text) => {
                let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
                // Writing to a string cannot fail.
                let _ = write!(out, "\"{quoted}\"");
            }
        }
    }
    out.push('}');
    out
}
