//! A condition as alternatives: it holds when all atoms of one of them do.

use super::evaluate::Row;
use super::expression::{Comparison, Expression, Sort, Value};
use crate::decimal::Decimal;

/// More alternatives are not looked at.
const MOST: usize = 96;

/// Conditions without AND, OR or CASE that must hold together.
pub(crate) type Branch = Vec<Expression>;

/// The alternatives; nothing if there are too many.
pub(crate) fn branches(condition: &Expression, row: &impl Row) -> Option<Vec<Branch>> {
    let mut found = split(condition, false, row)?;
    merge_choices(&mut found);
    Some(found)
}

fn split(condition: &Expression, negated: bool, row: &impl Row) -> Option<Vec<Branch>> {
    match condition {
        Expression::Not(inner) => split(inner, !negated, row),
        Expression::And(parts) if !negated => product(parts, negated, row),
        Expression::Or(parts) if negated => product(parts, negated, row),
        Expression::And(parts) | Expression::Or(parts) => {
            let mut found = Vec::new();
            for part in parts {
                found.extend(split(part, negated, row)?);
            }
            merge_choices(&mut found);
            bounded(found)
        }
        Expression::Constant(Value::Bool(held), _) => {
            Some(if *held == negated { vec![] } else { vec![vec![]] })
        }
        // NULL is no objection.
        Expression::Null => Some(vec![vec![]]),
        Expression::Column(_) => Some(vec![vec![is(condition.clone(), !negated)]]),
        Expression::Is(inner, wanted) if !negated => {
            let mut found = split(inner, !wanted, row)?;
            found.iter_mut().for_each(|branch| branch.push(condition.clone()));
            Some(found)
        }
        Expression::Case(arms, otherwise) => case(arms, otherwise, negated, row),
        Expression::Compare(comparison, a, b) => compare(*comparison, a, b, negated, row),
        other => Some(vec![vec![literal(other.clone(), negated)]]),
    }
}

fn is(column: Expression, held: bool) -> Expression {
    let constant = Expression::Constant(Value::Bool(held), Sort::Bool);
    Expression::Compare(Comparison::Equal, Box::new(column), Box::new(constant))
}

fn literal(atom: Expression, negated: bool) -> Expression {
    match (atom, negated) {
        (atom, false) => atom,
        (Expression::Compare(comparison, a, b), true) => {
            Expression::Compare(comparison.opposite(), a, b)
        }
        (atom, true) => Expression::Not(Box::new(atom)),
    }
}

fn bounded(found: Vec<Branch>) -> Option<Vec<Branch>> {
    (found.len() <= MOST).then_some(found)
}

fn product(parts: &[Expression], negated: bool, row: &impl Row) -> Option<Vec<Branch>> {
    let mut found: Vec<Branch> = vec![vec![]];
    for part in parts {
        found = join(&found, &split(part, negated, row)?)?;
    }
    Some(found)
}

fn join(left: &[Branch], right: &[Branch]) -> Option<Vec<Branch>> {
    if left.len().saturating_mul(right.len()) > MOST {
        return None;
    }
    Some(left.iter().flat_map(|a| right.iter().map(|b| [a.clone(), b.clone()].concat())).collect())
}

/// The first arm whose condition holds decides.
fn case(
    arms: &[(Expression, Expression)],
    otherwise: &Expression,
    negated: bool,
    row: &impl Row,
) -> Option<Vec<Branch>> {
    let mut found = Vec::new();
    let mut before: Vec<Branch> = vec![vec![]];
    for (condition, then) in arms {
        let taken = join(&before, &split(condition, false, row)?)?;
        found.extend(join(&taken, &split(then, negated, row)?)?);
        before = join(&before, &split(condition, true, row)?)?;
    }
    found.extend(join(&before, &split(otherwise, negated, row)?)?);
    bounded(found)
}

