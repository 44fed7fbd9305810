//! The conditions of a table, read: what narrows its columns for good, what is
//! solved row by row, and what only the server can judge.

use seedbed_schema::{Base, Check, NamedType, Schema, Table, TypeRef, TypeShape, quote};

use crate::check::{
    Branch, CAST, Expression, Outcome, Row, Sort, Token, Unknown, branches, is_understood, narrow,
    parse, words,
};
use crate::column::Cell;
use crate::guises::{mentioned, origins};

/// A condition that is understood at least in part.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) name: String,
    /// As the server tells it.
    pub(crate) text: String,
    pub(crate) expression: Expression,
    /// Those it mentions.
    pub(crate) columns: Vec<usize>,
    /// It holds when all atoms of one of these do; with one of them alone and
    /// `settled` there is nothing to do row by row.
    pub(crate) branches: Vec<Branch>,
    /// Whether the columns' own demands say all of it.
    pub(crate) settled: bool,
    /// Whether rows can be evaluated against it.
    pub(crate) understood: bool,
}

/// More partitions are not looked at one by one.
const PARTITIONS: usize = 90;

/// A condition before it is read.
struct Source {
    check: Check,
    /// The column `VALUE` stands for.
    value: Option<usize>,
}

/// Reads all conditions; those that concern one column alone go into its demand.
pub(crate) fn read(
    schema: &Schema,
    table: &Table,
    cells: &mut [Cell],
) -> (Vec<Condition>, Vec<Check>) {
    let (mut conditions, mut judged) = (Vec::new(), Vec::new());
    for source in sources(schema, table) {
        let resolver = |name: &str| match source.value {
            Some(column) => (name == "value").then_some(column),
            None => table.columns.iter().position(|column| column.name == name),
        };
        // What a generated column holds is said of the columns it is made from.
        let origin = |column: usize| cells[column].generated.clone();
        let condition = parse(&source.check.expression, &resolver)
            .map(|expression| expression.replaced(&origin))
            .and_then(|expression| condition(&source.check, expression, cells));
        if !condition.as_ref().is_some_and(|condition| condition.understood) {
            judged.push(source.judged(table));
        }
        conditions.extend(condition);
    }
    (conditions, judged)
}

fn condition(check: &Check, expression: Expression, cells: &mut [Cell]) -> Option<Condition> {
    let row = Undecided(cells);
    let understood = is_understood(&expression, &row);
    let branches = branches(&expression, &row)?;
    let settled = match branches.as_slice() {
        [branch] => {
            // Each of them, also after one that says more.
            let settled: Vec<bool> = branch.iter().map(|atom| settle(atom, cells)).collect();
            settled.into_iter().all(|one| one)
        }
        _ => false,
    };
    let columns = expression.columns();
    let (name, text) = (check.name.clone(), check.expression.clone());
    Some(Condition { name, text, expression, columns, branches, settled, understood })
}

/// Puts an atom of one column into its demand; false if it says more.
fn settle(atom: &Expression, cells: &mut [Cell]) -> bool {
    let columns = atom.columns();
    let [column] = columns.as_slice() else { return false };
    let mut demand = cells[*column].demand.clone();
    let done = narrow(atom, *column, &Undecided(cells), &mut demand);
    if done {
        cells[*column].demand = demand;
    }
    // A value that the database or a parent gives is not made from a demand.
    done && cells[*column].generated.is_none()
}

fn sources(schema: &Schema, table: &Table) -> Vec<Source> {
    let mut found: Vec<Source> = table
        .checks
        .iter()
        .filter(|check| check.enforced)
        .map(|check| Source { check: check.clone(), value: None })
        .collect();
    for (index, column) in table.columns.iter().enumerate() {
        let checks = domain_checks(schema, &column.data_type);
        found.extend(checks.into_iter().map(|check| Source { check, value: Some(index) }));
    }
    found.extend(partitions(table).map(|check| Source { check, value: None }));
    found.extend(computed(table).map(|check| Source { check, value: None }));
    found.extend(casts(table).map(|check| Source { check, value: None }));
    found
}

/// Functions that have a value for all values, and types that hold every text.
const TOTAL: [&str; 18] = [
    "to_tsvector",
    "setweight",
    "coalesce",
    "lower",
    "upper",
    "initcap",
    "btrim",
    "md5",
    "length",
    "pg_catalog",
    "text",
    "character",
    "varying",
    "regconfig",
    "tsvector",
    "char",
    "english",
    "simple",
];

/// That no generated column is NULL which must not be.
fn computed(table: &Table) -> impl Iterator<Item = Check> {
    table.columns.iter().filter(|column| column.not_null).filter_map(|column| {
        let how = column.generated.as_ref()?;
        if is_total(table, &how.expression) {
            return None;
        }
        Some(Check {
            name: format!("{} not null", column.name),
            expression: format!("({}) IS NOT NULL", how.expression),
            columns: mentioned(table, &how.expression)
                .into_iter()
                .map(|at| table.columns[at].name.clone())
                .collect(),
            enforced: true,
        })
    })
}

