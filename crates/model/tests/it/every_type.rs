//! Every type takes what is made for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use seedbed_model::{Identity, RowRequest, table_model};
use seedbed_schema::{
    Attribute, Base, Check, Column, NamedType, Schema, Table, TableName, TypeRef, TypeShape,
};
use seedbed_testkit::Server;

use crate::catalogue::{base, empty, schema, settings, type_of, wrapped};

/// Types of every server, with the text a column of them is declared with.
fn built_in() -> Vec<TypeRef> {
    let plain = [
        (Base::Bool, "boolean"),
        (Base::Int2, "smallint"),
        (Base::Int4, "integer"),
        (Base::Int8, "bigint"),
        (Base::Oid, "oid"),
        (Base::Float4, "real"),
        (Base::Float8, "double precision"),
        (Base::Numeric, "numeric"),
        (Base::Money, "money"),
        (Base::Text, "text"),
        (Base::Varchar, "character varying"),
        (Base::Name, "name"),
        (Base::Char, "\"char\""),
        (Base::Bytea, "bytea"),
        (Base::Bit, "bit"),
        (Base::Varbit, "bit varying"),
        (Base::Date, "date"),
        (Base::Time, "time without time zone"),
        (Base::Timetz, "time with time zone"),
        (Base::Timestamp, "timestamp without time zone"),
        (Base::Timestamptz, "timestamp with time zone"),
        (Base::Interval, "interval"),
        (Base::Uuid, "uuid"),
        (Base::Json, "json"),
        (Base::Jsonb, "jsonb"),
        (Base::Jsonpath, "jsonpath"),
        (Base::Xml, "xml"),
        (Base::Inet, "inet"),
        (Base::Cidr, "cidr"),
        (Base::Macaddr, "macaddr"),
        (Base::Macaddr8, "macaddr8"),
        (Base::Point, "point"),
        (Base::Line, "line"),
        (Base::Lseg, "lseg"),
        (Base::Box, "box"),
        (Base::Path, "path"),
        (Base::Polygon, "polygon"),
        (Base::Circle, "circle"),
        (Base::Tsvector, "tsvector"),
        (Base::Tsquery, "tsquery"),
        (Base::PgLsn, "pg_lsn"),
        (Base::Xid, "xid"),
        (Base::Xid8, "xid8"),
        (Base::Cid, "cid"),
        (Base::Tid, "tid"),
        (Base::TxidSnapshot, "txid_snapshot"),
        (Base::PgSnapshot, "pg_snapshot"),
    ];
    let registered = [
        "regclass",
        "regtype",
        "regproc",
        "regprocedure",
        "regoper",
        "regoperator",
        "regrole",
        "regnamespace",
        "regconfig",
        "regdictionary",
        "regcollation",
    ];
    let limited = [
        "character(1)",
        "character(2)",
        "character(12)",
        "character varying(1)",
        "character varying(3)",
        "character varying(9)",
        "character varying(200)",
        "numeric(1,0)",
        "numeric(2,2)",
        "numeric(5,2)",
        "numeric(10,0)",
        "numeric(18,18)",
        "numeric(38,20)",
        "numeric(1000,3)",
        "smallint[]",
        "text[]",
        "character varying(2)[]",
        "date[]",
        "numeric(4,2)[]",
    ];
    let mut found: Vec<TypeRef> =
        plain.iter().map(|(known, sql)| base(known.clone(), sql)).collect();
    found.extend(registered.map(|name| base(Base::Reg(name.to_owned()), name)));
    found.extend(limited.map(type_of));
    let bits =
        |known: Base, sql: &str, length: u32| TypeRef { length: Some(length), ..base(known, sql) };
    found.push(bits(Base::Bit, "bit(5)", 5));
    found.push(bits(Base::Bit, "bit(70)", 70));
    found.push(bits(Base::Varbit, "bit varying(6)", 6));
    let boxes = base(Base::Box, "box");
    found.push(wrapped("box[]", TypeShape::Array(Box::new(boxes))));
    found
}

fn ranges(multi: bool) -> Vec<TypeRef> {
    let each = [
        (Base::Int4, "integer", "int4"),
        (Base::Int8, "bigint", "int8"),
        (Base::Numeric, "numeric", "num"),
        (Base::Date, "date", "date"),
        (Base::Timestamp, "timestamp without time zone", "ts"),
        (Base::Timestamptz, "timestamp with time zone", "tstz"),
    ];
    each.map(|(known, sql, name)| {
        let inner = Box::new(base(known, sql));
        let range = wrapped(&format!("{name}range"), TypeShape::Range(inner.clone()));
        if multi {
            wrapped(&format!("{name}multirange"), TypeShape::Multirange(inner))
        } else {
            range
        }
    })
    .into()
}

