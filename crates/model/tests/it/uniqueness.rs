//! Rows of a table do not collide, and what belongs together agrees.

use std::collections::BTreeMap;

use seedbed_model::{Identity, RowRequest, TableModel, table_model};
use seedbed_schema::{Exclusion, KeyPart, Partition, TableName, UniqueKey, quote_literal};
use seedbed_testkit::Server;
use seedbed_values::Datum;

use crate::catalogue::{schema, settings, table};

fn row(model: &TableModel, identity: Identity<'_>, attempt: u32) -> BTreeMap<String, String> {
    let wanted: Vec<String> = model.wanted().map(str::to_owned).collect();
    let request =
        RowRequest { identity, fixed: &BTreeMap::new(), wanted: &wanted, attempt, ordinal: 0 };
    let row = model.row(&request).expect("a row");
    row.into_iter().map(|(name, value)| (name, value.expect("a value"))).collect()
}

fn shared(ordinal: u64) -> Identity<'static> {
    Identity::Ordinal { scope: "shared", ordinal }
}

fn insert(table: &str, row: &BTreeMap<String, String>) -> String {
    let names: Vec<String> = row.keys().map(|name| seedbed_schema::quote(name)).collect();
    let values: Vec<String> = row.values().map(|value| quote_literal(value)).collect();
    format!("insert into {table} ({}) values ({});\n", names.join(", "), values.join(", "))
}

fn part(name: &str) -> KeyPart {
    KeyPart {
        column: Some(name.to_owned()),
        expression: name.to_owned(),
        columns: vec![name.to_owned()],
    }
}

#[test]
fn rows_of_one_table_do_not_collide() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create table people (email varchar(60) not null unique, username varchar(24) not null unique,
           phone text not null unique, country_code char(2) not null unique, slug text not null unique,
           code varchar(3) not null unique, score smallint not null unique, name text not null unique,
           born date not null unique, at timestamptz not null unique, rate numeric(5,2) not null unique,
           tag text not null unique check (tag ~ '^[A-Z]{2}-[0-9]{3}$'), token uuid not null unique,
           handle text not null unique check (handle = lower(handle) and length(handle) between 3 and 15),
           host inet not null unique, sku varchar(12) not null unique, low integer not null,
           kind text not null check (kind in ('a', 'b', 'c')), level smallint not null,
           during int4range not null, unique (kind, level), exclude using gist (during with &&))",
    );
    let mut table = table(&server, "postgres", "people");
    table.keys.retain(|key| !key.name.contains("kind"));
    table.keys.push(UniqueKey {
        name: "people_kind_level_key".to_owned(),
        parts: vec![part("kind"), part("level")],
        ..table.keys[0].clone()
    });
    table.exclusions.push(Exclusion {
        name: "people_during_excl".to_owned(),
        parts: vec![part("during")],
        operators: vec!["&&".to_owned()],
        predicate: None,
        deferrable: false,
    });
    let model = table_model(&schema(), &table, &settings("unique"));
    assert!(model.judged.is_empty(), "{:?}", model.judged);
    let _ = server.psql("postgres", "create table refused (why text)");
    let sql: String = (0..400)
        .map(|ordinal| {
            let insert = insert("people", &row(&model, shared(ordinal), 0));
            format!(
                "do $body$ begin {insert} exception when others then
                 insert into refused values (sqlerrm); end $body$;\n"
            )
        })
        .collect();
    let _ = server.psql("postgres", &sql);
    let refused = server.psql("postgres", "select why, count(*) from refused group by why");
    assert_eq!(refused, "");
    assert_eq!(server.psql("postgres", "select count(*) from people"), "400");
}

#[test]
fn the_same_request_is_the_same_row_and_others_are_not() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create table u (email text not null, first_name text not null, last_name text not null,
           age integer not null, bio text not null)",
    );
    let before = table(&server, "postgres", "u");
    let model = table_model(&schema(), &before, &settings("one"));
    let key = [Datum::text("alice")];
    let first = row(&model, Identity::Keyed(&key), 0);
    assert_eq!(first, row(&model, Identity::Keyed(&key), 0));
    for other in [
        row(&model, Identity::Keyed(&[Datum::text("bob")]), 0),
        row(&model, Identity::Keyed(&key), 1),
        row(&model, shared(0), 0),
        row(&table_model(&schema(), &before, &settings("two")), Identity::Keyed(&key), 0),
    ] {
        assert_ne!(first, other);
    }
    // The e-mail is that person's.
    for ordinal in 0..50 {
        let one = row(&model, shared(ordinal), 0);
        let local = one["email"].split(['@', '.', '+', '_']).next().expect("a local part");
        let given = one["first_name"].to_lowercase();
        let family = one["last_name"].to_lowercase();
        let begins = |name: &str| {
            let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            local.starts_with(&name[..1])
        };
        assert!(begins(&given) || begins(&family), "{one:?}");
    }
    // Another column changes nothing.
    let _ = server.psql("postgres", "alter table u add more text not null default ''");
    let after = table_model(&schema(), &table(&server, "postgres", "u"), &settings("one"));
    assert_eq!(first, row(&after, Identity::Keyed(&key), 0));
}

#[test]
fn rows_find_a_partition() {
    let server = Server::start();
    let _ = server.psql(
        "postgres",
        "create table p (at date not null, kind text not null) partition by range (at);
         create table p1 partition of p for values from ('2021-01-01') to ('2021-02-01');
         create table p2 partition of p for values from ('2021-02-01') to ('2021-03-01')",
    );
    let mut table = table(&server, "postgres", "p");
    table.partitions = ["p1", "p2"]
        .map(|name| Partition {
            name: TableName::new("public", name),
            holds: Some(server.psql(
                "postgres",
                &format!("select pg_get_partition_constraintdef('{name}'::regclass)"),
            )),
        })
        .into();
    let model = table_model(&schema(), &table, &settings("parts"));
    let sql: String =
        (0..50).map(|ordinal| insert("p", &row(&model, shared(ordinal), 0))).collect();
    let _ = server.psql("postgres", &sql);
    assert_eq!(server.psql("postgres", "select count(*) from p"), "50");
}
