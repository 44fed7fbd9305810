//! One schema of everything, compared field by field.

use std::path::Path;

use seedbed_schema::TableKind;

use super::outline::outline;
use super::{RICH, read, with};

/// `rich.txt` was read line by line against `rich.sql`. UPDATE_VECTORS=1 writes
/// it anew; then read what changed.
#[tokio::test]
async fn everything_is_read_as_it_was_written() {
    let (_, session) = with(RICH).await;
    let schema = read(&session).await;
    assert_eq!(schema.server, session.server_version().0);
    let found = outline(&schema);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/introspect/rich.txt");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&file, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap();
    for (nth, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", nth + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

#[tokio::test]
async fn two_databases_of_one_schema_look_the_same() {
    let (_, one) = with(RICH).await;
    let (_, other) = with(&format!("CREATE TABLE first (); DROP TABLE first; {RICH}")).await;
    assert_eq!(read(&one).await, read(&other).await);
    // Objects have other numbers.
    let fingerprints =
        [one.catalog_fingerprint().await.unwrap(), other.catalog_fingerprint().await.unwrap()];
    assert_ne!(fingerprints[0], fingerprints[1]);
}

/// What was read means the same in another session, whatever its search path.
#[tokio::test]
async fn expressions_can_be_evaluated_elsewhere() {
    let (target, session) = with(RICH).await;
    let schema = read(&session).await;
    let other = crate::ground::session(&target).await;
    other.batch("SET search_path = app").await.unwrap();
    let mut evaluated = 0;
    // Nobody has ever written a handler for `remote`.
    for table in schema.tables.values().filter(|table| table.kind != TableKind::Foreign) {
        let name = table.name.sql();
        let defaults = table.columns.iter().filter_map(|column| column.default.as_ref());
        let predicates = table.keys.iter().filter_map(|key| key.predicate.as_ref());
        let parts = table.keys.iter().flat_map(|key| key.parts.iter().map(|part| &part.expression));
        let holds = table.partitions.iter().filter_map(|partition| partition.holds.as_ref());
        let checks = table.checks.iter().map(|check| &check.expression);
        let types = table.columns.iter().map(|column| format!("NULL::{}", column.data_type.sql));
        let of_row = predicates.chain(parts).chain(holds).chain(checks).chain(defaults).cloned();
        // A domain that is NOT NULL refuses even to be asked.
        for expression in of_row.chain(types.filter(|it| !it.ends_with("app.small"))) {
            let sql = format!("SELECT {expression} FROM {name} LIMIT 0");
            other.batch(&sql).await.unwrap_or_else(|failure| panic!("{sql}: {}", failure.chain()));
            evaluated += 1;
        }
    }
    assert!(evaluated > 100, "{evaluated}");
}
