//! Which columns must be given: those the table requires, and the fewest more
//! that its conditions ask for.

use std::collections::BTreeSet;

use seedbed_schema::{Check, Table, TableName};

use crate::check::{Expression, Outcome, Row, Sort, Unknown, holds};
use crate::column::{Cell, LeftOut};
use crate::condition::Condition;
use crate::fill::{ColumnModel, Fill};

/// Where each column's value comes from, when `given` are passed.
pub(crate) fn fills(
    table: &Table,
    cells: &[Cell],
    conditions: &[Condition],
    given: &BTreeSet<String>,
) -> Vec<ColumnModel> {
    let mut columns: Vec<ColumnModel> =
        (0..cells.len()).map(|at| by_itself(table, cells, at)).collect();
    // Every round gives at least one column, so this ends.
    while let Some((condition, more)) = conditions
        .iter()
        .find_map(|condition| Some((condition, missing(table, cells, &columns, condition, given)?)))
    {
        for at in more {
            columns[at].fill = given_fill(table, cells, at);
            columns[at].why = format!("condition `{}` asks for it", condition.name);
        }
    }
    columns
}

/// Columns that would stay NULL and share a condition with what is passed: only
/// the values say whether they may. They are marked, and given where they must.
pub(crate) fn options(
    table: &Table,
    cells: &mut [Cell],
    columns: &mut [ColumnModel],
    (conditions, judged): (&[Condition], &[Check]),
    given: &BTreeSet<String>,
) {
    let index = |name: &String| table.columns.iter().position(|column| column.name == *name);
    let minding = |condition: &Condition| -> Vec<usize> {
        let columns = condition.columns.iter().copied();
        columns
            .filter(|at| is_minded(cells, condition, *at) || is_passed(cells, given, *at))
            .collect()
    };
    let understood: Vec<(&String, Vec<usize>)> = conditions
        .iter()
        .filter(|condition| condition.understood)
        .map(|condition| (&condition.name, minding(condition)))
        .collect();
    let judged = judged
        .iter()
        .map(|check| (&check.name, check.columns.iter().filter_map(index).collect::<Vec<_>>()));
    for (name, together) in understood.into_iter().chain(judged) {
        if !together.iter().any(|at| is_passed(cells, given, *at)) {
            continue;
        }
        for at in together {
            let cell = &mut cells[at];
            let column = &table.columns[at];
            let refers = table
                .foreign_keys
                .iter()
                .any(|key| key.enforced && key.columns.contains(&cell.name));
            let Ok(recipe) = &cell.recipe else { continue };
            if given.contains(&cell.name)
                || !matches!(columns[at].fill, Fill::Database)
                || cell.left_out != LeftOut::Null
                || column.not_null
                || !column.is_writable()
                || refers
            {
                continue;
            }
            columns[at].fill = Fill::Generate(recipe.clone());
            columns[at].why = format!("NULL, or what condition `{name}` asks for");
            cell.optional = true;
        }
    }
}

fn by_itself(table: &Table, cells: &[Cell], at: usize) -> ColumnModel {
    let column = &table.columns[at];
    let (fill, why) = if !column.is_writable() {
        (Fill::Database, "the database computes it".to_owned())
    } else if cells[at].required {
        let fill = given_fill(table, cells, at);
        let why = match (&fill, &cells[at].about) {
            (Fill::Parent { foreign_key }, _) => {
                format!("refers to {}", table.foreign_keys[*foreign_key].parent)
            }
            (Fill::Impossible { .. }, _) => "must be passed".to_owned(),
            _ if cells[at].usual.is_some() => {
                let usual = cells[at].usual.map(|usual| usual.to_string()).unwrap_or_default();
                format!("required; its name says {usual}")
            }
            (_, Some(about)) => format!("required; its name says `{}`", about.generator.word()),
            _ => format!("required; made from its type `{}`", column.data_type.sql),
        };
        (fill, why)
    } else if column.default.is_some() || column.identity.is_some() || column.data_type.has_default
    {
        (Fill::Database, "has a default".to_owned())
    } else {
        (Fill::Database, "may be NULL".to_owned())
    };
    ColumnModel { name: column.name.clone(), fill, why }
}

/// How a column gets a value that must have one.
fn given_fill(table: &Table, cells: &[Cell], at: usize) -> Fill {
    let name = &cells[at].name;
    let parent =
        table.foreign_keys.iter().position(|key| key.enforced && key.columns.contains(name));
    if let Some(foreign_key) = parent {
        return Fill::Parent { foreign_key };
    }
    match &cells[at].recipe {
        Ok(recipe) => Fill::Generate(recipe.clone()),
        Err(impossible) => {
            Fill::Impossible { why: impossible.0.clone(), hint: hint(&table.name, name) }
        }
    }
}

