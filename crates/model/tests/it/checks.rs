//! Rows made from what is understood of conditions meet them, without asking.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use seedbed_model::{Identity, RowRequest, TableModel, table_model};
use seedbed_testkit::Server;

use crate::catalogue::{schema, settings, table};

/// Column declarations, each a table of its own: forms a condition may have.
const FORMS: &[&str] = &[
    "a text not null check (a in ('draft', 'live', 'gone'))",
    "a varchar(20) not null check (a in ('draft', 'live'))",
    "a char(2) not null check (a in ('DE', 'FR'))",
    "a text not null check (a = 'x' or a = 'y' or a = 'z')",
    "a integer not null check (a > 0)",
    "a integer not null check (a between 7 and 9 and a <> 8)",
    "a integer not null check (a in (10, 20, 30))",
    "a smallint not null check (a >= 32000)",
    "a integer not null check (a % 5 = 0 and a > 3)",
    "a bigint not null check (a > 9000000000)",
    "a numeric(6,2) not null check (a > 0 and a < 1)",
    "a numeric not null check (a >= 0.125 and a <= 0.25)",
    "a numeric(10,2) not null check (a <> 0)",
    "a double precision not null check (a >= 0 and a <= 1)",
    "a double precision not null check (a > -90 and a < -80)",
    "a integer not null check (a * 2 + 1 <= 11 and -a < 0)",
    "a integer not null check (abs(a) < 3)",
    "a text not null check (length(a) = 12)",
    "a text not null check (char_length(a) between 3 and 5)",
    "a text not null check (length(btrim(a)) > 0)",
    "a text not null check (btrim(a) <> '')",
    "a text not null check (a <> '')",
    "a text not null check (octet_length(a) <= 10)",
    "a text not null check (length(a) >= 300)",
    "a bytea not null check (octet_length(a) = 32)",
    "a varchar(8) not null check (length(a) = 8)",
    "a text not null check (a = lower(a))",
    "a text not null check (a = upper(a) and length(a) = 3)",
    "a text not null check (a = btrim(lower(a)))",
    "a text not null check (lower(a) in ('on', 'off'))",
    "a text not null check (a ~ '^[a-z0-9]+(-[a-z0-9]+)*$')",
    "a text not null check (a ~* '^[A-F0-9]{8}$')",
    "a text not null check (a ~ '^\\d{3}-\\d{4}$' and a !~ '^0')",
    "a text not null check (a ~ '^[^@]+@[^@]+\\.[^@]+$')",
    "email text not null check (email ~ '^[^@]+@[^@]+\\.[^@]+$' and email = lower(email))",
    "a text not null check (a like 'ORD-%')",
    "a text not null check (a not like '% %')",
    "a text not null check (a ilike 'x_z%')",
    "a text not null check (a similar to '(ab|cd)+_[0-9]{2}')",
    "a text not null check (left(a, 3) = 'INV')",
    "a text not null check (substr(a, 1, 2) = 'PX' and length(a) = 6)",
    "phone text not null check (phone ~ '^\\+[1-9][0-9]{6,14}$')",
    "a date not null check (a >= '2020-01-01' and a < '2020-02-01')",
    "a date not null check (a > '2030-06-01'::date)",
    "a date not null check (a < current_date)",
    "birth_date date not null check (birth_date < current_date and birth_date > '1900-01-01')",
    "expires_at timestamptz not null check (expires_at > now())",
    "a timestamptz not null check (a > now() + interval '1 day')",
    "a date not null check (extract(year from a) >= 2025)",
    "a date not null check (extract(isodow from a) < 6)",
    "a time not null check (a >= '09:00' and a < '17:00')",
    "a interval not null check (a > interval '0')",
    "a jsonb not null check (jsonb_typeof(a) = 'array')",
    "a jsonb not null check (jsonb_typeof(a) = 'object')",
    "a text[] not null check (array_length(a, 1) between 2 and 4)",
    "a text[] not null check (cardinality(a) = 3)",
    "a text[] not null check (a <@ array['red', 'green', 'blue'])",
    "a boolean not null check (a)",
    "a boolean not null check (not a)",
    "a boolean not null, b integer, check (not a or b is not null)",
    "a integer not null, b integer not null, check (a < b)",
    "a integer not null check (a between 1 and 100), b integer not null check (b <= 100), check (b > a)",
    "a integer not null, b integer not null, c integer not null, check (a <= b and b <= c)",
    "a integer not null, b integer not null, c integer not null, check (a + b = c)",
    "price numeric(10,2) not null, quantity integer not null, total numeric(12,2) not null, check (total = price * quantity)",
    "a date not null, b date not null, check (b >= a + 7)",
    "starts_at timestamptz not null, ends_at timestamptz not null, check (ends_at > starts_at), check (ends_at <= starts_at + interval '1 day')",
    "starts_at timestamptz not null default now(), ends_at timestamptz not null, check (ends_at > starts_at)",
    "a integer, b integer, check (num_nonnulls(a, b) = 1)",
    "a integer, b integer, c integer, check (num_nulls(a, b, c) = 1)",
    "a integer, b integer, check ((a is null) <> (b is null))",
    "a integer, b integer not null, check ((a is null) = (b > 5))",
    "a integer, b integer, check (((a is not null)::integer + (b is not null)::integer) = 1)",
    "a integer, b integer, check ((case when a is null then 0 else 1 end + case when b is null then 0 else 1 end) = 2)",
    "a text, b text, check (a is not null or b is not null)",
    "a text, check (a is not null)",
    "a text not null, b timestamptz, check ((a = 'sent' and b is not null) or (a = 'draft' and b is null))",
    "a text not null, b text, check (case when a = 'x' then b is not null else b is null end)",
    "a text not null default 'draft' check (a in ('draft', 'live')), b timestamptz, check (a <> 'live' or b is not null)",
    "a integer not null default 0 check (a > 0)",
    "a integer not null, b integer not null, check (a <> b and a in (1, 2) and b in (1, 2))",
    "a integer not null check (coalesce(a, 0) > 10)",
    "a text not null check (a is distinct from 'no'), b text check (b is distinct from 'no')",
    "a numeric(5,2) not null, b numeric generated always as (a * 2) stored check (b < 10)",
    "a uuid not null check (a <> '00000000-0000-0000-0000-000000000000')",
    "a integer not null, b integer not null, check (greatest(a, b) <= 10 and a > 0)",
    "a text not null check (starts_with(a, 'pre-'))",
    "\"Weird Name\" integer not null check (\"Weird Name\" >= 3), \"order\" text not null check (\"order\" in ('asc', 'desc'))",
    "a integer not null check (not (a < 5 or a > 6))",
    "a integer not null check (a = any ('{3,4}'::int[]))",
    "a text not null check (a in ('a', 'b') and a <> 'a')",
];

