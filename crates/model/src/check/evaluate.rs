//! Evaluates a condition over a row as the server would, three-valued. What
//! only the server knows (its locale, its functions) is [`Unknown`], never
//! guessed.

use std::cmp::Ordering;

use super::constant;
use super::expression::{Comparison, Expression, Matching, Operation, Sort, Value};
use super::functions;
use crate::decimal::Decimal;
use crate::moment;
use crate::pattern::Pattern;

/// Only the server knows, or a column's value is not decided yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

/// A value, NULL, or not known.
pub(crate) type Outcome = Result<Option<Value>, Unknown>;

/// The row a condition is evaluated over.
pub(crate) trait Row {
    /// The value of a column.
    fn value(&self, column: usize) -> Outcome;
    /// What its type is to a condition.
    fn sort(&self, column: usize) -> &Sort;
    /// Whether the database gives it the time of the insert.
    fn is_now(&self, column: usize) -> bool;
}

/// Between these `now()` lies, whenever that is; what is generated as past is
/// before the first, far future is after the second.
pub(crate) const NOW: (i64, i64) = (1_704_067_200_000_000, 3_786_912_000_000_000);

/// Whether the condition holds; NULL is no objection to a CHECK.
pub(crate) fn holds(condition: &Expression, row: &impl Row) -> Result<Option<bool>, Unknown> {
    match value(condition, row)? {
        None => Ok(None),
        Some(Value::Bool(held)) => Ok(Some(held)),
        Some(_) => Err(Unknown),
    }
}

/// The value of an expression.
pub(crate) fn value(expression: &Expression, row: &impl Row) -> Outcome {
    let bool = |held: bool| Ok(Some(Value::Bool(held)));
    match expression {
        Expression::Column(column) => row.value(*column),
        Expression::Constant(value, _) => Ok(Some(value.clone())),
        Expression::Null => Ok(None),
        Expression::Now(_) => Err(Unknown),
        Expression::And(parts) => connective(parts, row, false),
        Expression::Or(parts) => connective(parts, row, true),
        Expression::Not(inner) => Ok(holds(inner, row)?.map(|held| Value::Bool(!held))),
        Expression::IsNull(inner) => bool(value(inner, row)?.is_none()),
        Expression::Is(inner, wanted) => bool(holds(inner, row)? == Some(*wanted)),
        Expression::Compare(comparison, a, b) => {
            if let Some(held) = against_now(*comparison, a, b, row) {
                return held;
            }
            compared(*comparison, a, b, row)
        }
        Expression::Distinct(a, b) => match (value(a, row)?, value(b, row)?) {
            (None, None) => bool(false),
            (Some(_), Some(_)) => compared(Comparison::Unequal, a, b, row),
            _ => bool(true),
        },
        Expression::In(subject, elements) => {
            let each: Vec<Expression> = elements
                .iter()
                .map(|element| {
                    Expression::Compare(
                        Comparison::Equal,
                        subject.clone(),
                        Box::new(element.clone()),
                    )
                })
                .collect();
            connective(&each, row, true)
        }
        Expression::Contained(subject, elements) => contained(subject, elements, row),
        Expression::Match(subject, pattern, how, insensitive) => {
            matched(subject, pattern, (*how, *insensitive), row)
        }
        Expression::Arithmetic(operation, a, b) => {
            let whole = is_whole(a, row) && is_whole(b, row);
            match (value(a, row)?, value(b, row)?) {
                (Some(a), Some(b)) => arithmetic(*operation, &a, &b, whole).map(Some),
                _ => Ok(None),
            }
        }
        Expression::Negative(inner) => Ok(match value(inner, row)? {
            Some(Value::Number(number)) => Some(Value::Number(number.negated())),
            Some(_) => return Err(Unknown),
            None => None,
        }),
        Expression::Cast(inner, sort) => cast(inner, sort, row),
        Expression::Call(name, arguments) => functions::call(name, arguments, row),
        Expression::Case(arms, otherwise) => {
            for (condition, then) in arms {
                if holds(condition, row)? == Some(true) {
                    return value(then, row);
                }
            }
            value(otherwise, row)
        }
        Expression::Count(conditions) => {
            let mut count = 0;
            for condition in conditions {
                count += i64::from(holds(condition, row)? == Some(true));
            }
            Ok(Some(Value::Number(Decimal::integer(count))))
        }
        Expression::Array(elements) => {
            let values = elements.iter().map(|element| value(element, row));
            Ok(Some(Value::Array(values.collect::<Result<_, _>>()?)))
        }
    }
}