/// The line that passes a value.
fn hint(table: &TableName, column: &str) -> String {
    format!("seedbed make {table} {column}=…")
}

/// The fewest columns more that make a condition satisfiable; nothing if it is.
fn missing(
    table: &Table,
    cells: &[Cell],
    columns: &[ColumnModel],
    condition: &Condition,
    given: &BTreeSet<String>,
) -> Option<Vec<usize>> {
    let row = Shape { cells, columns, given };
    let mut best: Option<(usize, Vec<usize>)> = None;
    for branch in &condition.branches {
        let Some(more) = branch_needs(table, branch, &row) else { continue };
        if more.is_empty() {
            return None;
        }
        // A parent is a row more; a value is not.
        let cost = more
            .iter()
            .map(|at| match given_fill(table, cells, *at) {
                Fill::Generate(_) => 2,
                Fill::Parent { .. } => 3,
                _ => 100,
            })
            .sum();
        if best.as_ref().is_none_or(|(held, _)| cost < *held) {
            best = Some((cost, more));
        }
    }
    best.map(|(_, more)| more)
}

/// Columns to give so that a branch can hold; nothing if it cannot.
fn branch_needs(table: &Table, branch: &[Expression], row: &Shape<'_>) -> Option<Vec<usize>> {
    let mut more = Vec::new();
    for atom in branch {
        let fits = match atom {
            // A value that must be there cannot be NULL.
            Expression::IsNull(inner) => match **inner {
                Expression::Column(at) => !row.is_decided_not_null(at),
                _ => true,
            },
            _ => true,
        };
        if !fits {
            return None;
        }
        if holds(atom, row) != Ok(Some(false)) {
            continue;
        }
        let free: Vec<usize> = atom
            .columns()
            .into_iter()
            .filter(|at| table.columns[*at].is_writable() && !row.is_given(*at))
            .collect();
        if free.is_empty() || matches!(atom, Expression::IsNull(_)) {
            return None;
        }
        for at in free {
            if !more.contains(&at) {
                more.push(at);
            }
        }
    }
    Some(more)
}

fn is_passed(cells: &[Cell], given: &BTreeSet<String>, at: usize) -> bool {
    given.contains(&cells[at].name)
}

/// Whether NULL in a column can be why a condition is not met. A comparison with
/// NULL is no objection.
fn is_minded(cells: &[Cell], condition: &Condition, at: usize) -> bool {
    let row = Without { cells, at };
    let atoms = condition.branches.iter().flatten();
    atoms
        .filter(|atom| atom.columns().contains(&at))
        .any(|atom| holds(atom, &row) == Ok(Some(false)))
}

/// A row of which nothing is known but that a column is NULL.
struct Without<'a> {
    cells: &'a [Cell],
    at: usize,
}

impl Row for Without<'_> {
    fn value(&self, column: usize) -> Outcome {
        if column == self.at { Ok(None) } else { Err(Unknown) }
    }

    fn sort(&self, column: usize) -> &Sort {
        &self.cells[column].sort
    }

    fn is_now(&self, _: usize) -> bool {
        false
    }
}

/// A row of which only the left-out columns are decided.
struct Shape<'a> {
    cells: &'a [Cell],
    columns: &'a [ColumnModel],
    given: &'a BTreeSet<String>,
}

impl Shape<'_> {
    fn is_given(&self, at: usize) -> bool {
        self.given.contains(&self.cells[at].name)
            || !matches!(self.columns[at].fill, Fill::Database)
    }

    /// A passed value counts as one: who passes NULL gets what that means.
    fn is_decided_not_null(&self, at: usize) -> bool {
        self.given.contains(&self.cells[at].name)
            || matches!(self.columns[at].fill, Fill::Parent { .. })
            || self.cells[at].demand.null == Some(false)
    }
}

impl Row for Shape<'_> {
    fn value(&self, column: usize) -> Outcome {
        if self.is_given(column) {
            return Err(Unknown);
        }
        match &self.cells[column].left_out {
            LeftOut::Null => Ok(None),
            LeftOut::Constant(value) => Ok(Some(value.clone())),
            LeftOut::Now | LeftOut::Unknown => Err(Unknown),
        }
    }

    fn sort(&self, column: usize) -> &Sort {
        &self.cells[column].sort
    }

    fn is_now(&self, column: usize) -> bool {
        !self.is_given(column) && self.cells[column].left_out == LeftOut::Now
    }
}
