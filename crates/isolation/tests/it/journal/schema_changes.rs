//! Changes of the schema are seen, and what is none raises no alarm.

use seedbed_isolation::journal::Rewound;

use super::ground::{Lab, SERVER, differences, mark};
use crate::ground::unique;

const SCHEMA: &str = "CREATE TABLE t (id serial PRIMARY KEY, v text, e int); CREATE TYPE mood AS ENUM ('a');
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'; CREATE VIEW vw AS SELECT 1 a; CREATE SEQUENCE s;
    CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE DOMAIN dom AS int; INSERT INTO t (v) SELECT 'x' FROM generate_series(1, 100) g;
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
    ALTER TABLE t ADD CHECK (e > 0); CREATE MATERIALIZED VIEW old_mv AS SELECT 1 AS a; GRANT SELECT ON t TO other";

const CHANGES: &[&str] = &[
    "ALTER TABLE t ADD COLUMN z int",
    "ALTER TABLE t ALTER v SET DEFAULT 'q'",
    "ALTER TABLE t ALTER v SET NOT NULL",
    "ALTER TABLE t RENAME v TO w",
    "ALTER TABLE t RENAME TO t9",
    "ALTER TABLE t DISABLE TRIGGER tr",
    "ALTER TABLE t DISABLE TRIGGER ALL",
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
    "ALTER SEQUENCE s RESTART 77",
    "COMMENT ON TABLE t IS 'x'",
    "GRANT SELECT ON t TO public",
    "REVOKE ALL ON SCHEMA public FROM public",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
    "CREATE SCHEMA x",
    "DROP EXTENSION plpgsql CASCADE",
    "CREATE STATISTICS st ON id, v FROM t",
    "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
    "SELECT 1 AS a INTO newt",
    "CREATE MATERIALIZED VIEW mv AS SELECT 1",
    "REFRESH MATERIALIZED VIEW old_mv",
    "ALTER TABLE t DROP CONSTRAINT t_e_check",
    "CREATE RULE ru AS ON INSERT TO t DO NOTHING",
    "ALTER DOMAIN dom SET NOT NULL",
    "ALTER TABLE t OWNER TO other",
    "DROP TABLE t",
    "DROP SEQUENCE s",
    "DROP OWNED BY other",
    "CREATE TABLE extra (id int)",
    "CREATE TABLE IF NOT EXISTS extra (id int)",
    "CREATE TABLE IF NOT EXISTS extra AS SELECT 1 AS a",
    "CREATE TEMP TABLE z (a int); CREATE TABLE extra (id int)",
    "CREATE AGGREGATE ag (int) (sfunc = int4pl, stype = int)",
    "CREATE PROCEDURE pr() LANGUAGE sql AS 'select 1'",
    "CREATE EVENT TRIGGER ee ON ddl_command_start EXECUTE FUNCTION seedbed_journal.note_ddl()",
    "DROP EVENT TRIGGER seedbed_journal_ddl",
    "DROP SCHEMA seedbed_journal CASCADE",
];

const NO_CHANGES: &[&str] = &[
    "TRUNCATE t",
    "CREATE TEMP TABLE z (id serial PRIMARY KEY, a text)",
    "CREATE TEMP VIEW tv AS SELECT 1",
    "ANALYZE",
    "VACUUM",
    "INSERT INTO t (v) VALUES ('x')",
    "BEGIN; ALTER TABLE t ADD COLUMN zz int; CREATE TABLE zt (id int); ROLLBACK",
    "CREATE TEMP TABLE z AS SELECT 1; DROP TABLE z",
    "VACUUM FULL t",
    "REINDEX TABLE t",
    "SET search_path = x",
    "CREATE TABLE IF NOT EXISTS t (id int)",
    "CREATE SCHEMA IF NOT EXISTS public",
    "CREATE INDEX IF NOT EXISTS t_pkey ON t (id)",
    "CREATE EXTENSION IF NOT EXISTS plpgsql",
    "DROP TABLE IF EXISTS nothing",
    "DISCARD ALL",
];

/// What a rewind after `sql` in a fresh clone says, and whether the clone is
/// as it was.
async fn rewound(lab: &Lab, sql: &str) -> (Rewound, bool) {
    let database = unique("journal_d");
    lab.clone_as(&database);
    let mut journal = super::ground::open("postgres", &database).await;
    let mark = mark(&mut journal).await;
    let session = super::ground::connect("postgres", &database).await;
    session.batch("UPDATE t SET v = 'changed' WHERE id < 5").await.unwrap();
    for statement in sql.split("; ") {
        session.batch(statement).await.unwrap_or_else(|why| panic!("{sql}: {}", why.chain()));
    }
    session.close().await;
    let rewound = journal.rewind(&mark).await.unwrap();
    journal.close().await;
    let same = differences(&super::ground::contents(&database), &lab.untouched).is_none();
    let _ = SERVER.psql("postgres", &format!("DROP DATABASE {database} WITH (FORCE)"));
    (rewound, same)
}

#[tokio::test]
async fn a_change_of_the_schema_replaces_the_database() {
    let lab = Lab::new(SCHEMA).await;
    let mut missed = Vec::new();
    for sql in CHANGES {
        let (rewound, _) = rewound(&lab, sql).await;
        if !matches!(rewound, Rewound::Replace { .. }) {
            missed.push(*sql);
        }
    }
    assert!(missed.is_empty(), "not seen: {missed:#?}");
}

#[tokio::test]
async fn what_changes_no_schema_raises_no_alarm() {
    let lab = Lab::new(SCHEMA).await;
    let mut wrong = Vec::new();
    for sql in NO_CHANGES {
        let (rewound, same) = rewound(&lab, sql).await;
        if !matches!(rewound, Rewound::Done { .. }) || !same {
            wrong.push(format!("{sql}: {rewound:?}, same: {same}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