/// Enum, domain over domain, composite, a range over text, and arrays of them.
fn own() -> (Schema, Vec<TypeRef>, &'static str) {
    let sql = r#"
        create type mood as enum ('sad', 'it''s "fine"', 'a,b\c');
        create domain small as integer check (value between 5 and 9);
        create domain smaller as small check (value <> 7);
        create type place as (name text, mood mood, at timestamptz, size smaller);
        create type words as range (subtype = text);
    "#;
    let named = |name: &str| TypeShape::Named(TableName::new("public", name));
    let check = |expression: &str| Check {
        name: "c".to_owned(),
        expression: expression.to_owned(),
        columns: vec![],
        enforced: true,
    };
    let domain = |base: TypeRef, expression: &str| NamedType::Domain {
        base,
        not_null: false,
        default: None,
        checks: vec![check(expression)],
    };
    let mut schema = schema();
    let labels = ["sad", "it's \"fine\"", "a,b\\c"];
    let types = [
        ("mood", NamedType::Enum(labels.map(str::to_owned).to_vec())),
        ("small", domain(type_of("integer"), "((VALUE >= 5) AND (VALUE <= 9))")),
        ("smaller", domain(wrapped("small", named("small")), "(VALUE <> 7)")),
        (
            "place",
            NamedType::Composite(
                [
                    ("name", type_of("text")),
                    ("mood", wrapped("mood", named("mood"))),
                    ("at", type_of("timestamp with time zone")),
                    ("size", wrapped("smaller", named("smaller"))),
                ]
                .map(|(name, data_type)| Attribute { name: name.to_owned(), data_type })
                .to_vec(),
            ),
        ),
    ];
    for (name, named) in types {
        schema.types.insert(format!("public.{name}"), named);
    }
    let each = ["mood", "small", "smaller", "place"];
    let mut found: Vec<TypeRef> = each.iter().map(|name| wrapped(name, named(name))).collect();
    found.extend(each.iter().map(|name| {
        wrapped(&format!("{name}[]"), TypeShape::Array(Box::new(wrapped(name, named(name)))))
    }));
    found.push(wrapped("words", TypeShape::Range(Box::new(type_of("text")))));
    (schema, found, sql)
}

fn table_of(types: &[TypeRef], unique: bool) -> Table {
    let columns: Vec<Column> = types
        .iter()
        .enumerate()
        .map(|(at, data_type)| Column {
            name: format!("c{at}"),
            number: i16::try_from(at + 1).expect("few columns"),
            data_type: data_type.clone(),
            not_null: true,
            default: None,
            surrogate: false,
            identity: None,
            generated: None,
            collation: None,
            comment: None,
        })
        .collect();
    let keys = columns
        .iter()
        .filter(|_| unique)
        .map(|column| seedbed_schema::UniqueKey {
            name: format!("{}_key", column.name),
            parts: vec![seedbed_schema::KeyPart {
                column: Some(column.name.clone()),
                expression: column.name.clone(),
                columns: vec![column.name.clone()],
            }],
            predicate: None,
            predicate_columns: vec![],
            primary: false,
            constraint: true,
            immediate: true,
            nulls_not_distinct: false,
        })
        .collect();
    Table { columns, keys, ..empty() }
}

/// Casts of some rows' values, each of them announced by its type.
fn casts(schema: &Schema, table: &Table, seed: &str, ordinals: u64) -> String {
    let model = table_model(schema, table, &settings(seed));
    let wanted: Vec<String> = model.wanted().map(str::to_owned).collect();
    assert_eq!(wanted.len(), table.columns.len());
    let mut sql = String::from("set standard_conforming_strings = on;\n");
    for ordinal in 0..ordinals {
        let row = model
            .row(&RowRequest {
                identity: Identity::Ordinal { scope: "shared", ordinal },
                fixed: &BTreeMap::new(),
                wanted: &wanted,
                attempt: 0,
                ordinal,
            })
            .expect("a value of every type");
        for column in &table.columns {
            let value = row[&column.name].as_ref().expect("a value of every type");
            let literal = value.replace('\'', "''");
            writeln!(sql, "select '{literal}'::text::{};", column.data_type.sql)
                .expect("a string takes all");
        }
    }
    sql
}