/// `AND` (`deciding` false) and `OR` (`deciding` true).
fn connective(parts: &[Expression], row: &impl Row, deciding: bool) -> Outcome {
    let (mut unknown, mut null) = (false, false);
    for part in parts {
        match holds(part, row) {
            Ok(Some(held)) if held == deciding => return Ok(Some(Value::Bool(deciding))),
            Ok(Some(_)) => {}
            Ok(None) => null = true,
            Err(Unknown) => unknown = true,
        }
    }
    match (unknown, null) {
        (true, _) => Err(Unknown),
        (_, true) => Ok(None),
        _ => Ok(Some(Value::Bool(!deciding))),
    }
}

/// What an expression's values are.
pub(crate) fn sort_of(expression: &Expression, row: &impl Row) -> Option<Sort> {
    Some(match expression {
        Expression::Column(column) => row.sort(*column).clone(),
        Expression::Constant(_, sort) | Expression::Cast(_, sort) | Expression::Now(sort) => {
            sort.clone()
        }
        Expression::Arithmetic(_, a, b) => match (sort_of(a, row)?, sort_of(b, row)?) {
            (Sort::Number(a), Sort::Number(b)) => Sort::Number(a && b),
            (Sort::Date, Sort::Number(_)) => Sort::Date,
            (Sort::Date, Sort::Date) => Sort::Number(true),
            (Sort::Date, Sort::Span) => Sort::Timestamp,
            (a, Sort::Span) if a.is_moment() => a,
            (Sort::Float, _) | (_, Sort::Float) => Sort::Float,
            (a, b) if a.is_moment() && b.is_moment() => Sort::Span,
            _ => return None,
        },
        Expression::Negative(inner) => sort_of(inner, row)?,
        Expression::Count(_) => Sort::Number(true),
        Expression::Call(name, arguments) => functions::sort(name, arguments, row)?,
        Expression::Array(elements) => {
            Sort::Array(Box::new(elements.first().and_then(|element| sort_of(element, row))?))
        }
        Expression::Case(arms, otherwise) => arms
            .first()
            .and_then(|(_, then)| sort_of(then, row))
            .or_else(|| sort_of(otherwise, row))?,
        Expression::Null => return None,
        _ => Sort::Bool,
    })
}

fn is_whole(expression: &Expression, row: &impl Row) -> bool {
    sort_of(expression, row) == Some(Sort::Number(true))
}

/// Comparisons with `now()`: decided where the other side is before or after
/// any time at which this may run.
fn against_now(
    comparison: Comparison,
    a: &Expression,
    b: &Expression,
    row: &impl Row,
) -> Option<Outcome> {
    let (comparison, other, shift) = match (now(a, row), now(b, row)) {
        (None, Some(shift)) => (comparison, a, shift),
        (Some(shift), None) => (comparison.mirrored(), b, shift),
        (Some(left), Some(right)) => {
            return Some(Ok(Some(Value::Bool(comparison.holds(left.cmp(&right))))));
        }
        (None, None) => return None,
    };
    Some(match value(other, row) {
        Ok(Some(Value::Moment(at))) if at <= NOW.0.saturating_add(shift) => {
            Ok(Some(Value::Bool(comparison.holds(Ordering::Less))))
        }
        Ok(Some(Value::Moment(at))) if at >= NOW.1.saturating_add(shift) => {
            Ok(Some(Value::Bool(comparison.holds(Ordering::Greater))))
        }
        Ok(Some(_)) | Err(Unknown) => Err(Unknown),
        Ok(None) => Ok(None),
    })
}

