//! The statements.

use std::collections::BTreeMap;

use seedbed_schema::{Check, Equality, Exclusion, KeyPart, Schema, Table, UniqueKey, quote};

use super::subselect::{Subselect, array, free_name};

/// A row that could be inserted.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Which of the rows asked for.
    pub row: u32,
    /// Which of its alternatives.
    pub attempt: u32,
    /// Its columns as text; those that are absent get their default where that
    /// says the same for every row, otherwise NULL.
    pub values: BTreeMap<String, Option<String>>,
}

/// A statement with text parameters, and how its answer is read.
#[derive(Clone, Debug)]
pub struct Question {
    /// The statement; every parameter is of type text and cast inside, every
    /// column of the answer is text.
    pub sql: String,
    /// `$1`, `$2`, …
    pub parameters: Vec<Option<String>>,
}

/// Which of these candidates meet all of `judged`, and are not taken by a row
/// that is there: [`super::passed`] reads the answer. Nothing is written.
#[must_use]
pub fn candidates(
    schema: &Schema,
    table: &Table,
    judged: &[Check],
    candidates: &[Candidate],
) -> Question {
    asked(schema, table, judged, candidates, true)
}

/// The same, but rows that are there keep no candidate out: for rows that may be
/// there themselves. Candidates are still compared with each other.
#[must_use]
pub fn compared(
    schema: &Schema,
    table: &Table,
    judged: &[Check],
    candidates: &[Candidate],
) -> Question {
    asked(schema, table, judged, candidates, false)
}

fn asked(
    schema: &Schema,
    table: &Table,
    judged: &[Check],
    candidates: &[Candidate],
    beside_rows: bool,
) -> Question {
    let labels = vec![
        array(candidates.iter().map(|one| Some(one.row.to_string()))),
        array(candidates.iter().map(|one| Some(one.attempt.to_string()))),
    ];
    let subselect = Subselect::new(schema, table, candidates, labels);
    let alias = quote(&table.name.name);
    let number = &subselect.number;
    let mut outputs: Vec<String> =
        subselect.labels.iter().map(|label| format!("{alias}.{label}")).collect();
    // A NULL is no objection of a CHECK.
    let mut conditions: Vec<String> =
        judged.iter().map(|check| format!("(({}) IS NOT FALSE)", check.expression)).collect();
    if beside_rows {
        let taken = |rival| format!("NOT EXISTS ({})", taken(table, &rival));
        conditions.extend(rivals(schema, table).map(taken));
    }
    outputs.extend(table.keys.iter().map(group));
    let wanted = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
    // The names that `taken` refers to are computed once, below the condition.
    let sql = format!(
        "SELECT {} FROM {} AS {alias} WHERE {wanted} ORDER BY {alias}.{number}",
        outputs.join(", "),
        with_parts(schema, table, &subselect.sql),
    );
    Question { sql, parameters: subselect.parameters }
}

/// The values of expressions of the catalogue (index predicates, generated
/// columns, key expressions) over candidate rows. The answer has one row for
/// each candidate, in their order: one text for each expression.
#[must_use]
pub fn evaluate(
    schema: &Schema,
    table: &Table,
    expressions: &[&str],
    candidates: &[Candidate],
) -> Question {
    let subselect = Subselect::new(schema, table, candidates, Vec::new());
    let outputs: Vec<String> =
        expressions.iter().map(|expression| format!("({expression})::text")).collect();
    let alias = quote(&table.name.name);
    let sql = format!(
        "SELECT {} FROM {} AS {alias} ORDER BY {alias}.{}",
        outputs.join(", "),
        subselect.sql,
        subselect.number
    );
    Question { sql, parameters: subselect.parameters }
}

/// A row that is there and keeps a candidate out.
struct Rival<'a> {
    /// Among the table's keys and exclusions.
    number: usize,
    parts: &'a [KeyPart],
    /// The operator of each part.
    operators: Vec<String>,
    predicate: Option<&'a str>,
}

