//! Tables of every shape: generated, partitioned, inherited, unlogged, foreign.

use super::{T, spring, trap};

const PARTITIONS: &str = "CREATE TABLE t (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
    CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
    CREATE TABLE t2 (v text, k int NOT NULL, id int NOT NULL); ALTER TABLE t ATTACH PARTITION t2 FOR VALUES IN (2);
    CREATE TABLE td PARTITION OF t DEFAULT;
    INSERT INTO t SELECT g, g % 3 + 1, 'v' FROM generate_series(1, 12) g";

#[tokio::test]
async fn tables_of_every_shape_are_undone() {
    spring(vec![
        trap(
            "generated and identity columns",
            "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text DEFAULT 'x');
             INSERT INTO t (a) VALUES (1),(2),(3)",
            &[
                "INSERT INTO t (a) VALUES (4)",
                "UPDATE t SET a = 10 WHERE id = 1",
                "DELETE FROM t WHERE id = 2",
                "UPDATE t SET id = DEFAULT WHERE id = 3",
                "INSERT INTO t (a) VALUES (5)",
                "DELETE FROM t WHERE a = 5",
            ],
        ),
        trap(
            "virtual generated column",
            "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL);
             INSERT INTO t (a) VALUES (1),(2),(3);
             CREATE TABLE n (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL); INSERT INTO n (a) VALUES (1),(1),(2)",
            &[
                "INSERT INTO t (a) VALUES (4)",
                "UPDATE t SET a = 10 WHERE id = 1",
                "DELETE FROM t WHERE id = 2",
                "INSERT INTO t (a) VALUES (5)",
                "DELETE FROM t WHERE a = 5",
                "UPDATE n SET a = 5 WHERE a = 2",
                "INSERT INTO n (a) VALUES (1)",
                "DELETE FROM n WHERE a = 1",
                "INSERT INTO t (a) VALUES (6)",
                "TRUNCATE t, n",
            ],
        )
        .since(18),
        trap(
            "virtual generated column in a partition",
            "CREATE TABLE t (id int, a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL) PARTITION BY LIST (id);
             CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); INSERT INTO t (id, a) VALUES (1, 1)",
            &["INSERT INTO t (id, a) VALUES (1, 2)", "UPDATE t1 SET a = 5 WHERE a = 1", "DELETE FROM t WHERE a = 2", "TRUNCATE t"],
        )
        .since(18),
        trap(
            "partitions through the parent",
            PARTITIONS,
            &[
                "UPDATE t SET k = 2 WHERE k = 1",
                "DELETE FROM t WHERE id = 3",
                "INSERT INTO t VALUES (100,1,'n'),(101,9,'n')",
                "UPDATE t SET v = 'w'",
                "UPDATE t SET k = 1 WHERE id = 101",
            ],
        ),
        trap(
            "partitions directly, and rows that move",
            PARTITIONS,
            &[
                "UPDATE t1 SET v = 'leaf'",
                "INSERT INTO t2 (id, k, v) VALUES (55,2,'d')",
                "DELETE FROM td WHERE id = 2",
                "UPDATE t SET k = 2 WHERE id = 9",
                "UPDATE t2 SET v = 'again' WHERE id = 9",
                "UPDATE t SET k = 1 WHERE id = 1",
            ],
        ),
        trap(
            "copy into partitions",
            PARTITIONS,
            &["COPY t (id, k, v) FROM STDIN <<\n1000\t1\tc\n1001\t2\tc\n1002\t7\tc\n1003\t1\tc\n"],
        ),
        trap(
            "truncate of a partitioned parent and of a leaf",
            PARTITIONS,
            &["TRUNCATE t", "INSERT INTO t VALUES (1,1,'x'),(2,2,'y')", "TRUNCATE t2"],
        ),
        trap(
            "partitions of partitions without keys",
            "CREATE TABLE t (k int, v text) PARTITION BY LIST (k);
             CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1) PARTITION BY RANGE (v);
             CREATE TABLE t1a PARTITION OF t1 FOR VALUES FROM ('a') TO ('m'); CREATE TABLE t1z PARTITION OF t1 DEFAULT;
             INSERT INTO t VALUES (1,'b'),(1,'b'),(1,'x'),(1,NULL)",
            &["UPDATE t SET v = 'y' WHERE ctid = '(0,1)' AND v = 'b'", "DELETE FROM t1z WHERE v IS NULL", "INSERT INTO t VALUES (1,'b')"],
        ),
        trap(
            "inheritance",
            "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (extra text, PRIMARY KEY (id)) INHERITS (a);
             INSERT INTO a VALUES (1,'a'),(2,'b'); INSERT INTO b VALUES (10,'c','keep me'),(11,'d','keep too')",
            &[
                "UPDATE a SET v = 'z'",
                "DELETE FROM a WHERE id IN (1, 10)",
                "INSERT INTO b VALUES (12,'n','e')",
                "UPDATE ONLY a SET v = 'y'",
                "TRUNCATE ONLY a",
            ],
        ),
        trap(
            "unlogged table",
            &format!("{T} ALTER TABLE t SET UNLOGGED"),
            &["UPDATE t SET v = 'u' WHERE id < 4", "INSERT INTO t VALUES (99,'n')", "DELETE FROM t WHERE id = 9"],
        ),
        trap(
            "temporary table in front of a real one",
            T,
            &[
                "CREATE TEMP TABLE t (id int PRIMARY KEY, v text)",
                "INSERT INTO t VALUES (1,'temp')",
                "UPDATE public.t SET v = 'real' WHERE id = 1",
                "DROP TABLE pg_temp.t",
                "CREATE TEMP TABLE zz (id serial, a text)",
                "INSERT INTO zz (a) VALUES ('x')",
                "CREATE INDEX ON zz ((1))",
                "CREATE TEMP VIEW zv AS SELECT 1",
                "CREATE TEMP TABLE zc ON COMMIT DROP AS SELECT 1",
            ],
        ),
        trap(
            "temporary table that survives in its session",
            T,
            &["CREATE TEMP TABLE zz (id serial, a text)", "INSERT INTO zz (a) VALUES ('x')", "b> UPDATE t SET v = 'b'"],
        ),
        trap(
            "foreign table",
            "CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw;
             CREATE FOREIGN TABLE f (a text) SERVER s OPTIONS (program 'true'); CREATE TABLE t (a int)",
            &["! INSERT INTO f VALUES ('x')", "INSERT INTO t VALUES (1)"],
        )
        .needs("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'file_fdw')"),
        trap(
            "foreign table that is written",
            "CREATE EXTENSION postgres_fdw;
             CREATE TABLE t (a int);
             DO $$ BEGIN EXECUTE format('CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
               split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), 'postgres'); END $$;
             CREATE USER MAPPING FOR postgres SERVER s OPTIONS (user 'postgres');
             CREATE FOREIGN TABLE f (a text) SERVER s OPTIONS (schema_name 'pg_catalog', table_name 'pg_shdescription', updatable 'true')",
            &["DELETE FROM f WHERE false"],
        )
        .needs("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw')")
        .replaced("foreign table"),
        trap(
            "foreign table that is truncated",
            "CREATE EXTENSION postgres_fdw; CREATE TABLE t (a int); CREATE TABLE behind (a int);
             DO $$ BEGIN EXECUTE format('CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
               split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database()); END $$;
             CREATE USER MAPPING FOR postgres SERVER s OPTIONS (user 'postgres');
             CREATE FOREIGN TABLE f (a int) SERVER s OPTIONS (schema_name 'public', table_name 'behind')",
            &["TRUNCATE f"],
        )
        .since(16)
        .needs("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw')")
        .replaced("foreign table"),
        trap(
            "materialized view refreshed",
            &format!("{T} CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM t"),
            &["INSERT INTO t VALUES (99,'x')", "REFRESH MATERIALIZED VIEW mv"],
        )
        .replaced("REFRESH MATERIALIZED VIEW"),
    ])
    .await;
}
