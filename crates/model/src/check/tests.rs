//! Conditions as the server writes them, and what is made of them.

use proptest::prelude::*;

use super::*;

/// Columns `a` to `d`; nothing is decided.
struct Columns(Vec<Sort>);

impl Row for Columns {
    fn value(&self, _: usize) -> Outcome {
        Err(Unknown)
    }

    fn sort(&self, column: usize) -> &Sort {
        &self.0[column]
    }

    fn is_now(&self, _: usize) -> bool {
        false
    }
}

fn resolver(name: &str) -> Option<usize> {
    ["a", "b", "c", "d", "value"].iter().position(|known| *known == name).map(|at| at % 4)
}

/// What a condition asks of `a`.
fn asked(sort: &Sort, source: &str) -> Option<Demand> {
    let row = Columns(vec![sort.clone(); 4]);
    let condition = parse(source, &resolver)?;
    let alternatives = branches(&condition, &row)?;
    let [branch] = alternatives.as_slice() else { return None };
    let mut demand = Demand::default();
    branch.iter().all(|atom| narrow(atom, 0, &row, &mut demand)).then_some(demand)
}

fn texts(values: &[&str]) -> Option<Vec<Value>> {
    Some(values.iter().map(|text| Value::Text((*text).to_owned())).collect())
}

#[test]
fn deparsed_conditions_narrow() {
    let text = |source: &str| asked(&Sort::Text, source).expect(source);
    let number = |source: &str| asked(&Sort::Number(true), source).expect(source);
    for source in [
        "(a = ANY (ARRAY['x'::text, 'y'::text]))",
        "((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))",
        "((a)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text]))",
        "((a = 'x'::text) OR (a = 'y'::text))",
        "a = 'x'::text OR a = 'y'::text",
        "(a = ANY ('{x,y}'::text[]))",
        "(NOT ((a <> 'x'::text) AND (a <> 'y'::text)))",
    ] {
        assert_eq!(text(source).choices, texts(&["x", "y"]), "{source}");
    }
    for source in [
        "((a >= 1) AND (a <= 10))",
        "a >= 1 AND a <= 10",
        "(NOT ((a < 1) OR (a > 10)))",
        "((a > 0) AND ((a)::numeric <= 10.5))",
        "((1 <= a) AND (10 >= a))",
        "(((a + 2) >= 3) AND ((a * 2) <= 20))",
        "((a >= '1'::bigint) AND (a <= (10)::numeric))",
    ] {
        let demand = number(source);
        assert_eq!(
            demand.allows(&Value::Number(crate::decimal::Decimal::integer(1))),
            Some(true),
            "{source}"
        );
        for outside in [0, 11] {
            let value = Value::Number(crate::decimal::Decimal::integer(outside));
            assert_eq!(demand.allows(&value), Some(false), "{source} {outside}");
        }
    }
    for (source, length) in [
        ("(length(a) = 3)", (3, Some(3))),
        ("(char_length((a)::text) < 5)", (0, Some(4))),
        ("((length(a) >= 2) AND (length(a) <= 4))", (2, Some(4))),
        ("(length(TRIM(BOTH FROM a)) > 0)", (1, None)),
        ("(btrim(a) <> ''::text)", (1, None)),
    ] {
        assert_eq!(text(source).length, length, "{source}");
    }
    assert_eq!(text("(a = lower(a))").case, Some(Case::Lower));
    assert_eq!(text(r"(a ~ '^[a-z]+$'::text)").patterns.len(), 1);
    assert_eq!(text(r"(a !~~* 'x%'::text)").against.len(), 1);
    assert_eq!(text("(a IS NOT NULL)").null, Some(false));
}

#[test]
fn what_is_not_understood_is_not_guessed() {
    let row = |sort: Sort| Columns(vec![sort; 4]);
    for (sort, source) in [
        (Sort::Number(true), "is_even(a)"),
        (Sort::Text, "(md5(a) ~~ 'a%'::text)"),
        (Sort::Text, "(a < 'm'::text)"),
        (Sort::Text, r"(a ~ '(?=x)'::text)"),
        (Sort::Number(true), "(my.f(a) > 0)"),
        (Sort::Number(false), "((a / b) > 0.5)"),
        (Sort::Json, "(a = '{}'::jsonb)"),
        (Sort::Json, "((a ->> 'x'::text) IS NOT NULL)"),
        (Sort::Opaque, "(a && b)"),
    ] {
        let understood =
            parse(source, &resolver).is_some_and(|condition| is_understood(&condition, &row(sort)));
        assert!(!understood, "{source}");
    }
    for source in ["(a > )", "a b", "(SELECT 1)", "a[1] = 2", "'open", "", "(a).x = 1"] {
        assert_eq!(parse(source, &resolver), None, "{source}");
    }
}

#[test]
fn alternatives_are_the_smallest_first() {
    let row = Columns(vec![Sort::Number(true); 4]);
    let count = |source: &str| {
        branches(&parse(source, &resolver).expect(source), &row).map(|found| found.len())
    };
    let table = [
        ("(num_nonnulls(a, b, c) = 1)", Some(3)),
        ("(num_nonnulls(a, b, c) >= 1)", Some(7)),
        ("((a IS NULL) = (b IS NULL))", Some(2)),
        ("((((a IS NOT NULL))::integer + ((b IS NOT NULL))::integer) = 1)", Some(2)),
        ("CASE WHEN (a = 1) THEN (b IS NULL) ELSE (c = 2) END", Some(2)),
        ("((a = 1) OR (a = 2) OR (b = 3))", Some(2)),
        ("true", Some(1)),
        ("false", Some(0)),
    ];
    for (source, expected) in table {
        assert_eq!(count(source), expected, "{source}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(source in ".{0,60}") {
        let _ = parse(&source, &resolver);
    }

    #[test]
    fn any_words_are_read_without_a_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "value", "(", ")", "AND", "OR", "NOT", "IS", "NULL", "=", "<", ">=", "<>", "~", "~~",
            "ANY", "ALL", "ARRAY", "[", "]", ",", "::", "text", "integer", "'x'", "'{1,2}'", "1", "0", "-", "+",
            "*", "%", "length(", "lower(", "CASE", "WHEN", "THEN", "ELSE", "END", "now()", "interval",
            "num_nonnulls(", "TRUE", "DISTINCT", "FROM", "coalesce(", "abs(", "'1 day'::interval",
        ]), 0..24),
    ) {
        let source = words.join(" ");
        for sort in [Sort::Number(true), Sort::Text, Sort::Timestamptz, Sort::Bool] {
            let row = Columns(vec![sort; 4]);
            if let Some(condition) = parse(&source, &resolver) {
                let _ = (is_understood(&condition, &row), holds(&condition, &row));
                for atom in branches(&condition, &row).into_iter().flatten().flatten() {
                    let _ = narrow(&atom, 0, &row, &mut Demand::default());
                }
            }
        }
    }
}
