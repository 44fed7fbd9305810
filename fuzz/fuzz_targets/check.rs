//! Any text, read as the condition of a table: nothing panics, a row is made or
//! refused, and the same one is made again.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use seedbed_model::{Identity, RowRequest, Settings, judge, table_model};
use seedbed_schema::{
    Base, Check, Column, Schema, Table, TableKind, TableName, TypeRef, TypeShape,
};
use seedbed_values::Locale;

fn type_of(base: Base, sql: &str) -> TypeRef {
    TypeRef {
        sql: sql.to_owned(),
        shape: TypeShape::Base(base),
        length: None,
        precision: None,
        scale: None,
        has_default: false,
    }
}

/// Columns `a` to `i`, the vowels NOT NULL.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let text = type_of(Base::Text, "text");
    let array = TypeRef {
        shape: TypeShape::Array(Box::new(text.clone())),
        ..type_of(Base::Text, "text[]")
    };
    let types = [
        type_of(Base::Int4, "integer"),
        text,
        TypeRef { precision: Some(8), scale: Some(2), ..type_of(Base::Numeric, "numeric(8,2)") },
        type_of(Base::Date, "date"),
        type_of(Base::Timestamptz, "timestamp with time zone"),
        type_of(Base::Bool, "boolean"),
        array,
        TypeRef { length: Some(12), ..type_of(Base::Varchar, "character varying(12)") },
        type_of(Base::Text, "text"),
    ];
    let columns = ('a'..='i').zip(1..).zip(types).map(|((name, number), data_type)| Column {
        name: name.to_string(),
        number,
        data_type,
        not_null: "aei".contains(name),
        default: None,
        surrogate: false,
        identity: None,
        generated: None,
        collation: None,
        comment: None,
    });
    Table {
        name: TableName::new("public", "t"),
        kind: TableKind::Ordinary,
        columns: columns.collect(),
        keys: vec![],
        checks: vec![],
        exclusions: vec![],
        foreign_keys: vec![],
        triggers: vec![],
        row_security: false,
        partitions: vec![],
        partition_key: vec![],
        view: None,
        may_select: true,
        may_insert: true,
        comment: None,
    }
});

fuzz_target!(|conditions: (&str, &str)| {
    let check = |(number, expression): (usize, &str)| Check {
        name: format!("c{number}"),
        expression: expression.to_owned(),
        columns: vec![],
        enforced: true,
    };
    let texts = [conditions.0, conditions.1];
    let checks: Vec<Check> =
        texts.into_iter().filter(|text| !text.is_empty()).enumerate().map(check).collect();
    let table = Table { checks, ..TABLE.clone() };
    for text in texts {
        let mentioned = judge::mentioned(&table, text);
        assert!(mentioned.iter().all(|name| table.column(name).is_some()));
    }
    let settings = Settings { seed: "fuzz".to_owned(), locale: Locale::EnUs };
    let schema = Schema { server: 15, ..Schema::default() };
    let model = table_model(&schema, &table, &settings);
    let wanted: Vec<String> = model.wanted().map(str::to_owned).collect();
    assert!(["a", "e", "i"].iter().all(|name| wanted.iter().any(|wanted| wanted == name)));
    for ordinal in 0..2 {
        let request = RowRequest {
            identity: Identity::Ordinal { scope: "shared", ordinal },
            fixed: &BTreeMap::new(),
            wanted: &wanted,
            attempt: 0,
            ordinal,
        };
        let row = model.row(&request);
        assert_eq!(row, model.row(&request), "the same row again");
        if let Ok(row) = row {
            assert!(row.keys().eq(&wanted), "what is wanted and nothing else");
        }
    }
});
