//! The server judges what is not understood.

use std::collections::BTreeMap;

use seedbed_model::judge::{self, Candidate, Question};
use seedbed_model::{Identity, RowRequest, table_model};
use seedbed_testkit::Server;

use crate::catalogue::{schema, settings, table};

/// Asks as a client would: every parameter is text.
fn ask(server: &Server, question: &Question) -> Vec<Vec<Option<String>>> {
    let types = vec!["text"; question.parameters.len()].join(", ");
    let values: Vec<String> = question
        .parameters
        .iter()
        .map(|value| {
            value.as_ref().map_or("NULL".to_owned(), |text| seedbed_schema::quote_literal(text))
        })
        .collect();
    let sql = format!(
        "\\pset null '\u{1e}'\n\\pset fieldsep '\u{1f}'\nprepare q({types}) as {};\nexecute q({});",
        question.sql,
        values.join(", ")
    );
    server
        .psql("postgres", &sql)
        .lines()
        .filter(|line| !line.is_empty() && !line.contains(" is "))
        .map(|line| {
            line.split('\u{1f}')
                .map(|text| Some(text.to_owned()).filter(|text| text != "\u{1e}"))
                .collect()
        })
        .collect()
}

fn candidate(row: u32, attempt: u32, values: &[(&str, &str)]) -> Candidate {
    let values = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())))
        .collect();
    Candidate { row, attempt, values }
}

#[test]
fn what_is_not_understood_is_judged_and_then_met() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create function even(n integer) returns boolean immutable language sql as 'select $1 % 2 = 0';
         create table j (a integer not null check (even(a) and a > 10),
           b text not null check (md5(b) like '%0'), c integer generated always as (a / 3) stored,
           check (sqrt(a) < 30 and c is not null))",
    );
    let table = table(&server, "postgres", "j");
    let model = table_model(&schema(), &table, &settings("judge"));
    assert_eq!(model.judged.len(), 3, "{:?}", model.judged);
    let wanted: Vec<String> = model.wanted().map(str::to_owned).collect();
    let mut candidates = Vec::new();
    for row in 0..5 {
        for attempt in 0..400 {
            let request = RowRequest {
                identity: Identity::Ordinal { scope: "shared", ordinal: row.into() },
                fixed: &BTreeMap::new(),
                wanted: &wanted,
                attempt,
                ordinal: row.into(),
            };
            let values = model.row(&request).unwrap();
            // What is understood of a judged condition narrows nevertheless.
            assert!(values["a"].as_ref().unwrap().parse::<i32>().unwrap() > 10);
            candidates.push(Candidate { row, attempt, values });
        }
    }
    let question = judge::candidates(&schema(), &table, &model.judged, &candidates);
    let chosen = judge::choose(&judge::passed(&ask(&server, &question)).unwrap());
    assert_eq!(chosen.len(), 5);
    for (row, attempt) in chosen {
        let one = candidates.iter().find(|one| one.row == row && one.attempt == attempt).unwrap();
        let (a, b) = (one.values["a"].as_ref().unwrap(), one.values["b"].as_ref().unwrap());
        let b = seedbed_schema::quote_literal(b);
        let _ = server.psql("postgres", &format!("insert into j values ({a}, {b})"));
    }
}

#[test]
fn taken_keys_are_seen_by_the_servers_own_equality() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create table k (email text not null, slug text, gone boolean not null default false,
           during int4range);
         create unique index k_email on k (lower(email)) where not gone;
         create unique index k_slug on k (slug);
         insert into k values ('Alice@X', 's', false, '[1,5)'), ('bob@x', null, true, null)",
    );
    let mut table = table(&server, "postgres", "k");
    for key in &mut table.keys {
        for part in &mut key.parts {
            if part.columns.is_empty() {
                part.columns = vec!["email".to_owned()];
            }
        }
    }
    let each = [
        candidate(0, 0, &[("email", "alice@x")]),
        candidate(0, 1, &[("email", "alice@x"), ("gone", "true")]),
        candidate(1, 0, &[("email", "BOB@x"), ("slug", "s")]),
        candidate(1, 1, &[("email", "BOB@x"), ("slug", "t")]),
        candidate(2, 0, &[("email", "bob@X"), ("slug", "u")]),
        candidate(2, 1, &[("email", "c@x"), ("slug", "it's \"q\" \\ {,}")]),
    ];
    let question = judge::candidates(&schema(), &table, &[], &each);
    let passed = judge::passed(&ask(&server, &question)).unwrap();
    let found: Vec<(u32, u32)> = passed.iter().map(|one| (one.row, one.attempt)).collect();
    assert_eq!(found, [(0, 1), (1, 1), (2, 0), (2, 1)]);
    // Row 1 takes `bob@x`, so row 2 takes its second.
    assert_eq!(judge::choose(&passed), BTreeMap::from([(0, 1), (1, 1), (2, 1)]));

    let question = judge::evaluate(&schema(), &table, &["lower(email)", "NOT gone", "slug"], &each);
    let answer = ask(&server, &question);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(answer[1], [text("alice@x"), text("false"), None]);
    assert_eq!(answer[5][2], text("it's \"q\" \\ {,}"));
}

