//! The natural key of a row as it enters the hash of its values: normalised, so
//! that two spellings of one key make one row. What this machine can normalise
//! it does; the rest the server does, on a miss only.

use seedbed_schema::{Base, KeyPart, NamedType, Schema, TypeRef, TypeShape};
use seedbed_values::Datum;
use unicode_normalization::UnicodeNormalization;

use crate::graph::{Identity, Node, Source};

/// A part of a key that was passed.
#[derive(Clone, Debug)]
pub(crate) enum Natural {
    /// A column's value.
    Column(String),
    /// An index expression over columns that were passed.
    Expression(KeyPart),
}

/// The parts of a node's key that were passed, then the columns beside it that
/// its ordinals are counted within.
pub(crate) fn natural(node: &Node) -> Vec<Natural> {
    // A key that is known is one, whether its defaults were passed or not.
    let known = node.identity == Identity::Key;
    let passed = |name: &String| match node.sources.get(name) {
        Some(Source::Argument(_)) => true,
        Some(Source::Default(_)) => known,
        _ => false,
    };
    let mut found = Vec::new();
    for part in &node.key.first().parts {
        if part.column.is_none() && part.columns.iter().all(passed) {
            found.push(Natural::Expression(part.clone()));
            continue;
        }
        let columns = part.columns.iter().filter(|name| passed(name)).cloned();
        found.extend(columns.map(Natural::Column));
    }
    if let Identity::Ordinal { within, .. } = &node.identity {
        let beside = within.iter().filter(|name| !node.key.first().has(name)).cloned();
        found.extend(beside.map(Natural::Column));
    }
    found
}

/// Whether a server must normalise some of it.
pub(crate) fn needs_server(schema: &Schema, node: &Node) -> bool {
    natural(node).iter().any(|part| match part {
        Natural::Expression(_) => true,
        Natural::Column(name) => node.column(name).is_none_or(|column| {
            let folds = column.collation.as_ref().is_some_and(|own| !own.deterministic);
            folds || !is_local(schema, &column.data_type)
        }),
    })
}

fn is_local(schema: &Schema, data_type: &TypeRef) -> bool {
    match &data_type.shape {
        TypeShape::Base(base) => matches!(
            base,
            Base::Int2 | Base::Int4 | Base::Int8 | Base::Text | Base::Varchar | Base::Uuid
        ),
        TypeShape::Named(name) => match schema.named_type(name) {
            Some(NamedType::Enum(_)) => true,
            Some(NamedType::Domain { base, .. }) => is_local(schema, base),
            _ => false,
        },
        _ => false,
    }
}

/// SQL that normalises a value of a type to text, the same under every setting
/// of the session.
pub(crate) fn normal(data_type: &TypeRef, folds: bool, sql: &str) -> String {
    match &data_type.shape {
        TypeShape::Base(Base::Timestamp | Base::Timestamptz) => {
            finite(sql, &format!("(EXTRACT(epoch FROM {sql}) * 1000000)::pg_catalog.int8::text"))
        }
        TypeShape::Base(Base::Date) => finite(sql, &format!("({sql} - DATE '1970-01-01')::text")),
        TypeShape::Base(Base::Numeric) => {
            format!(
                "(CASE WHEN {sql} = 0 THEN '0' ELSE \
                     pg_catalog.regexp_replace(({sql})::text, '(\\.\\d*?)0+$', '\\1') END)"
            )
        }
        TypeShape::Base(Base::Citext) => format!("pg_catalog.lower(({sql})::text)"),
        TypeShape::Base(Base::Bpchar) => format!("pg_catalog.rtrim(({sql})::text)"),
        _ if folds => format!("pg_catalog.lower(({sql})::text)"),
        _ => format!("({sql})::text"),
    }
}

/// `infinity` is a number of nothing.
fn finite(sql: &str, number: &str) -> String {
    format!("CASE WHEN pg_catalog.isfinite({sql}) THEN {number} ELSE ({sql})::text END")
}

/// A text that was passed, as a value of its type. What is none enters as text:
/// the server refuses it when it sees it.
pub(crate) fn datum(schema: &Schema, data_type: &TypeRef, text: Option<&str>) -> Datum {
    let Some(text) = text else { return Datum::Null };
    match &data_type.shape {
        TypeShape::Base(Base::Int2 | Base::Int4 | Base::Int8) => {
            text.trim().parse().map_or_else(|_| Datum::text(text), Datum::Integer)
        }
        TypeShape::Base(Base::Uuid) => uuid(text).map_or_else(|| Datum::text(text), Datum::Uuid),
        TypeShape::Named(name) => match schema.named_type(name) {
            Some(NamedType::Domain { base, .. }) => datum(schema, base, Some(text)),
            _ => Datum::text(text),
        },
        // ASCII is its own normal form.
        _ if text.is_ascii() => Datum::text(text),
        _ => Datum::Text(text.nfc().collect()),
    }
}

/// The forms the server takes: hyphens anywhere between digits, braces around.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: String =
        text.trim().trim_matches(['{', '}']).chars().filter(|letter| *letter != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(base: Base) -> TypeRef {
        TypeRef {
            sql: String::new(),
            shape: TypeShape::Base(base),
            length: None,
            precision: None,
            scale: None,
            has_default: false,
        }
    }

    #[test]
    fn spellings_of_one_value_are_one() {
        let schema = Schema::default();
        let of = |kind: Base, text| datum(&schema, &base(kind), Some(text));
        assert_eq!(of(Base::Int8, " +007 "), Datum::Integer(7));
        assert_eq!(of(Base::Int8, "9007199254740993"), Datum::Integer(9_007_199_254_740_993));
        assert_eq!(of(Base::Text, "e\u{301}"), Datum::text("\u{e9}"));
        assert_eq!(
            of(Base::Uuid, "{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}"),
            of(Base::Uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
        );
        assert_eq!(of(Base::Int4, "seven"), Datum::text("seven"));
    }
}