#[test]
fn every_type_takes_what_is_made_for_it() {
    let server = Server::start();
    let version: u32 =
        server.psql("postgres", "show server_version_num").parse::<u32>().unwrap() / 10_000;
    let has_xml =
        server.psql("postgres", "select count(*) from pg_proc where proname = 'xmlcomment'");
    assert_eq!(has_xml, "1");
    let libxml = server.psql(
        "postgres",
        "create function x() returns text language plpgsql as $$ begin return '<a/>'::xml::text;
         exception when feature_not_supported then return ''; end $$; select x()",
    );
    let (schema, own, sql) = own();
    let _ = server.psql("postgres", sql);
    let mut types = built_in();
    types.retain(|one| one.shape != TypeShape::Base(Base::Xml) || !libxml.is_empty());
    types.extend(ranges(false));
    if version >= 14 {
        types.extend(ranges(true));
    }
    types.extend(own);
    for seed in ["one", "two", "three"] {
        let table = table_of(&types, false);
        let _ = server.psql("postgres", &casts(&schema, &table, seed, 12));
    }
    let table = table_of(&types, true);
    let _ = server.psql("postgres", &casts(&schema, &table, "unique", 3));
}

/// A ltree, a vector and their like are there only where an extension is.
#[test]
fn unknown_types_say_what_to_pass() {
    let table = table_of(&[base(Base::Other("geometry".to_owned()), "geometry")], false);
    let model = table_model(&schema(), &table, &settings("one"));
    let seedbed_model::Fill::Impossible { why, hint } = &model.columns[0].fill else {
        panic!("{:?}", model.columns[0].fill)
    };
    assert!(why.contains("geometry"), "{why}");
    assert_eq!(hint, "seedbed make t c0=…");
}

#[test]
fn finite_types_are_dealt_without_replacement() {
    let (schema, _, _) = own();
    let mood = wrapped("mood", TypeShape::Named(TableName::new("public", "mood")));
    let smaller = wrapped("smaller", TypeShape::Named(TableName::new("public", "smaller")));
    let types = [type_of("boolean"), mood, smaller, type_of("smallint"), type_of("character(1)")];
    let table = table_of(&types, true);
    let model = table_model(&schema, &table, &settings("one"));
    let sizes = [2, 3, 4, 65_536, 36];
    for (at, size, scope) in sizes
        .into_iter()
        .enumerate()
        .flat_map(|(at, size)| [(at, size, "shared"), (at, size, "a test")])
    {
        let name = format!("c{at}");
        assert_eq!(model.domain(&name), Some(size), "{name}");
        let mut seen = std::collections::BTreeSet::new();
        let wanted = [name.clone()];
        for ordinal in 0..size {
            let request = RowRequest {
                identity: Identity::Ordinal { scope, ordinal },
                fixed: &BTreeMap::new(),
                wanted: &wanted,
                attempt: 0,
                ordinal,
            };
            let value = model.row(&request).unwrap()[&name].clone();
            // Those below zero only where the others are used up.
            let is_negative = value.as_ref().is_some_and(|value| value.starts_with('-'));
            assert!(!is_negative || scope != "shared" || ordinal >= 32_767, "{value:?} {ordinal}");
            assert!(seen.insert(value), "{name} {ordinal}");
        }
    }
}

#[test]
fn unique_times_look_like_others() {
    let (schema, _, _) = own();
    let types = ["timestamp with time zone", "timestamp without time zone", "date"].map(type_of);
    let table = table_of(&types, true);
    let model = table_model(&schema, &table, &settings("one"));
    let wanted: Vec<String> = (0..3).map(|at| format!("c{at}")).collect();
    let row = |identity: Identity<'_>| {
        let fixed = std::collections::BTreeMap::new();
        let request =
            RowRequest { identity, fixed: &fixed, wanted: &wanted, attempt: 0, ordinal: 0 };
        model.row(&request).unwrap()
    };
    let mut seen = std::collections::BTreeSet::new();
    for ordinal in 0..8_000 {
        for (name, value) in row(Identity::Ordinal { scope: "shared", ordinal }) {
            let value = value.unwrap();
            let year: u32 = value[..4].parse().unwrap();
            assert!((2000..2024).contains(&year), "{name}: {value}");
            assert!(seen.insert((name, value)), "{ordinal}");
        }
    }
    for key in 0..100 {
        let made = row(Identity::Keyed(&[seedbed_values::Datum::Integer(key)]));
        for name in &wanted[..2] {
            let year: u32 = made[name].as_ref().unwrap()[..4].parse().unwrap();
            assert!((2000..2024).contains(&year), "{name}: {:?}", made[name]);
        }
    }
}
