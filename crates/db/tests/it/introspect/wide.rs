//! Many tables.

use std::fmt::Write as _;
use std::time::Instant;

use crate::ground::{database, session};

const TABLES: usize = 400;

/// Shows what the reading of 400 tables takes; a time that others' work moves is
/// nothing to assert on.
#[tokio::test]
async fn four_hundred_tables_are_read_whole() {
    let target = database();
    let session = session(&target).await;
    let mut sql = String::new();
    for at in 0..TABLES {
        let parent = at / 2;
        let _ = write!(
            sql,
            "CREATE TABLE t{at} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
               name varchar(80) NOT NULL UNIQUE, \
               left_id bigint REFERENCES t{parent}, right_id bigint NOT NULL REFERENCES t{parent}, \
               amount numeric(12, 2) NOT NULL DEFAULT 0 CHECK (amount >= 0), note text, \
               created_at timestamptz NOT NULL DEFAULT now(), data jsonb, tags text[], flag boolean);"
        );
    }
    session.batch(&sql).await.unwrap();
    let mut least = (u128::MAX, u128::MAX);
    for _ in 0..5 {
        let began = Instant::now();
        let schema = session.schema().await.unwrap();
        least.0 = least.0.min(began.elapsed().as_micros());
        assert_eq!(schema.tables.len(), TABLES);
        for table in schema.tables.values() {
            let counts = (table.columns.len(), table.keys.len(), table.foreign_keys.len());
            assert_eq!((counts, table.checks.len()), ((10, 2, 2), 1), "{}", table.name);
        }
        let began = Instant::now();
        session.catalog_fingerprint().await.unwrap();
        least.1 = least.1.min(began.elapsed().as_micros());
    }
    let (schema, fingerprint) = least;
    #[expect(clippy::print_stdout, reason = "seen with --nocapture")]
    {
        println!("{TABLES} tables: schema {schema} µs, fingerprint {fingerprint} µs");
    }
}
