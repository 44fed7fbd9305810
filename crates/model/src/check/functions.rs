//! The server's functions that conditions commonly call.

use super::evaluate::{Outcome, Row, Unknown, sort_of, value};
use super::expression::{Expression, Sort, Value};
use crate::decimal::Decimal;
use crate::moment;

/// What a function's values are; nothing for a function not known here.
pub(super) fn sort(name: &str, arguments: &[Expression], row: &impl Row) -> Option<Sort> {
    Some(match (name, arguments.len()) {
        ("length" | "octet_length" | "array_length" | "cardinality" | "array_ndims", _) => {
            Sort::Number(true)
        }
        ("date_part", 2) => Sort::Number(false),
        ("lower" | "upper" | "btrim" | "ltrim" | "rtrim" | "left" | "right" | "substr", _)
        | ("jsonb_typeof" | "json_typeof" | "operator ||", _) => Sort::Text,
        ("abs" | "round" | "trunc" | "floor" | "ceil" | "ceiling" | "nullif", _) => {
            sort_of(arguments.first()?, row)?
        }
        ("mod", 2) => Sort::Number(true),
        ("coalesce" | "greatest" | "least", _) => {
            arguments.iter().find_map(|argument| sort_of(argument, row))?
        }
        ("starts_with" | "operator ^@" | "isfinite", _) => Sort::Bool,
        _ => return None,
    })
}

/// The value of a call.
pub(super) fn call(name: &str, arguments: &[Expression], row: &impl Row) -> Outcome {
    match name {
        "coalesce" => {
            for argument in arguments {
                if let Some(found) = value(argument, row)? {
                    return Ok(Some(found));
                }
            }
            return Ok(None);
        }
        "greatest" | "least" => return extreme(name == "greatest", arguments, row),
        "nullif" if arguments.len() == 2 => {
            let (a, b) = (value(&arguments[0], row)?, value(&arguments[1], row)?);
            return Ok(if a == b { None } else { a });
        }
        _ => {}
    }
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match value(argument, row)? {
            Some(value) => values.push(value),
            // All below are strict.
            None => return Ok(None),
        }
    }
    let subject = if name == "date_part" { arguments.last() } else { arguments.first() };
    let sort = subject.and_then(|subject| sort_of(subject, row));
    strict(name, &values, sort.as_ref())
}

