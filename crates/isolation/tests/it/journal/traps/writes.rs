//! Rows are changed: by every statement, through cascades, rules and views.

use super::{T, spring, trap};

#[tokio::test]
async fn changes_are_undone() {
    spring(vec![
        trap("nothing at all", T, &[]),
        trap(
            "savepoint and transaction rolled back",
            T,
            &[
                "BEGIN",
                "UPDATE t SET v = 'a' WHERE id = 1",
                "SAVEPOINT s",
                "UPDATE t SET v = 'b'",
                "INSERT INTO t VALUES (77,'x')",
                "ROLLBACK TO s",
                "UPDATE t SET v = 'c' WHERE id = 2",
                "RELEASE s",
                "COMMIT",
                "BEGIN",
                "DELETE FROM t",
                "ROLLBACK",
            ],
        ),
        trap(
            "on conflict",
            T,
            &[
                "INSERT INTO t VALUES (1,'c'),(99,'n') ON CONFLICT (id) DO UPDATE SET v = excluded.v, n = t.n + 1",
                "INSERT INTO t VALUES (2,'c'),(98,'n') ON CONFLICT DO NOTHING",
                "INSERT INTO t VALUES (99,'m') ON CONFLICT (id) DO UPDATE SET v = 'm'",
            ],
        ),
        trap(
            "merge",
            T,
            &["MERGE INTO t USING (VALUES (1,'m'),(2,'d'),(300,'i')) s (id, v) ON t.id = s.id
               WHEN MATCHED AND s.v = 'd' THEN DELETE WHEN MATCHED THEN UPDATE SET v = s.v
               WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v)"],
        )
        .since(15),
        trap(
            "foreign keys: cascade, set null, self-reference",
            "CREATE TABLE p (id int PRIMARY KEY, up int REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE, v text);
             CREATE TABLE ch (id int PRIMARY KEY, p int REFERENCES p ON DELETE SET NULL ON UPDATE CASCADE);
             CREATE TABLE g (id int PRIMARY KEY, ch int REFERENCES ch ON DELETE CASCADE);
             INSERT INTO p VALUES (1,NULL,'a'),(2,1,'b'),(3,2,'c'),(4,NULL,'d');
             INSERT INTO ch VALUES (1,1),(2,3),(3,4); INSERT INTO g VALUES (1,1),(2,2)",
            &[
                "UPDATE p SET id = id + 100",
                "DELETE FROM p WHERE id = 101",
                "DELETE FROM ch WHERE id = 3",
                "UPDATE p SET id = 4 WHERE id = 104",
            ],
        ),
        trap(
            "deferred circular foreign keys, deferred unique",
            "CREATE TABLE a (id int PRIMARY KEY, b int);
             CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
             ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY DEFERRED;
             INSERT INTO a VALUES (1,NULL); INSERT INTO b VALUES (1,1); UPDATE a SET b = 1;
             CREATE TABLE u (id int PRIMARY KEY, pos int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO u VALUES (1,1),(2,2),(3,3)",
            &[
                "BEGIN",
                "INSERT INTO a VALUES (2,2)",
                "INSERT INTO b VALUES (2,2)",
                "COMMIT",
                "BEGIN",
                "UPDATE u SET pos = 2 WHERE id = 1",
                "UPDATE u SET pos = 1 WHERE id = 2",
                "COMMIT",
                "DELETE FROM u WHERE id = 3",
                "INSERT INTO u VALUES (4,3)",
            ],
        ),
        trap(
            "truncate cascade restart identity",
            "CREATE TABLE p (id serial PRIMARY KEY, v text); CREATE TABLE ch (id serial PRIMARY KEY, p int REFERENCES p);
             INSERT INTO p (v) SELECT 'x' FROM generate_series(1, 9); INSERT INTO ch (p) SELECT g FROM generate_series(1, 9) g",
            &[
                "TRUNCATE p RESTART IDENTITY CASCADE",
                "INSERT INTO p (v) VALUES ('new')",
                "INSERT INTO ch (p) VALUES (1)",
                "TRUNCATE ch",
                "INSERT INTO ch (p) VALUES (1)",
            ],
        ),
        trap(
            "truncate of a large table",
            "CREATE TABLE t AS SELECT g AS id, repeat('x', 500) AS v FROM generate_series(1, 12000) g",
            &["TRUNCATE t"],
        )
        .replaced("TRUNCATE"),
        trap(
            "large change of a table without key and index",
            "CREATE TABLE t AS SELECT g AS id, repeat('x', 1000) AS v FROM generate_series(1, 40000) g",
            &["UPDATE t SET v = 'y' WHERE id = 7"],
        )
        .replaced("no index"),
        trap(
            "copy freeze",
            T,
            &[
                "BEGIN",
                "TRUNCATE t",
                "COPY t (id, v) FROM STDIN (FREEZE) <<\n500\tf\n501\tf\n1\tf\n",
                "COMMIT",
            ],
        ),
        trap(
            "CTE that deletes and inserts, the same key and others",
            T,
            &["WITH x AS (DELETE FROM t WHERE id IN (5, 6) RETURNING *) INSERT INTO t SELECT id, v || '+', n FROM x",
                "WITH x AS (DELETE FROM t WHERE id IN (1, 2) RETURNING *) INSERT INTO t SELECT id + 100, v || '+', n FROM x",
              "WITH x AS (DELETE FROM t WHERE id IN (3, 4) RETURNING *), y AS (SELECT pg_sleep(0)) INSERT INTO t SELECT id + 200, v, n FROM x, y"],
        ),
        trap(
            "CTE with two updates",
            T,
            &["WITH x AS (UPDATE t SET v = 'a' WHERE id = 1 RETURNING *), y AS (INSERT INTO t VALUES (60,'y') RETURNING *) UPDATE t SET v = 'b' WHERE id = 2"],
        ),
        trap(
            "rules",
            &format!("{T} CREATE RULE r AS ON DELETE TO t DO INSTEAD UPDATE t SET v = 'deleted' WHERE id = old.id;
                      CREATE RULE r2 AS ON INSERT TO t WHERE new.id > 500 DO INSTEAD NOTHING"),
            &["DELETE FROM t WHERE id = 1", "INSERT INTO t VALUES (20,'n')", "UPDATE t SET id = 21 WHERE id = 20"],
        ),
        trap(
            "views: INSTEAD OF and updatable",
            &format!("{T} CREATE VIEW vw AS SELECT id, v FROM t; CREATE VIEW vi AS SELECT 1 a;
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO t VALUES (new.a,'via view'); RETURN new; END$$;
                CREATE TRIGGER z INSTEAD OF INSERT ON vi FOR EACH ROW EXECUTE FUNCTION f()"),
            &[
                "INSERT INTO vi VALUES (33)",
                "UPDATE t SET v = 'w' WHERE id = 33",
                "UPDATE vw SET v = 'vw' WHERE id = 2",
                "DELETE FROM vw WHERE id = 3",
            ],
        ),
        trap(
            "whole table rewritten",
            T,
            &["VACUUM FULL t", "CLUSTER t USING t_pkey", "UPDATE t SET v = 'x'", "VACUUM FULL", "VACUUM FREEZE", "UPDATE t SET n = 9 WHERE id = 3", "VACUUM FREEZE seedbed_journal.entry"],
        ),
        trap(
            "many rows",
            "CREATE TABLE t (id int PRIMARY KEY, v text, n int)",
            &["INSERT INTO t SELECT g, 'x' || g, g FROM generate_series(1, 5000) g", "UPDATE t SET n = n + 1", "DELETE FROM t WHERE id % 2 = 0"],
        ),
    ])
    .await;
}