/// Conditions of the domains a type is made over.
pub(crate) fn domain_checks(schema: &Schema, data_type: &TypeRef) -> Vec<Check> {
    let mut found = Vec::new();
    let mut data_type = data_type;
    // As many domains over each other as the recipe follows.
    for _ in 0..12 {
        let TypeShape::Named(name) = &data_type.shape else { break };
        let Some(NamedType::Domain { base, checks, .. }) = schema.named_type(name) else { break };
        found.extend(checks.iter().filter(|check| check.enforced).cloned());
        data_type = base;
    }
    found
}

/// That keys over expressions can be computed: a cast such as `code::int` raises
/// an error for most texts. What the server finds out with other values it is
/// asked before.
fn casts(table: &Table) -> impl Iterator<Item = Check> {
    let parts = table.keys.iter().flat_map(|key| key.parts.iter().map(move |part| (key, part)));
    parts.filter(|(_, part)| part.column.is_none() && can_fail(table, &part.expression)).map(
        |(key, part)| {
            // Whatever it is, if only it is.
            let is_computed = format!("(({}) IS NULL) IS NOT NULL", part.expression);
            let expression = match &key.predicate {
                Some(predicate) => {
                    format!("CASE WHEN ({predicate}) THEN {is_computed} ELSE true END")
                }
                None => is_computed,
            };
            let columns = mentioned(table, &expression).into_iter();
            let columns = columns.map(|at| table.columns[at].name.clone()).collect();
            Check { name: key.name.clone(), expression, columns, enforced: true }
        },
    )
}

/// Whether an expression casts to a type that does not hold every text.
fn can_fail(table: &Table, expression: &str) -> bool {
    let is_text = |at: &usize| {
        let base = |base: &Base| {
            matches!(
                base,
                Base::Text | Base::Varchar | Base::Bpchar | Base::Citext | Base::Json | Base::Jsonb
            )
        };
        matches!(&table.columns[*at].data_type.shape, TypeShape::Base(own) if base(own))
    };
    mentioned(table, expression).iter().any(is_text)
        && words(expression).is_some_and(|words| {
            words.windows(2).any(|pair| match (&pair[0].token, &pair[1].token) {
                (Token::Mark(CAST), Token::Word(name) | Token::Quoted(name)) => {
                    !TOTAL.contains(&name.as_str())
                        && name != "citext"
                        && table.column(name).is_none()
                }
                _ => false,
            })
        })
}

/// That some partition holds the row.
fn partitions(table: &Table) -> Option<Check> {
    if table.partitions.is_empty() {
        return None;
    }
    let holds: Vec<&str> = table
        .partitions
        .iter()
        .map(|partition| partition.holds.as_deref())
        .collect::<Option<Vec<_>>>()?;
    let each: Vec<String> =
        holds.iter().take(PARTITIONS).map(|condition| format!("({condition})")).collect();
    Some(Check {
        name: format!("partitions of {}", table.name),
        expression: each.join(" OR "),
        columns: table.partition_key.clone(),
        enforced: true,
    })
}

impl Source {
    /// As the server is asked: with the column in the place of `VALUE`, and
    /// with the columns that a generated one is made from in its place.
    fn judged(self, table: &Table) -> Check {
        let Some(column) = self.value else {
            let columns = origins(table, &self.check).into_iter();
            let columns = columns.map(|at| table.columns[at].name.clone()).collect();
            return Check { columns, ..self.check };
        };
        let name = &table.columns[column].name;
        let source = &self.check.expression;
        let mut expression = String::with_capacity(source.len());
        let mut done = 0;
        for placed in words(source).unwrap_or_default() {
            if placed.token == Token::Word("value".to_owned()) {
                expression.push_str(&source[done..placed.start]);
                expression.push_str(&quote(name));
                done = placed.end;
            }
        }
        expression.push_str(&source[done..]);
        Check { expression, columns: vec![name.clone()], ..self.check }
    }
}

/// Whether an expression, such as that of a search vector, has a value for every
/// row: it joins what functions that always have one make of columns that are
/// never NULL.
#[must_use]
pub fn is_total(table: &Table, expression: &str) -> bool {
    let is_known = |name: &String| match table.column(name) {
        Some(column) => column.not_null && column.generated.is_none(),
        None => TOTAL.contains(&name.as_str()),
    };
    words(expression).is_some_and(|words| {
        words.iter().all(|placed| match &placed.token {
            Token::Word(name) | Token::Quoted(name) => is_known(name),
            Token::Operator(operator) => operator == "||",
            Token::Text(_) => true,
            Token::Mark(mark) => matches!(mark, '(' | ')' | ',' | '.' | &CAST),
            Token::Number(_) => false,
        })
    })
}

/// A row of which nothing is decided.
pub(crate) struct Undecided<'a>(pub(crate) &'a [Cell]);

impl Row for Undecided<'_> {
    fn value(&self, _: usize) -> Outcome {
        Err(Unknown)
    }

    fn sort(&self, column: usize) -> &Sort {
        &self.0[column].sort
    }

    fn is_now(&self, _: usize) -> bool {
        false
    }
}
