//! What is known of a table's columns one by one.

use std::collections::BTreeSet;

use seedbed_schema::{Column, Schema, Table};
use seedbed_values::ColumnKey;

use crate::check::{Demand, Expression, Row, Sort, Value, parse, value};
use crate::classify::{About, Usual, classify, group, usual, words};
use crate::fill::{ColumnModel, Fill};
use crate::recipe::{Impossible, Kind, Recipe, build};
use crate::settings::Settings;

/// What is known of one column.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) name: String,
    pub(crate) sort: Sort,
    pub(crate) recipe: Result<Recipe, Impossible>,
    pub(crate) about: Option<About>,
    /// What its name says of numbers, and of yes and no.
    pub(crate) usual: Option<Usual>,
    /// What conditions ask of it alone.
    pub(crate) demand: Demand,
    /// Set if its values must differ: the row's place is divided by it before
    /// it is dealt, so that columns of one key count like digits.
    pub(crate) unique: Option<u64>,
    /// Of its bits; shared by the columns of one person or address.
    pub(crate) key: ColumnKey,
    /// Of the column alone.
    pub(crate) own_key: ColumnKey,
    /// What it holds when no value is given.
    pub(crate) left_out: LeftOut,
    pub(crate) required: bool,
    /// It may stay NULL, and does unless a condition of what is passed asks for a
    /// value.
    pub(crate) optional: bool,
    /// What it is computed from.
    pub(crate) generated: Option<Expression>,
}

/// What a column holds when no value is given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LeftOut {
    Null,
    Constant(Value),
    /// The time of the insert.
    Now,
    /// Only the database knows.
    Unknown,
}

/// The columns of a table, before its conditions are read.
pub(crate) fn cells(schema: &Schema, table: &Table, settings: &Settings) -> Vec<Cell> {
    let names = |name: &str| table.columns.iter().position(|column| column.name == name);
    table
        .columns
        .iter()
        .map(|column| {
            let about = classify(schema, table, column);
            let like = about.as_ref().map(|about| about.generator);
            let mut built = build(schema, &column.data_type, like);
            let usual = built.as_ref().ok().and_then(|built| match built.sort {
                Sort::Number(_) | Sort::Float => usual(&words(&column.name), true),
                Sort::Bool => usual(&words(&column.name), false),
                _ => None,
            });
            if let (Ok(built), Some(usual)) = (&mut built, &usual) {
                built.recipe.usually(usual);
            }
            let key = |name: &str| {
                ColumnKey::new(&settings.seed, &table.name.schema, &table.name.name, name)
            };
            let shared = about.as_ref().and_then(|about| {
                let group = group(about.generator)?.key();
                Some(if about.whose.is_empty() {
                    group.to_owned()
                } else {
                    format!("{group}:{}", about.whose)
                })
            });
            let mut sort = built.as_ref().map_or(Sort::Opaque, |built| built.sort.clone());
            // Its equality is the collation's, as that of citext is its own.
            if column.collation.as_ref().is_some_and(|collation| !collation.deterministic) {
                sort = Sort::Citext;
            }
            let generated =
                column.generated.as_ref().and_then(|how| parse(&how.expression, &names));
            Cell {
                name: column.name.clone(),
                left_out: left_out(column, &sort),
                demand: Demand { null: column.not_null.then_some(false), ..Demand::default() },
                recipe: built.map(|built| built.recipe),
                sort,
                about,
                usual,
                unique: None,
                key: key(shared.as_deref().unwrap_or(&column.name)),
                own_key: key(&column.name),
                required: column.is_required(),
                optional: false,
                generated,
            }
        })
        .collect()
}

fn left_out(column: &Column, sort: &Sort) -> LeftOut {
    if column.generated.is_some() || column.identity.is_some() || column.surrogate {
        return LeftOut::Unknown;
    }
    let Some(default) = &column.default else {
        return if column.data_type.has_default { LeftOut::Unknown } else { LeftOut::Null };
    };
    match parse(default, &|_| None) {
        Some(Expression::Null) => LeftOut::Null,
        Some(Expression::Now(_)) => LeftOut::Now,
        Some(Expression::Cast(inner, _)) if matches!(*inner, Expression::Now(_)) => LeftOut::Now,
        Some(constant) => match value(&constant, &NoRow) {
            Ok(Some(Value::Text(text))) => {
                crate::check::read(&text, sort).map_or(LeftOut::Unknown, LeftOut::Constant)
            }
            Ok(Some(value)) => LeftOut::Constant(value),
            Ok(None) => LeftOut::Null,
            Err(_) => LeftOut::Unknown,
        },
        None => LeftOut::Unknown,
    }
}

/// A row without columns.
struct NoRow;

impl Row for NoRow {
    fn value(&self, _: usize) -> crate::check::Outcome {
        Err(crate::check::Unknown)
    }

    fn sort(&self, _: usize) -> &Sort {
        &Sort::Opaque
    }

    fn is_now(&self, _: usize) -> bool {
        false
    }
}

/// Marks the columns that keep rows apart. Of a key of several columns those
/// are enough that have the most values; small ones are dealt like digits.
pub(crate) fn mark_unique(
    table: &Table,
    columns: &[ColumnModel],
    given: &BTreeSet<String>,
    cells: &mut [Cell],
) {
    let index = |name: &str| table.columns.iter().position(|column| column.name == name);
    let generated = |at: &usize| !matches!(columns[*at].fill, Fill::Parent { .. });
    for key in &table.keys {
        let mut members: Vec<usize> = key.columns().filter_map(index).filter(generated).collect();
        members.retain(|at| cells[*at].recipe.is_ok() && !table.columns[*at].is_surrogate());
        // Those that may keep a default come last: another one must be enough then.
        members.sort_by_key(|at| {
            matches!(columns[*at].fill, Fill::Database)
                && matches!(cells[*at].left_out, LeftOut::Constant(_) | LeftOut::Now)
        });
        if members.iter().any(|at| cells[*at].unique == Some(1)) && members.len() > 1 {
            continue;
        }
        let sizes: Vec<Option<u64>> = members.iter().map(|at| size(&cells[*at])).collect();
        if let Some(endless) = sizes.iter().position(Option::is_none) {
            cells[members[endless]].unique = Some(1);
            continue;
        }
        let mut divisor = 1_u64;
        for (at, size) in members.iter().zip(sizes) {
            cells[*at].unique.get_or_insert(divisor);
            divisor = divisor.saturating_mul(size.unwrap_or(1).max(1));
        }
    }
    for exclusion in &table.exclusions {
        let members: Vec<usize> = exclusion
            .parts
            .iter()
            .flat_map(|part| part.columns.iter())
            .filter_map(|name| index(name))
            .filter(generated)
            .collect();
        // What is passed is the same for all rows, or is apart by itself.
        let is_open = |at: &&usize| !given.contains(&cells[**at].name);
        let members: Vec<usize> = members.iter().filter(is_open).copied().collect();
        let is_range = |at: &&usize| matches!(&cells[**at].recipe, Ok(Recipe(Kind::Range(..))));
        let chosen = members.iter().find(is_range).or(members.first()).copied();
        if let Some(at) = chosen {
            cells[at].unique.get_or_insert(1);
        }
    }
}

/// How many values; more than an ordinary table has rows counts as endless.
pub(crate) fn size(cell: &Cell) -> Option<u64> {
    cell.recipe.as_ref().ok()?.size(&cell.demand).filter(|size| *size < 1 << 24)
}
