//! The user's triggers and rules: what they write is undone, and a reset does
//! not set them off.

use super::ground::{Lab, ROLES, SERVER, replace, undone};

const AUDITED: &str = "CREATE TABLE audit (id serial, what text); INSERT INTO audit (what) VALUES ('start');
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit (what) VALUES (tg_table_name || tg_op || tg_when || tg_level);
      IF tg_op = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END$$;";

#[tokio::test]
async fn triggers_that_write_other_tables_are_silent_while_a_reset_runs() {
    let setup = format!(
        "{AUDITED}
         CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (a int REFERENCES a ON DELETE CASCADE, n int); CREATE TABLE c (a int REFERENCES a ON DELETE SET NULL);
         INSERT INTO a VALUES (1, 'x'), (2, 'y'); INSERT INTO b VALUES (1, 1); CREATE TABLE e (LIKE a);
         CREATE TRIGGER r BEFORE INSERT OR UPDATE OR DELETE ON a FOR EACH ROW EXECUTE FUNCTION tell(); CREATE TRIGGER s AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON a FOR EACH STATEMENT EXECUTE FUNCTION tell();
         CREATE TRIGGER s BEFORE INSERT OR UPDATE OR DELETE ON b FOR EACH STATEMENT EXECUTE FUNCTION tell(); CREATE TRIGGER s AFTER UPDATE ON c FOR EACH STATEMENT EXECUTE FUNCTION tell();
         CREATE TRIGGER off BEFORE DELETE ON a FOR EACH ROW EXECUTE FUNCTION tell(); ALTER TABLE a DISABLE TRIGGER off;
         CREATE TRIGGER always AFTER DELETE ON a FOR EACH ROW EXECUTE FUNCTION tell(); ALTER TABLE a ENABLE ALWAYS TRIGGER always;
         CREATE TRIGGER replica AFTER DELETE ON a FOR EACH ROW EXECUTE FUNCTION tell(); ALTER TABLE a ENABLE REPLICA TRIGGER replica;
         CREATE CONSTRAINT TRIGGER late AFTER INSERT OR DELETE ON b DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
         CREATE TRIGGER r AFTER DELETE ON e FOR EACH ROW EXECUTE FUNCTION tell();
         CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TABLE full_log (a int); INSERT INTO full_log VALUES (1);
         CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p VALUES (1); CREATE TRIGGER r BEFORE INSERT OR DELETE ON p FOR EACH ROW EXECUTE FUNCTION tell();
         CREATE TRIGGER s AFTER DELETE OR TRUNCATE ON p FOR EACH STATEMENT EXECUTE FUNCTION tell();
         CREATE TRIGGER append_only BEFORE DELETE ON full_log FOR EACH ROW EXECUTE FUNCTION never()"
    );
    undone(
        &setup,
        &[
            "INSERT INTO a VALUES (3, 'z')
             INSERT INTO b VALUES (3, 3)",
            "UPDATE a SET v = 'other'",
            "DELETE FROM a WHERE id = 1",
            "TRUNCATE a CASCADE",
            "INSERT INTO a VALUES (7, 'seven')",
            "INSERT INTO e VALUES (1, 'x')",
            "INSERT INTO full_log VALUES (2)",
            "INSERT INTO p VALUES (2)",
            "DELETE FROM p",
            "INSERT INTO e SELECT g, 'many' FROM generate_series(1, 9000) g
             INSERT INTO p SELECT g FROM generate_series(1, 9000) g",
        ],
    )
    .await;
}

#[tokio::test]
async fn rules_and_views() {
    undone(
        "CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 1); CREATE TABLE copy (a int); CREATE TABLE closed (a int); INSERT INTO closed VALUES (1);
         CREATE RULE also AS ON INSERT TO t DO ALSO INSERT INTO copy VALUES (new.a); CREATE RULE gone AS ON DELETE TO t DO ALSO INSERT INTO copy VALUES (-old.a);
         CREATE RULE no AS ON INSERT TO closed DO INSTEAD NOTHING; ALTER TABLE closed ENABLE ALWAYS RULE no; CREATE RULE instead AS ON DELETE TO closed DO INSTEAD INSERT INTO copy VALUES (0);
         CREATE VIEW w AS SELECT a FROM t; CREATE VIEW x AS SELECT 1 AS a; CREATE RULE through AS ON INSERT TO x DO INSTEAD INSERT INTO t VALUES (new.a, 0);
         CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO copy VALUES (new.a); RETURN new; END$$; CREATE VIEW y AS SELECT a FROM copy UNION SELECT a FROM t;
         CREATE TRIGGER i INSTEAD OF INSERT ON y FOR EACH ROW EXECUTE FUNCTION put()",
        &[
            "INSERT INTO t VALUES (2, 2)",
            "DELETE FROM t",
            "UPDATE closed SET a = 2",
            "DELETE FROM closed",
            "INSERT INTO w VALUES (5)",
            "INSERT INTO x VALUES (6)",
            "INSERT INTO y VALUES (7)",
            "UPDATE w SET a = 8",
        ],
    )
    .await;
}

/// What a reset cannot silence and what writes where nothing was to change.
#[tokio::test]
async fn what_a_reset_sets_off_is_noticed() {
    let lab = Lab::with(
        "app",
        "CREATE TABLE ddl_log (tag text); CREATE TABLE t (a int); CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
         CREATE TRIGGER k BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION keep()",
        "",
    )
    .await;
    let clone = format!("{}_e", lab.database);
    lab.clone_as(&clone);
    // Event triggers take a superuser, so an owner cannot silence them.
    let mut emptier = super::ground::open("app", &clone).await;
    let _ = SERVER.psql(
        &clone,
        "CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO ddl_log VALUES (tg_tag); END';
         CREATE EVENT TRIGGER log ON ddl_command_end EXECUTE FUNCTION log_ddl()",
    );
    let why = replace(&mut emptier).await;
    assert!(why.contains("schema"), "{why}");
    emptier.close().await;
    let _ = SERVER.psql("postgres", &format!("DROP DATABASE {clone} WITH (FORCE)"));
}

/// The same event trigger as part of the template.
#[tokio::test]
async fn an_event_trigger_of_the_template_that_logs_a_reset_is_noticed() {
    for role in ROLES {
        let lab = Lab::with(
            role,
            "CREATE TABLE t (a int); CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
             CREATE TRIGGER k BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION keep()",
            &format!(
                "SET SESSION AUTHORIZATION {role}; CREATE TABLE ddl_log (tag text); RESET SESSION AUTHORIZATION;
                 CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ddl_log VALUES (tg_tag); END';
                 CREATE EVENT TRIGGER log ON ddl_command_end WHEN tag IN ('ALTER TABLE') EXECUTE FUNCTION log_ddl()"
            ),
        )
        .await;
        let mut emptier = lab.open().await;
        let session = lab.session().await;
        session.batch("INSERT INTO t VALUES (1)").await.unwrap();
        let why = replace(&mut emptier).await;
        assert!(why.contains("ddl_log"), "{why}");
    }
}