/// How far from now an expression is, if it is `now()` or an offset from it.
pub(crate) fn now(expression: &Expression, row: &impl Row) -> Option<i64> {
    match expression {
        Expression::Now(_) => Some(0),
        Expression::Column(column) if row.is_now(*column) => Some(0),
        Expression::Cast(inner, sort) if sort.is_moment() && *sort != Sort::Time => now(inner, row),
        Expression::Arithmetic(operation, a, b) => {
            let shift = match value(b, row) {
                Ok(Some(Value::Span(span))) => span.length(),
                Ok(Some(Value::Number(days))) => days.to_i64(false).checked_mul(moment::DAY)?,
                _ => return None,
            };
            match operation {
                Operation::Plus => now(a, row)?.checked_add(shift),
                Operation::Minus => now(a, row)?.checked_sub(shift),
                _ => None,
            }
        }
        _ => None,
    }
}

fn compared(comparison: Comparison, a: &Expression, b: &Expression, row: &impl Row) -> Outcome {
    let (Some(left), Some(right)) = (value(a, row)?, value(b, row)?) else {
        return Ok(None);
    };
    let equality = matches!(comparison, Comparison::Equal | Comparison::Unequal);
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.cmp(&b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(&b),
        (Value::Moment(a), Value::Moment(b)) => a.cmp(&b),
        (Value::Span(a), Value::Span(b)) => a.length().cmp(&b.length()),
        (Value::Text(left), Value::Text(right)) if equality => {
            same_text(&left, &right, (sort_of(a, row).as_ref(), sort_of(b, row).as_ref()))?
        }
        // What a constant without a type is, the other side says.
        (Value::Text(text), other) => retyped(&text, &other, sort_of(b, row))?,
        (other, Value::Text(text)) => retyped(&text, &other, sort_of(a, row))?.reverse(),
        (Value::Array(a), Value::Array(b)) if equality => {
            if a == b {
                Ordering::Equal
            } else {
                Ordering::Less
            }
        }
        _ => return Err(Unknown),
    };
    Ok(Some(Value::Bool(comparison.holds(order))))
}