fn compare(
    comparison: Comparison,
    a: &Expression,
    b: &Expression,
    negated: bool,
    row: &impl Row,
) -> Option<Vec<Branch>> {
    let comparison = if negated { comparison.opposite() } else { comparison };
    if let (Expression::Count(conditions), Expression::Constant(Value::Number(wanted), _)) = (a, b)
    {
        return counted(conditions, comparison, *wanted, row);
    }
    if let Some(each) = every_argument(comparison, a, b) {
        return product(&each, false, row);
    }
    let equal = match comparison {
        Comparison::Equal => Some(true),
        Comparison::Unequal => Some(false),
        _ => None,
    };
    if let Some(equal) = equal
        && (is_condition(a) || is_condition(b))
    {
        let mut found = join(&split(a, false, row)?, &split(b, !equal, row)?)?;
        found.extend(join(&split(a, true, row)?, &split(b, equal, row)?)?);
        return bounded(found);
    }
    Some(vec![vec![Expression::Compare(comparison, Box::new(a.clone()), Box::new(b.clone()))]])
}

/// `greatest(a, b) < c` is `a < c AND b < c`; so is `least(a, b) > c`.
fn every_argument(
    comparison: Comparison,
    a: &Expression,
    b: &Expression,
) -> Option<Vec<Expression>> {
    let wanted = match comparison {
        Comparison::Less | Comparison::LessEqual => "greatest",
        Comparison::Greater | Comparison::GreaterEqual => "least",
        _ => return None,
    };
    let Expression::Call(name, arguments) = a else { return None };
    (name == wanted).then(|| {
        let compare = |argument: &Expression| {
            Expression::Compare(comparison, Box::new(argument.clone()), Box::new(b.clone()))
        };
        arguments.iter().map(compare).collect()
    })
}

/// Whether it is a condition rather than a value.
fn is_condition(expression: &Expression) -> bool {
    matches!(
        expression,
        Expression::And(_)
            | Expression::Or(_)
            | Expression::Not(_)
            | Expression::IsNull(_)
            | Expression::Is(..)
            | Expression::Compare(..)
            | Expression::Distinct(..)
            | Expression::In(..)
            | Expression::Match(..)
    )
}

/// So many of the conditions hold: those with the fewest first.
fn counted(
    conditions: &[Expression],
    comparison: Comparison,
    wanted: Decimal,
    row: &impl Row,
) -> Option<Vec<Branch>> {
    if conditions.len() > 10 {
        return None;
    }
    let mut masks: Vec<u32> = (0..1_u32 << conditions.len())
        .filter(|mask| {
            comparison.holds(Decimal::integer(i64::from(mask.count_ones())).cmp(&wanted))
        })
        .collect();
    masks.sort_by_key(|mask| (mask.count_ones(), *mask));
    masks.truncate(MOST);
    let mut found = Vec::new();
    for mask in masks {
        let mut branch: Vec<Branch> = vec![vec![]];
        for (index, condition) in conditions.iter().enumerate() {
            branch = join(&branch, &split(condition, mask >> index & 1 == 0, row)?)?;
        }
        found.extend(branch);
        if found.len() >= MOST {
            break;
        }
    }
    found.truncate(MOST);
    Some(found)
}

/// `x = 1 OR x = 2` is one choice, not two alternatives.
fn merge_choices(branches: &mut Vec<Branch>) {
    let mut merged: Vec<Branch> = Vec::with_capacity(branches.len());
    for branch in branches.drain(..) {
        let same = choice(&branch).and_then(|(subject, values)| {
            let earlier = merged.iter_mut().find_map(|earlier| {
                let (held, known) = choice(earlier)?;
                (held == subject).then_some((earlier, known))
            });
            earlier.map(|(earlier, mut known)| {
                known.extend(values);
                *earlier = vec![Expression::In(Box::new(subject), known)];
            })
        });
        if same.is_none() {
            merged.push(branch);
        }
    }
    *branches = merged;
}

fn choice(branch: &[Expression]) -> Option<(Expression, Vec<Expression>)> {
    match branch {
        [Expression::In(subject, values)] => Some(((**subject).clone(), values.clone())),
        [Expression::Compare(Comparison::Equal, subject, value)]
            if matches!(**value, Expression::Constant(..)) =>
        {
            Some(((**subject).clone(), vec![(**value).clone()]))
        }
        _ => None,
    }
}
