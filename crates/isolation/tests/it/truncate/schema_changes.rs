//! Changes of the schema are seen without an event trigger, and what is none
//! raises no alarm.

use seedbed_isolation::truncate::{Emptiable, Emptier};

use super::ground::{Lab, ROLES, SERVER, open, replace, reset, step, target};
use crate::ground::unique;

const SCHEMA: &str = "CREATE TABLE t (id serial PRIMARY KEY, v text, e int); CREATE TYPE mood AS ENUM ('a');
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'; CREATE VIEW vw AS SELECT 1 a; CREATE SEQUENCE s;
    CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE DOMAIN dom AS int; INSERT INTO t (v) SELECT 'x' FROM generate_series(1, 100) g;
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
    ALTER TABLE t ADD CHECK (e > 0); CREATE MATERIALIZED VIEW old_mv AS SELECT 1 AS a; CREATE UNIQUE INDEX ON old_mv (a); GRANT SELECT ON t TO other; CREATE INDEX ix ON t (e)";

const CHANGES: &[&str] = &[
    "ALTER TABLE t ADD COLUMN z int",
    "ALTER TABLE t ALTER v SET DEFAULT 'q'",
    "ALTER TABLE t ALTER v SET NOT NULL",
    "ALTER TABLE t RENAME v TO w",
    "ALTER TABLE t RENAME TO t9",
    "ALTER INDEX ix RENAME TO ix2",
    "ALTER TABLE t DISABLE TRIGGER tr",
    "ALTER TABLE t DISABLE TRIGGER seedbed_truncate; INSERT INTO t (v) VALUES ('unseen')",
    "ALTER TABLE t DISABLE TRIGGER seedbed_truncate; INSERT INTO t (v) VALUES ('unseen'); ALTER TABLE t ENABLE ALWAYS TRIGGER seedbed_truncate",
    "ALTER TABLE t DISABLE TRIGGER USER; ALTER TABLE t ENABLE TRIGGER USER",
    "ALTER TABLE t ALTER e TYPE bigint; ALTER TABLE t ALTER e TYPE int",
    "ALTER TABLE t SET (fillfactor = 50)",
    "ALTER TABLE t SET UNLOGGED",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY pp ON t",
    "CREATE INDEX ON t (v)",
    "DROP VIEW vw",
    "CREATE OR REPLACE VIEW vw AS SELECT 2 a",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 2'",
    "DROP FUNCTION f()",
    "ALTER TYPE mood ADD VALUE 'b'",
    "CREATE TYPE q AS (a int)",
    "ALTER SEQUENCE s INCREMENT 5",
    "COMMENT ON TABLE t IS 'x'",
    "GRANT SELECT ON t TO public",
    "REVOKE ALL ON SCHEMA public FROM public",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
    "CREATE SCHEMA x",
    "CREATE STATISTICS st ON id, v FROM t",
    "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
    "SELECT 1 AS a INTO newt",
    "CREATE MATERIALIZED VIEW mv AS SELECT 1",
    "REFRESH MATERIALIZED VIEW old_mv",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY old_mv",
    "ALTER TABLE t DROP CONSTRAINT t_e_check",
    "CREATE RULE ru AS ON INSERT TO t DO NOTHING",
    "ALTER DOMAIN dom SET NOT NULL",
    "DROP TABLE t",
    "DROP SEQUENCE s",
    "CREATE TABLE extra (id int)",
    "CREATE TEMP TABLE z (a int); CREATE TABLE extra (id int)",
    "CREATE AGGREGATE ag (int) (sfunc = int4pl, stype = int)",
    "CREATE PROCEDURE pr() LANGUAGE sql AS 'select 1'",
    "DROP SCHEMA seedbed_truncate CASCADE",
    "SELECT lo_create(0)",
    "TRUNCATE t; ALTER TABLE t ADD COLUMN z int",
];

const NO_CHANGES: &[&str] = &[
    "TRUNCATE t",
    "TRUNCATE t RESTART IDENTITY",
    "CREATE TEMP TABLE z (id serial PRIMARY KEY, a text, b text[]); INSERT INTO z (a) VALUES ('x')",
    "CREATE TEMP VIEW tv AS SELECT 1",
    "ANALYZE",
    "VACUUM",
    "VACUUM FULL t",
    "REINDEX TABLE t",
    "BEGIN; CREATE TABLE undone (a int); ROLLBACK",
    "INSERT INTO t (v) VALUES ('x')",
    "INSERT INTO t (v) SELECT repeat('x', 100) FROM generate_series(1, 5000)",
    "ALTER SEQUENCE s RESTART 77",
    "SELECT nextval('s')",
];

#[tokio::test]
async fn every_change_of_the_schema_asks_for_a_replacement() {
    for role in ROLES {
        let lab = Lab::new(role, SCHEMA).await;
        for change in CHANGES {
            let name = unique("truncate_c");
            lab.clone_as(&name);
            let mut emptier = open(role, &name).await;
            let session = super::ground::connect(role, &name).await;
            for statement in change.split("; ") {
                session.batch(statement).await.unwrap();
            }
            let why = replace(&mut emptier).await;
            assert!(why.contains("schema"), "{change}: {why}");
            assert_eq!(replace(&mut emptier).await, why, "{change}: stays so");
            emptier.close().await;
            let again = Emptier::open(&target(role, &name)).await.unwrap();
            assert!(matches!(again, Emptiable::No(_)), "{change}: opened again");
            let _ = SERVER.psql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

#[tokio::test]
async fn what_changes_no_schema_raises_no_alarm() {
    for role in ROLES {
        let lab = Lab::new(role, SCHEMA).await;
        let mut emptier = lab.open().await;
        for change in NO_CHANGES.iter().chain(NO_CHANGES) {
            let session = lab.session().await;
            for statement in change.split("; ") {
                step(&session, statement).await.unwrap();
            }
            reset(&mut emptier).await;
            lab.check_rows(change);
        }
        lab.check("all of them");
        emptier.close().await;
        drop(lab.open().await);
    }
}

#[tokio::test]
async fn settings_of_the_database_are_seen() {
    let lab = Lab::new("app", SCHEMA).await;
    let mut emptier = lab.open().await;
    let session = lab.session().await;
    session.batch(&format!("ALTER DATABASE {} SET work_mem = '1MB'", lab.database)).await.unwrap();
    let why = replace(&mut emptier).await;
    assert!(why.contains("setting"), "{why}");
}

#[tokio::test]
async fn a_change_of_a_foreign_table_asks_for_a_replacement() {
    let privileged = "CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere; GRANT USAGE ON FOREIGN SERVER far TO app";
    let lab = Lab::with(
        "app",
        "CREATE TABLE t (a int); CREATE FOREIGN TABLE f (a int) SERVER far",
        privileged,
    )
    .await;
    let [(name, why)] = lab.baked.not_restorable.as_slice() else { panic!("{:?}", lab.baked) };
    assert!(name == "public.f" && why.contains("foreign"), "{name} {why}");
    let mut emptier = lab.open().await;
    let session = lab.session().await;
    session.batch("INSERT INTO t VALUES (1)").await.unwrap();
    reset(&mut emptier).await;
    lab.check("insert");
}
