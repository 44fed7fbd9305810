//! Whatever a condition asks for, rows meet it: compared with plain arithmetic,
//! without a server.

use std::collections::BTreeMap;

use proptest::prelude::*;
use seedbed_model::{Exhausted, Identity, RowRequest, table_model};
use seedbed_schema::{Check, Column, KeyPart, Table, UniqueKey};

use crate::catalogue::{empty, schema, settings, type_of};

fn table(columns: &[(&str, &str)], checks: &[String], unique: bool) -> Table {
    let columns: Vec<Column> = columns
        .iter()
        .enumerate()
        .map(|(at, (name, sql))| Column {
            name: (*name).to_owned(),
            number: i16::try_from(at + 1).expect("few columns"),
            data_type: type_of(sql),
            not_null: true,
            default: None,
            surrogate: false,
            identity: None,
            generated: None,
            collation: None,
            comment: None,
        })
        .collect();
    let checks = checks
        .iter()
        .enumerate()
        .map(|(at, expression)| Check {
            name: format!("c{at}"),
            expression: expression.clone(),
            columns: vec![],
            enforced: true,
        })
        .collect();
    let key = |column: &Column| UniqueKey {
        name: format!("{}_key", column.name),
        parts: vec![KeyPart {
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
    };
    let keys = columns.iter().filter(|_| unique).map(key).collect();
    Table { columns, checks, keys, ..empty() }
}

fn row(
    table: &Table,
    seed: u64,
    ordinal: u64,
) -> Result<BTreeMap<String, Option<String>>, Exhausted> {
    let model = table_model(&schema(), table, &settings(&seed.to_string()));
    assert!(model.judged.is_empty(), "{:?}", model.judged);
    let wanted: Vec<String> = model.wanted().map(str::to_owned).collect();
    model.row(&RowRequest {
        identity: Identity::Ordinal { scope: "shared", ordinal },
        fixed: &BTreeMap::new(),
        wanted: &wanted,
        attempt: 0,
        ordinal,
    })
}

fn integer(row: &BTreeMap<String, Option<String>>, name: &str) -> i64 {
    row[name].as_deref().expect("a value").parse().expect("an integer")
}

proptest! {
    #[test]
    fn integers_stay_within_bounds(
        low in -40_000_i64..40_000, length in 0_i64..50, hole in 0_i64..50, seed: u64, ordinal in 0_u64..1_000,
        unique: bool,
    ) {
        let (high, hole) = (low + length, low + hole);
        let check = format!("((a >= '{low}'::integer) AND (a <= '{high}'::integer) AND (a <> '{hole}'::integer))");
        let table = table(&[("a", "integer")], &[check], unique);
        match row(&table, seed, ordinal) {
            Ok(row) => {
                let a = integer(&row, "a");
                prop_assert!(a >= low && a <= high && a != hole, "{a}");
            }
            Err(_) => prop_assert!(low == high && hole == low),
        }
    }

    #[test]
    fn columns_keep_their_order(
        low in -1_000_i64..1_000, length in 2_i64..100, gap in 0_i64..3, seed: u64, ordinal in 0_u64..1_000,
    ) {
        let high = low + length + 2 * gap;
        let checks = [
            format!("((a >= '{low}'::integer) AND (c <= '{high}'::integer))"),
            format!("(b >= (a + {gap}))"),
            format!("((c - {gap}) >= b)"),
        ];
        let table = table(&[("a", "integer"), ("b", "integer"), ("c", "integer")], &checks, false);
        let row = row(&table, seed, ordinal).expect("a row");
        let (a, b, c) = (integer(&row, "a"), integer(&row, "b"), integer(&row, "c"));
        prop_assert!(a >= low && c <= high && b >= a + gap && c - gap >= b, "{a} {b} {c}");
    }

    #[test]
    fn texts_keep_their_length(
        least in 0_usize..40, more in 0_usize..20, limit in 1_u32..60, seed: u64, ordinal in 0_u64..1_000,
        unique: bool,
    ) {
        let most = least + more;
        let check = format!("((length((a)::text) >= {least}) AND (length((a)::text) <= {most}))");
        let sql = format!("character varying({limit})");
        let table = table(&[("a", &sql)], &[check], unique);
        match row(&table, seed, ordinal) {
            Ok(row) => {
                let length = row["a"].as_deref().expect("a value").chars().count();
                prop_assert!(length >= least && length <= most.min(limit as usize), "{length}");
            }
            Err(_) => prop_assert!(least > limit as usize || (unique && most < 2) || most == 0),
        }
    }

    #[test]
    fn numbers_keep_their_scale(
        low in 0_i64..900, length in 1_i64..90, scale in 0_u32..4, seed: u64, ordinal in 0_u64..1_000,
    ) {
        let high = low + length;
        let check = format!("((a > ({low})::numeric) AND (a <= ({high})::numeric))");
        let sql = format!("numeric(8,{scale})");
        let table = table(&[("a", &sql)], &[check], false);
        let row = row(&table, seed, ordinal).expect("a row");
        let text = row["a"].as_deref().expect("a value");
        let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let value: f64 = text.parse().expect("a number");
        prop_assert!(value > low as f64 && value <= high as f64, "{text}");
        prop_assert!(digits <= scale as usize, "{text}");
    }

    #[test]
    fn one_of_several_is_there(columns in 2_usize..6, wanted in 1_usize..3, seed: u64) {
        let names = ["a", "b", "c", "d", "e"];
        let mut table = table(&names.map(|name| (name, "integer")), &[], false);
        let listed = names[..columns.min(5)].join(", ");
        table.checks.push(Check {
            name: "some".to_owned(),
            expression: format!("(num_nonnulls({listed}) = {wanted})"),
            columns: vec![],
            enforced: true,
        });
        table.columns.iter_mut().for_each(|column| column.not_null = false);
        let row = row(&table, seed, 0).expect("a row");
        prop_assert_eq!(row.values().filter(|value| value.is_some()).count(), wanted);
        prop_assert_eq!(row.len(), wanted);
    }
}
