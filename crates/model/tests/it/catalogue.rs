//! Reads what these tests need of a catalogue, without the code that does so
//! for Seedbed.

use seedbed_model::Settings;
use seedbed_schema::{
    Base, Check, Column, Generated, KeyPart, Schema, Table, TableKind, TableName, TypeRef,
    TypeShape, UniqueKey,
};
use seedbed_testkit::Server;
use seedbed_values::Locale;

/// Separates columns of psql's output; no expression here has it.
const SEPARATOR: char = '\u{1f}';

pub(crate) fn settings(seed: &str) -> Settings {
    Settings { seed: seed.to_owned(), locale: Locale::EnUs }
}

pub(crate) fn base(base: Base, sql: &str) -> TypeRef {
    TypeRef {
        sql: sql.to_owned(),
        shape: TypeShape::Base(base),
        length: None,
        precision: None,
        scale: None,
        has_default: false,
    }
}

pub(crate) fn wrapped(sql: &str, shape: TypeShape) -> TypeRef {
    TypeRef { shape, ..base(Base::Text, sql) }
}

/// A type by the server's text of it.
pub(crate) fn type_of(sql: &str) -> TypeRef {
    if let Some(element) = sql.strip_suffix("[]") {
        return wrapped(sql, TypeShape::Array(Box::new(type_of(element))));
    }
    let (name, limits) = match sql.split_once('(') {
        Some((name, rest)) => {
            let (numbers, after) = rest.split_once(')').expect("limits end");
            let numbers: Vec<i32> =
                numbers.split(',').map(|n| n.parse().expect("a limit is a number")).collect();
            (format!("{name}{after}"), numbers)
        }
        None => (sql.to_owned(), vec![]),
    };
    let known = match name.as_str() {
        "boolean" => Base::Bool,
        "smallint" => Base::Int2,
        "integer" => Base::Int4,
        "bigint" => Base::Int8,
        "numeric" => Base::Numeric,
        "double precision" => Base::Float8,
        "text" => Base::Text,
        "character varying" => Base::Varchar,
        "character" => Base::Bpchar,
        "bytea" => Base::Bytea,
        "date" => Base::Date,
        "time without time zone" => Base::Time,
        "timestamp without time zone" => Base::Timestamp,
        "timestamp with time zone" => Base::Timestamptz,
        "interval" => Base::Interval,
        "uuid" => Base::Uuid,
        "jsonb" => Base::Jsonb,
        "inet" => Base::Inet,
        "tsvector" => Base::Tsvector,
        "daterange" => {
            let inner = base(Base::Date, "date");
            return wrapped(sql, TypeShape::Range(Box::new(inner)));
        }
        "int4range" => {
            let inner = base(Base::Int4, "integer");
            return wrapped(sql, TypeShape::Range(Box::new(inner)));
        }
        other => panic!("these tests do not know the type {other}"),
    };
    let mut found = base(known.clone(), sql);
    match (known, limits.as_slice()) {
        (Base::Numeric, [precision, scale]) => {
            found.precision = u32::try_from(*precision).ok();
            found.scale = Some(*scale);
        }
        (_, [length]) => found.length = u32::try_from(*length).ok(),
        _ => {}
    }
    found
}

/// A table of the schema `public`.
pub(crate) fn table(server: &Server, database: &str, name: &str) -> Table {
    let rows = |sql: &str| -> Vec<Vec<String>> {
        let sql = sql.replace("TABLE", &format!("'public.{name}'::regclass"));
        let sql = format!("\\pset fieldsep '{SEPARATOR}'\n{sql};");
        let output = server.psql(database, &sql);
        output
            .lines()
            .filter(|line| line.contains(SEPARATOR))
            .map(|line| line.split(SEPARATOR).map(str::to_owned).collect())
            .collect()
    };
    let columns: Vec<Column> = rows(
        "select a.attname, format_type(atttypid, atttypmod), attnotnull, attgenerated,
                coalesce(pg_get_expr(adbin, adrelid), '')
         from pg_attribute a left join pg_attrdef on adrelid = attrelid and adnum = attnum
         where attrelid = TABLE and attnum > 0 and not attisdropped order by attnum",
    )
    .into_iter()
    .enumerate()
    .map(|(at, row)| {
        let expression = Some(row[4].clone()).filter(|text| !text.is_empty());
        let is_generated = !row[3].is_empty();
        Column {
            name: row[0].clone(),
            number: i16::try_from(at + 1).expect("few columns"),
            data_type: type_of(&row[1]),
            not_null: row[2] == "t",
            surrogate: row[4].contains("nextval"),
            default: expression.clone().filter(|_| !is_generated),
            generated: expression
                .filter(|_| is_generated)
                .map(|expression| Generated { expression, stored: true }),
            identity: None,
            collation: None,
            comment: None,
        }
    })
    .collect();
    let checks = rows(
        "select conname, regexp_replace(pg_get_expr(conbin, conrelid), '\\s+', ' ', 'g') from pg_constraint
         where conrelid = TABLE and contype = 'c' order by conname",
    )
    .into_iter()
    .map(|row| Check {
        name: row[0].clone(),
        expression: row[1].clone(),
        columns: vec![],
        enforced: true,
    })
    .collect();
    let keys = rows(
        "select c.relname, pg_get_indexdef(i.indexrelid, 1, true),
                coalesce((select attname from pg_attribute where attrelid = indrelid and attnum = indkey[0]), ''),
                coalesce(pg_get_expr(indpred, indrelid), '')
         from pg_index i join pg_class c on c.oid = indexrelid where indrelid = TABLE and indisunique
         order by 1",
    )
    .into_iter()
    .map(|row| {
        let column = Some(row[2].clone()).filter(|name| !name.is_empty());
        UniqueKey {
            name: row[0].clone(),
            parts: vec![KeyPart {
                columns: column.clone().into_iter().collect(),
                column,
                expression: row[1].clone(),
            }],
            predicate: Some(row[3].clone()).filter(|text| !text.is_empty()),
            predicate_columns: vec![],
            primary: false,
            constraint: false,
            immediate: true,
            nulls_not_distinct: false,
        }
    })
    .collect();
    Table {
        name: TableName::new("public", name),
        kind: TableKind::Ordinary,
        columns,
        keys,
        checks,
        ..empty()
    }
}

/// A table without anything.
pub(crate) fn empty() -> Table {
    serde_json::from_value(serde_json::json!({
        "name": {"schema": "public", "name": "t"}, "kind": "Ordinary", "columns": [], "keys": [],
        "checks": [], "exclusions": [], "foreign_keys": [], "triggers": [], "row_security": false,
        "partitions": [], "partition_key": [], "view": null, "may_select": true, "may_insert": true,
        "comment": null,
    }))
    .expect("a table")
}

pub(crate) fn schema() -> Schema {
    Schema { server: 15, search_path: vec!["public".to_owned()], ..Schema::default() }
}