fn strict(name: &str, values: &[Value], sort: Option<&Sort>) -> Outcome {
    let number =
        |count: usize| Value::Number(Decimal::integer(i64::try_from(count).unwrap_or(i64::MAX)));
    let text = |text: &str| Value::Text(text.to_owned());
    Ok(Some(match (name, values) {
        ("length", [Value::Text(subject)]) if sort.is_some_and(Sort::is_text) => {
            number(subject.chars().count())
        }
        // A padded text is as long as its column in bytes; a bytea is not text.
        ("octet_length", [Value::Text(subject)])
            if matches!(sort, Some(Sort::Text | Sort::Citext)) =>
        {
            number(subject.len())
        }
        ("octet_length" | "length", [Value::Text(hex)])
            if sort == Some(&Sort::Bytes) && hex.starts_with("\\x") =>
        {
            number((hex.len() - 2) / 2)
        }
        ("octet_length" | "length", [Value::Text(_)]) => return Err(Unknown),
        ("lower", [Value::Text(subject)]) if subject.is_ascii() => {
            Value::Text(subject.to_ascii_lowercase())
        }
        ("upper", [Value::Text(subject)]) if subject.is_ascii() => {
            Value::Text(subject.to_ascii_uppercase())
        }
        ("btrim", [Value::Text(subject)]) => text(subject.trim_matches(' ')),
        ("ltrim", [Value::Text(subject)]) => text(subject.trim_start_matches(' ')),
        ("rtrim", [Value::Text(subject)]) => text(subject.trim_end_matches(' ')),
        ("left", [Value::Text(subject), Value::Number(count)]) if !count.is_negative() => {
            Value::Text(subject.chars().take(size(*count)).collect())
        }
        ("right", [Value::Text(subject), Value::Number(count)]) if !count.is_negative() => {
            let skipped = subject.chars().count().saturating_sub(size(*count));
            Value::Text(subject.chars().skip(skipped).collect())
        }
        ("substr", [Value::Text(subject), Value::Number(from), rest @ ..])
            if *from >= Decimal::integer(1) =>
        {
            let tail = subject.chars().skip(size(*from) - 1);
            match rest {
                [] => Value::Text(tail.collect()),
                [Value::Number(count)] if !count.is_negative() => {
                    Value::Text(tail.take(size(*count)).collect())
                }
                _ => return Err(Unknown),
            }
        }
        ("starts_with" | "operator ^@", [Value::Text(subject), Value::Text(prefix)]) => {
            Value::Bool(subject.starts_with(prefix.as_str()))
        }
        ("operator ||", [Value::Text(a), Value::Text(b)])
            if matches!(sort, Some(Sort::Text | Sort::Citext)) =>
        {
            Value::Text(format!("{a}{b}"))
        }
        ("abs", [Value::Number(subject)]) => Value::Number(subject.absolute()),
        ("mod", [Value::Number(a), Value::Number(b)]) => {
            Value::Number(a.modulo(*b).ok_or(Unknown)?)
        }
        ("round" | "trunc" | "floor" | "ceil" | "ceiling", [Value::Number(subject)])
            if subject.is_whole() =>
        {
            Value::Number(*subject)
        }
        ("floor", [Value::Number(subject)]) => {
            Value::Number(Decimal::integer(subject.to_i64(false)))
        }
        ("ceil" | "ceiling", [Value::Number(subject)]) => {
            Value::Number(Decimal::integer(subject.to_i64(true)))
        }
        // Of an empty array the length is NULL.
        ("array_length", [Value::Array(elements), Value::Number(dimension)])
            if *dimension == Decimal::integer(1) =>
        {
            if elements.is_empty() {
                return Ok(None);
            }
            number(elements.len())
        }
        ("cardinality", [Value::Array(elements)]) => number(elements.len()),
        ("jsonb_typeof" | "json_typeof", [Value::Text(document)]) => {
            text(json_type(document).ok_or(Unknown)?)
        }
        // A time zone would decide what day it is.
        ("date_part", [Value::Text(field), Value::Moment(at)])
            if matches!(sort, Some(Sort::Date | Sort::Timestamp | Sort::Time)) =>
        {
            Value::Number(Decimal::integer(part(field, *at).ok_or(Unknown)?))
        }
        _ => return Err(Unknown),
    }))
}

fn size(number: Decimal) -> usize {
    usize::try_from(number.to_i64(false)).unwrap_or(0)
}

fn extreme(greatest: bool, arguments: &[Expression], row: &impl Row) -> Outcome {
    let mut found: Option<Decimal> = None;
    for argument in arguments {
        match value(argument, row)? {
            Some(Value::Number(number)) => {
                let better = found.is_none_or(|held| (number > held) == greatest);
                if better {
                    found = Some(number);
                }
            }
            Some(_) => return Err(Unknown),
            None => {}
        }
    }
    Ok(found.map(Value::Number))
}

/// The type of a JSON document by its first character.
fn json_type(document: &str) -> Option<&'static str> {
    Some(match document.trim_start().chars().next()? {
        '{' => "object",
        '[' => "array",
        '"' => "string",
        't' | 'f' => "boolean",
        'n' => "null",
        '-' | '0'..='9' => "number",
        _ => return None,
    })
}

/// A field of a moment (in UTC).
fn part(field: &str, at: i64) -> Option<i64> {
    let (day, clock) = (at.div_euclid(moment::DAY), at.rem_euclid(moment::DAY));
    let (year, month, of_month) = moment::date(day);
    // 1970-01-01 was a Thursday.
    let weekday = (day + 4).rem_euclid(7);
    Some(match field {
        "year" => year,
        "month" => month,
        "day" => of_month,
        "quarter" => (month - 1) / 3 + 1,
        "dow" => weekday,
        "isodow" => (weekday + 6) % 7 + 1,
        "hour" => clock / (3_600 * moment::SECOND),
        "minute" => clock / (60 * moment::SECOND) % 60,
        _ => return None,
    })
}