fn wanted(model: &TableModel) -> Vec<String> {
    model.wanted().map(str::to_owned).collect()
}

#[test]
fn rows_of_every_form_are_taken() {
    let server = Server::start();
    let mut problems = Vec::new();
    for (number, form) in FORMS.iter().enumerate() {
        let _ = server.psql("postgres", &format!("create table f{number} ({form})"));
        let table = table(&server, "postgres", &format!("f{number}"));
        let model = table_model(&schema(), &table, &settings("checks"));
        for check in &model.judged {
            problems.push(format!("{form}: judged: {}", check.expression));
        }
        let wanted = wanted(&model);
        let mut sql = String::new();
        for ordinal in 0..200 {
            let request = RowRequest {
                identity: Identity::Ordinal { scope: "shared", ordinal },
                fixed: &BTreeMap::new(),
                wanted: &wanted,
                attempt: 0,
                ordinal,
            };
            match model.row(&request) {
                Ok(row) => sql.push_str(&insert(&format!("f{number}"), &row)),
                Err(error) => {
                    problems.push(format!("{form}: {error}"));
                    break;
                }
            }
        }
        let script = format!(
            "create temp table said (line text);\ndo $body$ declare state text; begin\n{sql}\nexception when others then
             insert into said values (sqlerrm); end $body$;\nselect line from said;"
        );
        let said = server.psql("postgres", &script);
        if !said.is_empty() {
            problems.push(format!("{form}: {said}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn insert(table: &str, row: &BTreeMap<String, Option<String>>) -> String {
    if row.is_empty() {
        return format!("insert into {table} default values;\n");
    }
    let names: Vec<String> = row.keys().map(|name| seedbed_schema::quote(name)).collect();
    let values: Vec<String> = row
        .values()
        .map(|value| {
            value.as_ref().map_or("NULL".to_owned(), |text| seedbed_schema::quote_literal(text))
        })
        .collect();
    let mut sql = String::new();
    writeln!(sql, "insert into {table} ({}) values ({});", names.join(", "), values.join(", "))
        .expect("a string takes all");
    sql
}

#[test]
fn conditions_are_solved_around_fixed_values() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create table e (state text not null check (state in ('open', 'done')), done_at timestamptz,
           low integer not null, high integer not null, a integer, b integer,
           check ((state = 'done') = (done_at is not null)), check (low < high), check (num_nonnulls(a, b) = 1))",
    );
    let table = table(&server, "postgres", "e");
    let given = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let model = TableModel::new(&schema(), &table, &settings("fixed"), &given(&["b", "high"]));
    // Only the value of b, which may be NULL, says whether a must be there.
    assert_eq!(wanted(&model), ["state", "low", "a"]);
    let row = |model: &TableModel, fixed: &[(&str, Option<&str>)]| {
        let fixed: BTreeMap<String, Option<String>> = fixed
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
            .collect();
        let wanted: Vec<String> =
            wanted(model).into_iter().filter(|name| !fixed.contains_key(name)).collect();
        model.row(&RowRequest {
            identity: Identity::Ordinal { scope: "shared", ordinal: 0 },
            fixed: &fixed,
            wanted: &wanted,
            attempt: 0,
            ordinal: 0,
        })
    };
    let made = row(&model, &[("b", Some("3")), ("high", Some("-5"))]).unwrap();
    assert!(made["low"].as_ref().unwrap().parse::<i64>().unwrap() < -5);
    assert_eq!(made["state"].as_deref(), Some("open"));
    assert_eq!(made["a"], None);
    assert!(row(&model, &[("b", None), ("high", Some("-5"))]).unwrap()["a"].is_some());
    let model = TableModel::new(&schema(), &table, &settings("fixed"), &given(&["state"]));
    let error = row(&model, &[("state", Some("done")), ("low", Some("2147483647"))]).unwrap_err();
    assert!(error.column.is_some() || error.check.is_some());
}
