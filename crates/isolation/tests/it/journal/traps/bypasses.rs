//! Ways around the triggers: roles, settings, and what no trigger sees.

use super::{T, spring, trap};

fn with(rest: &str) -> String {
    format!("{T} {rest}")
}

#[tokio::test]
async fn nothing_slips_through() {
    spring(vec![
        trap(
            "forced row-level security, plain role",
            &with("ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
                CREATE POLICY p ON t USING (n < 5) WITH CHECK (true); GRANT ALL ON t TO app"),
            &[
                "app> UPDATE t SET v = 'r'",
                "app> INSERT INTO t VALUES (200,'x',1)",
                "app> DELETE FROM t WHERE id = 2",
                "app> INSERT INTO t VALUES (201,'hidden',99)",
                "TRUNCATE t",
            ],
        ),
        trap(
            "plain role without rights on the journal",
            "CREATE TABLE t (id serial PRIMARY KEY, v text); INSERT INTO t (v) VALUES ('a'),('b');
             GRANT ALL ON t TO app; GRANT USAGE ON SEQUENCE t_id_seq TO app; REVOKE CREATE ON SCHEMA public FROM public",
            &[
                "app> INSERT INTO t (v) VALUES ('c')",
                "app> UPDATE t SET v = 'z' WHERE id = 1",
                "app> DELETE FROM t WHERE id = 2",
                "app> TRUNCATE t",
                "app> ! SELECT * FROM seedbed_journal.entry",
                "app> ! DELETE FROM seedbed_journal.entry",
            ],
        ),
        trap(
            "application sets session_replication_role",
            T,
            &["SET session_replication_role = replica", "UPDATE t SET v = 'r'", "INSERT INTO t VALUES (300,'x')", "DELETE FROM t WHERE id = 3"],
        ),
        trap(
            "application disables triggers",
            T,
            &["ALTER TABLE t DISABLE TRIGGER ALL", "UPDATE t SET v = 'r'", "ALTER TABLE t ENABLE TRIGGER ALL"],
        )
        .replaced("ALTER TABLE"),
        trap(
            "application disables triggers in a transaction",
            T,
            &["BEGIN", "ALTER TABLE t DISABLE TRIGGER ALL", "INSERT INTO t VALUES (300,'x')", "ALTER TABLE t ENABLE TRIGGER ALL", "COMMIT", "INSERT INTO t VALUES (301,'y')"],
        )
        .replaced("ALTER TABLE"),
        trap(
            "application disables user triggers only",
            T,
            &["ALTER TABLE t DISABLE TRIGGER USER", "INSERT INTO t VALUES (300,'x')", "ALTER TABLE t ENABLE TRIGGER USER"],
        )
        .replaced("ALTER TABLE"),
        trap("large object made", T, &["SELECT lo_from_bytea(0, 'abc')", "UPDATE t SET v = 'a'"]).replaced("large object"),
        trap("large object changed", &with("SELECT lo_from_bytea(4711, 'abc')"), &["SELECT lo_put(4711, 0, 'xyz')"]).replaced("large object"),
        trap("large object dropped, another made", &with("SELECT lo_from_bytea(4711, 'abc')"), &["SELECT lo_unlink(4711), lo_from_bytea(4712, 'abc')"]).replaced("large object"),
        trap("large object cut to nothing", &with("SELECT lo_from_bytea(4711, 'abc')"), &["DO $$ DECLARE fd int := lo_open(4711, 131072); BEGIN PERFORM lo_truncate(fd, 0); END $$"]).replaced("large object"),
        trap("large object only read", &with("SELECT lo_from_bytea(4711, 'abc')"), &["SELECT lo_get(4711)", "UPDATE t SET v = 'a'"]),
        trap("prepared transaction left", T, &["BEGIN", "UPDATE t SET v = '2pc' WHERE id = 1", "PREPARE TRANSACTION 'left'"]).replaced("prepared transaction"),
        trap(
            "prepared transactions finished",
            T,
            &[
                "BEGIN",
                "UPDATE t SET v = '2pc' WHERE id = 1",
                "PREPARE TRANSACTION 'x1'",
                "BEGIN",
                "UPDATE t SET v = '2pc' WHERE id = 2",
                "PREPARE TRANSACTION 'x2'",
                "COMMIT PREPARED 'x2'",
                "ROLLBACK PREPARED 'x1'",
            ],
        ),
        trap("setting of the database", T, &["DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''', current_database()); END $$"]).replaced("setting"),
        trap("event trigger made", &with("CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"), &["CREATE EVENT TRIGGER ee ON ddl_command_start EXECUTE FUNCTION e()"]).replaced("event trigger"),
        trap("event trigger of ours disabled", T, &["ALTER EVENT TRIGGER seedbed_journal_ddl DISABLE", "ALTER TABLE t ADD COLUMN z int"]).replaced("event trigger"),
        trap("database without any table", "SELECT 1", &["SELECT 1"]),
    ])
    .await;
}