#[test]
fn a_table_without_candidates_columns_is_judged_too() {
    let server = Server::start();
    let _ = server.psql("postgres", "create table d (a integer not null default 3 check (a > 2))");
    let table = table(&server, "postgres", "d");
    let question = judge::candidates(
        &schema(),
        &table,
        &table.checks,
        &[candidate(0, 0, &[]), candidate(1, 0, &[])],
    );
    assert_eq!(judge::passed(&ask(&server, &question)).unwrap().len(), 2);
}

#[test]
fn twenty_thousand_candidates_are_judged_in_one_pass() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create table m (n integer not null unique);
         alter database postgres set statement_timeout = '6s'",
    );
    let table = table(&server, "postgres", "m");
    let one =
        |number: u32| candidate(number / 2, number % 2, &[("n", &(number % 15_000).to_string())]);
    let candidates: Vec<Candidate> = (0..20_000).map(one).collect();
    let question = judge::candidates(&schema(), &table, &[], &candidates);
    let passed = judge::passed(&ask(&server, &question)).unwrap();
    let found: Vec<(u32, u32)> = passed.iter().map(|one| (one.row, one.attempt)).collect();
    assert_eq!(found, candidates.iter().map(|one| (one.row, one.attempt)).collect::<Vec<_>>());
    assert_eq!(judge::choose(&passed).len(), 10_000);
}

#[test]
fn a_generated_column_is_judged_where_it_could_be_null() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create function key(t text) returns text immutable language sql as 'select substring($1, ''^v'')';
         create table g (a text not null, b text, n integer not null,
           search tsvector not null generated always as
             (setweight(to_tsvector('english', a), 'A') || to_tsvector('simple'::regconfig, lower(a))) stored,
           whole text not null generated always as (a || '!') stored,
           sorted text not null generated always as (key(a)) stored,
           part text not null generated always as (to_tsvector('simple'::regconfig, b)::text) stored,
           maybe text generated always as (key(b)) stored,
           check (sorted <> 'x' and key(part) is not null))",
    );
    let mut table = table(&server, "postgres", "g");
    table.checks[0].columns = vec!["sorted".to_owned(), "part".to_owned()];
    let model = table_model(&schema(), &table, &settings("judge"));
    let judged: Vec<(&str, Vec<&str>)> = model
        .judged
        .iter()
        .map(|check| (check.name.as_str(), check.columns.iter().map(String::as_str).collect()))
        .collect();
    let expected =
        [("g_check", vec!["a", "b"]), ("sorted not null", vec!["a"]), ("part not null", vec!["b"])];
    assert_eq!(judged, expected);
    assert_eq!(model.groups.len(), 1);
    assert_eq!(model.groups[0].judged, [0, 1, 2]);
}

#[test]
fn other_kinds_of_value_fit_the_type_or_are_not_there() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create function odd(t text, n numeric, d timestamp, j jsonb) returns boolean immutable
           language sql as 'select true';
         create table k (t character varying(12) not null unique, n numeric(6,2) not null,
           d timestamp without time zone not null, j jsonb not null,
           check (odd(t, n, d, j)), check (t <> '' and n > 0))",
    );
    let mut table = table(&server, "postgres", "k");
    let called = table.checks.iter_mut().find(|check| check.expression.contains("odd"));
    called.unwrap().columns = ["t", "n", "d", "j"].map(str::to_owned).to_vec();
    let model = table_model(&schema(), &table, &settings("kinds"));
    let wanted: Vec<String> = model.wanted().map(str::to_owned).collect();
    let row = |ordinal: u32, guise: u32| {
        model.row_as(
            &RowRequest {
                identity: Identity::Ordinal { scope: "shared", ordinal: ordinal.into() },
                fixed: &BTreeMap::new(),
                wanted: &wanted,
                attempt: 0,
                ordinal: ordinal.into(),
            },
            &[guise],
        )
    };
    let mut candidates = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for guise in 0..model.groups[0].guises().min(1_500) {
        if let Ok(values) = row(0, guise) {
            seen.insert(values["t"].clone());
            candidates.push(Candidate { row: 0, attempt: guise, values });
        }
    }
    assert!(seen.len() > 30, "{seen:?}");
    // The server takes all of them, and none was proposed in vain.
    let question = judge::candidates(&schema(), &table, &table.checks, &candidates);
    assert_eq!(judge::passed(&ask(&server, &question)).unwrap().len(), candidates.len());
    // Rows of one kind differ where they must.
    for guise in 0..80 {
        let made = |ordinal| row(ordinal, guise).ok().map(|values| values["t"].clone());
        let rows: Vec<_> = (0..20).filter_map(made).collect();
        let few = rows.iter().collect::<std::collections::BTreeSet<_>>();
        assert!(few.len() == rows.len() || rows.len() < 20, "{guise}: {rows:?}");
    }
}