fn retyped(text: &str, other: &Value, sort: Option<Sort>) -> Result<Ordering, Unknown> {
    let read = constant::read(text, &sort.ok_or(Unknown)?).ok_or(Unknown)?;
    match (read, other) {
        (Value::Number(a), Value::Number(b)) => Ok(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Ok(a.cmp(b)),
        (Value::Moment(a), Value::Moment(b)) => Ok(a.cmp(b)),
        (Value::Span(a), Value::Span(b)) => Ok(a.length().cmp(&b.length())),
        _ => Err(Unknown),
    }
}

fn same_text(
    a: &str,
    b: &str,
    (left, right): (Option<&Sort>, Option<&Sort>),
) -> Result<Ordering, Unknown> {
    let is = |wanted: &Sort| left == Some(wanted) || right == Some(wanted);
    let same = if is(&Sort::Citext) {
        if !a.is_ascii() || !b.is_ascii() {
            return Err(Unknown);
        }
        a.eq_ignore_ascii_case(b)
    } else if is(&Sort::Padded) {
        a.trim_end_matches(' ') == b.trim_end_matches(' ')
    } else if is(&Sort::Json) {
        if a == b { true } else { return Err(Unknown) }
    } else {
        a == b
    };
    Ok(if same { Ordering::Equal } else { Ordering::Less })
}

fn contained(subject: &Expression, elements: &[Expression], row: &impl Row) -> Outcome {
    let Some(subject) = value(subject, row)? else { return Ok(None) };
    let Value::Array(held) = subject else { return Err(Unknown) };
    let allowed: Vec<Option<Value>> =
        elements.iter().map(|element| value(element, row)).collect::<Result<_, _>>()?;
    // NULL is contained in nothing.
    Ok(Some(Value::Bool(held.iter().all(|one| one.is_some() && allowed.contains(one)))))
}

fn matched(
    subject: &Expression,
    pattern: &str,
    (how, insensitive): (Matching, bool),
    row: &impl Row,
) -> Outcome {
    let text = match value(subject, row)? {
        None => return Ok(None),
        Some(Value::Text(text)) => text,
        Some(_) => return Err(Unknown),
    };
    let insensitive = insensitive || sort_of(subject, row) == Some(Sort::Citext);
    let pattern = compiled(pattern, how, insensitive).ok_or(Unknown)?;
    pattern.matches(&text).map(|held| Some(Value::Bool(held))).ok_or(Unknown)
}

/// The pattern of a [`Expression::Match`].
pub(crate) fn compiled(pattern: &str, how: Matching, insensitive: bool) -> Option<Pattern> {
    match how {
        Matching::Regex => Pattern::regex(pattern, insensitive),
        Matching::Like => Pattern::like(pattern, insensitive),
        Matching::Similar => Pattern::similar(pattern),
    }
}

/// The result of arithmetic.
pub(crate) fn arithmetic(
    operation: Operation,
    a: &Value,
    b: &Value,
    whole: bool,
) -> Result<Value, Unknown> {
    let result = match (operation, a, b) {
        (Operation::Plus, Value::Number(a), Value::Number(b)) => a.plus(*b).map(Value::Number),
        (Operation::Minus, Value::Number(a), Value::Number(b)) => a.minus(*b).map(Value::Number),
        (Operation::Times, Value::Number(a), Value::Number(b)) => a.times(*b).map(Value::Number),
        (Operation::Over, Value::Number(a), Value::Number(b)) if whole => {
            a.whole_over(*b).map(Value::Number)
        }
        (Operation::Over, Value::Number(a), Value::Number(b)) => a.over(*b).map(Value::Number),
        (Operation::Modulo, Value::Number(a), Value::Number(b)) => a.modulo(*b).map(Value::Number),
        (Operation::Plus, Value::Moment(at), Value::Span(span))
        | (Operation::Plus, Value::Span(span), Value::Moment(at)) => {
            span.after(*at).map(Value::Moment)
        }
        (Operation::Minus, Value::Moment(at), Value::Span(span)) => {
            span.negated().after(*at).map(Value::Moment)
        }
        // A date and a number of days.
        (Operation::Plus, Value::Moment(at), Value::Number(days))
        | (Operation::Plus, Value::Number(days), Value::Moment(at)) => {
            shifted(*at, days.to_i64(false))
        }
        (Operation::Minus, Value::Moment(at), Value::Number(days)) => {
            shifted(*at, -days.to_i64(false))
        }
        _ => None,
    };
    result.ok_or(Unknown)
}

fn shifted(at: i64, days: i64) -> Option<Value> {
    at.checked_add(days.checked_mul(moment::DAY)?).map(Value::Moment)
}

fn cast(inner: &Expression, sort: &Sort, row: &impl Row) -> Outcome {
    let Some(inner_value) = value(inner, row)? else { return Ok(None) };
    let same = sort_of(inner, row).ok_or(Unknown)?;
    Ok(Some(match (inner_value, sort) {
        (held, sort) if same == *sort => held,
        (Value::Number(number), Sort::Number(false) | Sort::Float) => Value::Number(number),
        (Value::Number(number), Sort::Number(true)) if number.is_whole() => Value::Number(number),
        (Value::Bool(held), Sort::Number(true)) => Value::Number(Decimal::integer(i64::from(held))),
        (Value::Text(text), Sort::Text | Sort::Citext | Sort::Padded) if same != Sort::Json => {
            Value::Text(text)
        }
        (Value::Moment(at), Sort::Date) if same != Sort::Timestamptz => {
            Value::Moment(at - at.rem_euclid(moment::DAY))
        }
        (Value::Moment(at), Sort::Timestamp) if same == Sort::Date => Value::Moment(at),
        (Value::Array(values), Sort::Array(element))
            if element.is_text() && matches!(&same, Sort::Array(from) if from.is_text()) =>
        {
            Value::Array(values)
        }
        _ => return Err(Unknown),
    }))
}

/// Whether every part of a condition is understood, so that it is evaluated as
/// the server would for any row.
pub(crate) fn is_understood(expression: &Expression, row: &impl Row) -> bool {
    let all = |parts: &[Expression]| parts.iter().all(|part| is_understood(part, row));
    match expression {
        Expression::Column(_) | Expression::Null | Expression::Constant(..) => true,
        Expression::Now(_) => false,
        Expression::And(parts) | Expression::Or(parts) | Expression::Count(parts) => all(parts),
        Expression::Not(inner) | Expression::Is(inner, _) | Expression::IsNull(inner) => {
            is_understood(inner, row)
        }
        Expression::Compare(comparison, a, b) => {
            let equality = matches!(comparison, Comparison::Equal | Comparison::Unequal);
            comparable((a, b), equality, row)
        }
        Expression::Distinct(a, b) => comparable((a, b), true, row),
        Expression::In(subject, elements) => {
            elements.iter().all(|element| comparable((subject, element), true, row))
        }
        Expression::Contained(subject, elements) => is_understood(subject, row) && all(elements),
        Expression::Match(subject, pattern, how, insensitive) => {
            is_understood(subject, row)
                && sort_of(subject, row).is_some_and(|sort| sort.is_text() && sort != Sort::Json)
                && compiled(pattern, *how, *insensitive).is_some()
        }
        Expression::Arithmetic(operation, a, b) => {
            is_understood(a, row)
                && is_understood(b, row)
                && sort_of(expression, row).is_some_and(|sort| sort != Sort::Span)
                // Dates differ by days, timestamps by spans; quotients round.
                && !(sort_of(a, row).is_some_and(|sort| sort.is_moment())
                    && sort_of(b, row).is_some_and(|sort| sort.is_moment()))
                && (*operation != Operation::Over || (is_whole(a, row) && is_whole(b, row)))
        }
        Expression::Negative(inner) => {
            is_understood(inner, row) && sort_of(inner, row) != Some(Sort::Span)
        }
        Expression::Cast(inner, sort) => {
            // Not every text is a document or a value of another type; what the
            // catalogue says is.
            let raises = matches!(sort, Sort::Json | Sort::Opaque)
                && !matches!(**inner, Expression::Constant(..) | Expression::Array(_));
            is_understood(inner, row)
                && sort_of(inner, row)
                    .is_some_and(|from| castable(&from, sort) && (!raises || from == *sort))
        }
        Expression::Call(name, arguments) => {
            all(arguments) && functions::sort(name, arguments, row).is_some()
        }
        Expression::Case(arms, otherwise) => {
            arms.iter().all(|(a, b)| is_understood(a, row) && is_understood(b, row))
                && is_understood(otherwise, row)
        }
        Expression::Array(elements) => all(elements),
    }
}

fn castable(from: &Sort, to: &Sort) -> bool {
    from == to
        || matches!(
            (from, to),
            (Sort::Number(_), Sort::Number(false) | Sort::Float)
                | (Sort::Bool, Sort::Number(true))
                | (Sort::Date, Sort::Timestamp)
                | (Sort::Timestamp, Sort::Date)
        )
        || (from.is_text() && *from != Sort::Json && to.is_text())
        || matches!((from, to), (Sort::Array(a), Sort::Array(b)) if a.is_text() && b.is_text())
}

fn comparable((a, b): (&Expression, &Expression), equality: bool, row: &impl Row) -> bool {
    // What is past or far future compares with now as generated; what a person
    // passes may not, which only the server knows.
    if now(a, row).is_some() || now(b, row).is_some() {
        let other = if now(a, row).is_some() { b } else { a };
        return !equality && (is_understood(other, row) || now(other, row).is_some());
    }
    if !is_understood(a, row) || !is_understood(b, row) {
        return false;
    }
    match (sort_of(a, row), sort_of(b, row)) {
        // NULL is known.
        (None, _) | (_, None) => *a == Expression::Null || *b == Expression::Null,
        (Some(Sort::Json), _) | (_, Some(Sort::Json)) => false,
        (Some(a), Some(b)) if equality => {
            a == b
                || (a.is_text() && b.is_text())
                || (is_numeric(&a) && is_numeric(&b))
                || (a.is_moment() && b.is_moment())
        }
        (Some(a), Some(b)) => {
            (is_numeric(&a) && is_numeric(&b))
                || (a.is_moment() && b.is_moment())
                || (a == Sort::Span && b == Sort::Span)
        }
    }
}

const fn is_numeric(sort: &Sort) -> bool {
    matches!(sort, Sort::Number(_) | Sort::Float)
}
