//! Constants: types by name, and texts as values of them.

use super::expression::{Expression, Sort, Value};
use crate::decimal::Decimal;
use crate::moment::{self, Span};

/// What a type of this name is to a condition.
pub(crate) fn sort(name: &str) -> Sort {
    match name {
        "boolean" | "bool" => Sort::Bool,
        "smallint" | "integer" | "bigint" | "int2" | "int4" | "int8" | "oid" => Sort::Number(true),
        "numeric" | "decimal" => Sort::Number(false),
        "real" | "double precision" | "float4" | "float8" => Sort::Float,
        "text" | "character varying" | "varchar" | "name" => Sort::Text,
        "character" | "bpchar" | "char" => Sort::Padded,
        "citext" => Sort::Citext,
        "date" => Sort::Date,
        "time" | "time with time zone" => Sort::Time,
        "timestamp" => Sort::Timestamp,
        "timestamp with time zone" => Sort::Timestamptz,
        "interval" => Sort::Span,
        "json" | "jsonb" => Sort::Json,
        "bytea" => Sort::Bytes,
        _ => Sort::Opaque,
    }
}

/// A text in the server's input syntax as a value of a sort.
pub(crate) fn read(text: &str, sort: &Sort) -> Option<Value> {
    Some(match sort {
        Sort::Bool => Value::Bool(boolean(text)?),
        Sort::Number(_) | Sort::Float => Value::Number(Decimal::parse(text)?),
        Sort::Padded => Value::Text(text.trim_end_matches(' ').to_owned()),
        Sort::Text | Sort::Citext | Sort::Json | Sort::Bytes | Sort::Opaque => {
            Value::Text(text.to_owned())
        }
        Sort::Date => {
            let micros = moment::parse(text)?;
            Value::Moment(micros - micros.rem_euclid(moment::DAY))
        }
        Sort::Time | Sort::Timestamptz => Value::Moment(moment::parse(text)?),
        Sort::Timestamp => {
            // The server ignores an offset here, so it must not be added.
            let end = text.find(['+', 'Z']).unwrap_or(text.len());
            Value::Moment(moment::parse(&text[..end])?)
        }
        Sort::Span => Value::Span(Span::parse(text)?),
        Sort::Array(element) => Value::Array(
            array(text)?
                .into_iter()
                .map(|text| match text {
                    Some(text) => read(&text, element).map(Some),
                    None => Some(None),
                })
                .collect::<Option<Vec<_>>>()?,
        ),
    })
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The elements of a one-dimensional array literal.
pub(crate) fn array(text: &str) -> Option<Vec<Option<String>>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut found = Vec::new();
    if inner.trim().is_empty() {
        return Some(found);
    }
    let mut chars = inner.chars();
    loop {
        let (mut element, mut quoted, mut within) = (String::new(), false, false);
        let end = loop {
            match chars.next() {
                None if within => return None,
                None => break true,
                Some('\\') => element.push(chars.next()?),
                Some('"') => {
                    quoted = true;
                    within = !within;
                }
                Some(',') if !within => break false,
                Some('{' | '}') if !within => return None,
                Some(c) => element.push(c),
            }
        };
        found.push(if quoted {
            Some(element)
        } else {
            let element = element.trim().to_owned();
            (!element.eq_ignore_ascii_case("null")).then_some(element)
        });
        if end {
            return Some(found);
        }
    }
}

/// A cast, done at once where it is of a constant.
pub(crate) fn cast(inner: Expression, sort: Sort) -> Expression {
    match inner {
        Expression::Null => Expression::Null,
        Expression::Constant(Value::Text(text), from) => match read(&text, &sort) {
            // A constant that cannot be read stays a cast, which nothing
            // evaluates.
            None => Expression::Cast(Box::new(Expression::Constant(Value::Text(text), from)), sort),
            Some(value) => Expression::Constant(value, sort),
        },
        Expression::Constant(Value::Number(number), _)
            if matches!(sort, Sort::Number(false) | Sort::Float) =>
        {
            Expression::Constant(Value::Number(number), sort)
        }
        Expression::Constant(Value::Number(number), _)
            if sort == Sort::Number(true) && number.is_whole() =>
        {
            Expression::Constant(Value::Number(number), sort)
        }
        other => Expression::Cast(Box::new(other), sort),
    }
}

/// A sum of conditions cast to integer as a count of those that hold, if each
/// of them is never NULL.
pub(crate) fn count(sum: Expression) -> Expression {
    let mut parts = Vec::new();
    if conditions(&sum, &mut parts) && !parts.is_empty() {
        return Expression::Count(parts);
    }
    sum
}

fn conditions(sum: &Expression, parts: &mut Vec<Expression>) -> bool {
    use super::expression::Operation::Plus;
    match sum {
        Expression::Arithmetic(Plus, a, b) => conditions(a, parts) && conditions(b, parts),
        Expression::Cast(inner, Sort::Number(true)) if is_definite(inner) => {
            parts.push((**inner).clone());
            true
        }
        Expression::Case(arms, otherwise) => match (arms.as_slice(), otherwise.as_ref()) {
            ([(condition, then)], otherwise)
                if is_definite(condition) && is_number(then, 1) && is_number(otherwise, 0) =>
            {
                parts.push(condition.clone());
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn is_number(expression: &Expression, wanted: i64) -> bool {
    matches!(expression, Expression::Constant(Value::Number(number), _)
        if *number == Decimal::integer(wanted))
}

/// Whether a condition is never NULL.
pub(crate) fn is_definite(condition: &Expression) -> bool {
    match condition {
        Expression::IsNull(_) | Expression::Is(..) | Expression::Distinct(..) => true,
        Expression::Not(inner) => is_definite(inner),
        Expression::And(parts) | Expression::Or(parts) => parts.iter().all(is_definite),
        _ => false,
    }
}
