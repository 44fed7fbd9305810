//! Triggers of the user's own: their writes are undone and they do not fire
//! during the undo.

use super::{T, spring, trap};

fn with(rest: &str) -> String {
    format!("{T} {rest}")
}

#[tokio::test]
async fn what_triggers_do_is_undone() {
    spring(vec![
        trap(
            "history table fed by a trigger",
            &with("CREATE TABLE h (id int, old text, at timestamptz DEFAULT clock_timestamp());
                CREATE FUNCTION hf() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO h (id, old) VALUES (old.id, old.v); RETURN NULL; END$$;
                CREATE TRIGGER hist AFTER UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION hf()"),
            &["UPDATE t SET v = 'a' WHERE id < 3", "DELETE FROM t WHERE id = 1", "UPDATE t SET v = 'b' WHERE id = 2"],
        ),
        trap(
            "AFTER ROW trigger that updates rows of its own table",
            &with("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
                  IF pg_trigger_depth() = 1 THEN UPDATE t SET n = n + 100 WHERE id = new.id; UPDATE t SET v = v || '!' WHERE id = new.id + 1; END IF; RETURN NULL; END$$;
                CREATE TRIGGER a AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"),
            &[
                "UPDATE t SET v = 'x' WHERE id IN (3, 4)",
                "INSERT INTO t VALUES (40,'new')",
                "UPDATE t SET id = 41 WHERE id = 40",
                "UPDATE t SET v = 'y'",
            ],
        ),
        trap(
            "AFTER ROW trigger that deletes the updated row",
            &with("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF new.v = 'kill' THEN DELETE FROM t WHERE id = new.id; END IF; RETURN NULL; END$$;
                CREATE TRIGGER a AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"),
            &["UPDATE t SET v = 'kill' WHERE id IN (2, 3)", "INSERT INTO t VALUES (2,'again')"],
        ),
        trap(
            "BEFORE trigger that updates siblings",
            &with("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
                  IF new.v = 'main' THEN UPDATE t SET v = 'demoted' WHERE id <> new.id AND v = 'main'; END IF; RETURN new; END$$;
                CREATE TRIGGER b BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"),
            &["UPDATE t SET v = 'main' WHERE id = 1", "UPDATE t SET v = 'main' WHERE id = 2", "INSERT INTO t VALUES (30,'main')"],
        ),
        trap(
            "statement trigger with an earlier name",
            &with("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF pg_trigger_depth() = 1 THEN UPDATE t SET n = -1 WHERE id = 5; END IF; RETURN NULL; END$$;
                CREATE TRIGGER \" a\" AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION f()"),
            &["UPDATE t SET n = 50 WHERE id = 5"],
        ),
        trap(
            "append-only guard",
            &with("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'append only'; END$$;
                CREATE TRIGGER z BEFORE DELETE OR UPDATE OR TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION f()"),
            &["INSERT INTO t VALUES (90,'x')", "! DELETE FROM t"],
        ),
        trap(
            "trigger enabled ALWAYS",
            &with("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN new.n := coalesce(new.n, 0) + 1; RETURN new; END$$;
                CREATE TRIGGER z BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t ENABLE ALWAYS TRIGGER z"),
            &["UPDATE t SET v = 'q' WHERE id = 1"],
        )
        .replaced("ALWAYS"),
        trap(
            "trigger enabled REPLICA",
            &with("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN new.n := coalesce(new.n, 0) + 1; RETURN new; END$$;
                CREATE TRIGGER z BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t ENABLE REPLICA TRIGGER z"),
            &["UPDATE t SET v = 'q' WHERE id = 1"],
        )
        .replaced("REPLICA"),
        trap(
            "rule enabled ALWAYS",
            &with("CREATE RULE r AS ON INSERT TO t DO ALSO UPDATE t SET n = 77 WHERE id = 1; ALTER TABLE t ENABLE ALWAYS RULE r"),
            &["INSERT INTO t VALUES (90,'x')"],
        )
        .replaced("rule"),
        trap(
            "trigger enabled ALWAYS on a table that is not touched",
            &with("CREATE TABLE u (id int PRIMARY KEY);
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
                CREATE TRIGGER z BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t ENABLE ALWAYS TRIGGER z"),
            &["INSERT INTO u VALUES (1)"],
        ),
        trap(
            "constraint trigger, deferred",
            &with("CREATE TABLE h (n int);
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO h SELECT count(*) FROM t; RETURN NULL; END$$;
                CREATE CONSTRAINT TRIGGER c AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()"),
            &["BEGIN", "INSERT INTO t VALUES (90,'x')", "INSERT INTO t VALUES (91,'x')", "COMMIT"],
        ),
        trap(
            "serial drivers: lastval() is the application's",
            "CREATE TABLE t (id serial PRIMARY KEY, v text);
             CREATE FUNCTION chk() RETURNS void LANGUAGE plpgsql AS $$BEGIN INSERT INTO t (v) VALUES ('x'); UPDATE t SET v = 'y';
               IF lastval() <> currval('t_id_seq') THEN RAISE 'lastval changed'; END IF; END$$",
            &["SELECT chk()"],
        ),
    ])
    .await;
}