impl<'a> Rival<'a> {
    fn of(schema: &Schema, table: &Table, number: usize, key: &'a UniqueKey) -> Self {
        let operator = |part: &KeyPart| {
            let column = part.column.as_ref().and_then(|name| table.column(name));
            match column {
                _ if key.nulls_not_distinct => "IS NOT DISTINCT FROM".to_owned(),
                Some(column) => Equality::of(schema, &column.data_type).operator(),
                None => Equality::of_expression(&part.expression).operator(),
            }
        };
        Self {
            number,
            parts: &key.parts,
            operators: key.parts.iter().map(operator).collect(),
            predicate: key.predicate.as_deref(),
        }
    }

    fn of_exclusion(number: usize, exclusion: &'a Exclusion) -> Self {
        Self {
            number,
            parts: &exclusion.parts,
            operators: exclusion.operators.clone(),
            predicate: exclusion.predicate.as_deref(),
        }
    }

    /// Names of the candidate's parts and of whether the predicate binds it.
    fn part(&self, table: &Table, index: usize) -> String {
        free_name(table, &format!("part {} {index}", self.number))
    }

    fn binds(&self, table: &Table) -> String {
        free_name(table, &format!("binds {}", self.number))
    }
}

fn rivals<'a>(schema: &'a Schema, table: &'a Table) -> impl Iterator<Item = Rival<'a>> {
    let keys = table.keys.iter().enumerate();
    let keys = keys.map(move |(number, key)| Rival::of(schema, table, number, key));
    let exclusions = table.exclusions.iter().enumerate();
    let offset = table.keys.len();
    keys.chain(exclusions.map(move |(number, one)| Rival::of_exclusion(offset + number, one)))
}

/// The subselect with the parts of every key computed over the candidates, so
/// that inside of a look-up their names mean the candidate and plain names the
/// row that is there.
fn with_parts(schema: &Schema, table: &Table, subselect: &str) -> String {
    let alias = quote(&table.name.name);
    let mut outputs = vec![format!("{alias}.*")];
    for rival in rivals(schema, table) {
        for (index, part) in rival.parts.iter().enumerate() {
            outputs.push(format!("({}) AS {}", part.expression, rival.part(table, index)));
        }
        if let Some(predicate) = rival.predicate {
            outputs.push(format!("(({predicate}) IS TRUE) AS {}", rival.binds(table)));
        }
    }
    format!("(SELECT {} FROM {subselect} AS {alias})", outputs.join(", "))
}

fn taken(table: &Table, rival: &Rival<'_>) -> String {
    let mut conditions: Vec<String> = rival
        .parts
        .iter()
        .zip(&rival.operators)
        .enumerate()
        .map(|(index, (part, operator))| {
            format!("({}) {operator} {}", part.expression, rival.part(table, index))
        })
        .collect();
    if let Some(predicate) = rival.predicate {
        conditions.push(rival.binds(table));
        conditions.push(format!("({predicate})"));
    }
    // The table under another name, so that nothing in it is the candidate's.
    format!(
        "SELECT FROM {} AS {} WHERE {}",
        table.own_rows(),
        free_name(table, "rival"),
        conditions.join(" AND ")
    )
}

/// A number for candidates that are equal under a key: the server compares, as
/// `dense_rank` has the key's own equality.
fn group(key: &UniqueKey) -> String {
    let parts: Vec<String> =
        key.parts.iter().map(|part| format!("({})", part.expression)).collect();
    let mut binds: Vec<String> = Vec::new();
    if !key.nulls_not_distinct {
        binds.extend(parts.iter().map(|part| format!("{part} IS NOT NULL")));
    }
    binds.extend(key.predicate.iter().map(|predicate| format!("({predicate}) IS TRUE")));
    let rank = format!("dense_rank() OVER (ORDER BY {})", parts.join(", "));
    if binds.is_empty() {
        return format!("{rank}::text");
    }
    format!("CASE WHEN {} THEN {rank}::text END", binds.join(" AND "))
}
