//! Rows are found again: by keys of any kind, and without any.

use super::{T, spring, trap};

const CITEXT: &str =
    "SELECT count(*) = 2 FROM pg_available_extensions WHERE name IN ('citext', 'ltree')";
const ICU: &str = "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'en-x-icu')";

#[tokio::test]
async fn rows_are_found_again() {
    spring(vec![
        trap(
            "no key, duplicates",
            "CREATE TABLE t (a int, b text);
             INSERT INTO t VALUES (1,'a'),(1,'a'),(1,'a'),(2,NULL),(2,NULL),(NULL,NULL),(NULL,NULL)",
            &[
                "INSERT INTO t VALUES (1,'a')",
                "DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t WHERE a = 2)",
                "UPDATE t SET b = 'z' WHERE ctid = (SELECT max(ctid) FROM t WHERE a = 1)",
                "INSERT INTO t VALUES (NULL,NULL)",
                "DELETE FROM t WHERE a IS NULL AND ctid = (SELECT min(ctid) FROM t WHERE a IS NULL)",
            ],
        ),
        trap(
            "no columns at all",
            "CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES",
            &["INSERT INTO t DEFAULT VALUES", "DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t)"],
        ),
        trap(
            "nullable unique only",
            "CREATE TABLE t (a int UNIQUE, b text);
             INSERT INTO t VALUES (1,'a'),(NULL,'b'),(NULL,'b'),(3,'c')",
            &[
                "UPDATE t SET a = 9 WHERE a = 3",
                "DELETE FROM t WHERE a IS NULL",
                "INSERT INTO t VALUES (NULL,'b'),(3,'x')",
            ],
        ),
        trap(
            "no key, indexed array",
            "CREATE TABLE t (a int[], b text); CREATE INDEX ON t (a);
             INSERT INTO t VALUES ('{1}','a'),('{1}','a'),(NULL,'b')",
            &["UPDATE t SET a = '{2}' WHERE b = 'a'", "DELETE FROM t WHERE a IS NULL"],
        ),
        trap(
            "array as key",
            "CREATE TABLE t (a int[] PRIMARY KEY, b text); INSERT INTO t VALUES ('{1}','a'),('{1,2}','b'),('{}','c')",
            &["UPDATE t SET a = '{2}' WHERE b = 'a'", "DELETE FROM t WHERE b = 'c'", "UPDATE t SET b = 'x'"],
        ),
        trap(
            "domain as key",
            "CREATE DOMAIN d AS text CHECK (VALUE <> ''); CREATE TABLE t (a d PRIMARY KEY, b int);
             INSERT INTO t VALUES ('x', 1), ('y', 2)",
            &["UPDATE t SET a = 'z' WHERE b = 1", "DELETE FROM t WHERE b = 2"],
        ),
        trap(
            "unique index that includes a column",
            "CREATE TABLE t (a int NOT NULL, b text NOT NULL); CREATE UNIQUE INDEX ON t (a) INCLUDE (b);
             INSERT INTO t VALUES (1,'a'),(2,'b')",
            &["UPDATE t SET b = 'x' WHERE a = 1", "UPDATE t SET a = 7 WHERE a = 2"],
        ),
        trap(
            "primary key updated",
            T,
            &[
                "UPDATE t SET id = id + 1000 WHERE id < 4",
                "UPDATE t SET id = 1, v = 'other' WHERE id = 10",
                "INSERT INTO t VALUES (2,'new')",
            ],
        ),
        trap(
            "primary key shifted twice",
            "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, v text); INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 10) g",
            &[
                "UPDATE t SET id = id + 1",
                "UPDATE t SET id = id + 1",
                "DELETE FROM t WHERE id = 5",
                "INSERT INTO t VALUES (5,'again')",
            ],
        ),
        trap(
            "insert, update, delete, insert again",
            T,
            &[
                "INSERT INTO t VALUES (50,'a')",
                "UPDATE t SET v = 'b' WHERE id = 50",
                "DELETE FROM t WHERE id = 50",
                "DELETE FROM t WHERE id = 1",
                "INSERT INTO t VALUES (1,'reborn')",
                "UPDATE t SET v = 'x' WHERE id = 1",
                "UPDATE t SET v = 'v2' WHERE id = 2",
                "UPDATE t SET v = 'v2', n = 2 WHERE id = 2",
            ],
        ),
        trap(
            "composite text key",
            "CREATE TABLE t (a text, b timestamptz, c char(4), v int, PRIMARY KEY (a, b, c));
             INSERT INTO t SELECT 'k,\"' || g, '2024-01-01'::timestamptz + g * interval '1 hour', 'x', g FROM generate_series(1, 5) g",
            &[
                "UPDATE t SET v = 0",
                "UPDATE t SET a = 'moved' WHERE v = 0 AND a LIKE '%1'",
                "DELETE FROM t WHERE a LIKE '%2'",
                "INSERT INTO t VALUES ('new','2025-01-01','y',1)",
            ],
        ),
        trap(
            "long key",
            "CREATE TABLE t (k text PRIMARY KEY, v int); INSERT INTO t SELECT repeat(md5(g::text), 60), g FROM generate_series(1, 3) g",
            &[
                "UPDATE t SET v = 9",
                "DELETE FROM t WHERE v = 9 AND k = (SELECT min(k) FROM t)",
                "INSERT INTO t VALUES ('a',1)",
            ],
        ),
        trap(
            "columns named like our aliases",
            "CREATE TABLE o (id int PRIMARY KEY, n int, o int, t text, x text, s int, k int, r int, h bigint, u int, hash bigint, image text, rel int, key int);
             INSERT INTO o VALUES (1,1,1,'a','a',1,1,1,1,1,1,'a',1,1),(2,2,2,'b','b',2,2,2,2,2,2,'b',2,2);
             CREATE TABLE n (n int, t text); INSERT INTO n VALUES (1,'a'),(1,'a');
             CREATE TABLE t (t int PRIMARY KEY, k int, nth int); INSERT INTO t VALUES (1,1,1);
             CREATE TABLE u (k text, t int, ctids int, PRIMARY KEY (k, t)); INSERT INTO u VALUES ('k',1,1)",
            &[
                "UPDATE o SET n = 5",
                "UPDATE o SET t = 'c'",
                "DELETE FROM o WHERE id = 1",
                "INSERT INTO o (id) VALUES (9)",
                "UPDATE n SET t = 'b'",
                "UPDATE n SET t = 'c'",
                "INSERT INTO n VALUES (1,'a')",
                "UPDATE t SET k = 2",
                "UPDATE t SET t = 2",
                "UPDATE u SET t = 2",
            ],
        ),
        trap(
            "keys of extensions, empty search path",
            "CREATE EXTENSION citext; CREATE EXTENSION ltree;
             CREATE TABLE t (k citext PRIMARY KEY, v int); INSERT INTO t VALUES ('Abc',1),('dEf',2);
             CREATE TABLE l (p ltree PRIMARY KEY, v int); INSERT INTO l VALUES ('a.b',1),('a.c',2);
             CREATE TABLE lc (p ltree, k citext, n int, PRIMARY KEY (p, k)); INSERT INTO lc VALUES ('a','B',1);
             CREATE DOMAIN dc AS citext; CREATE TABLE dt (k dc PRIMARY KEY, v int); INSERT INTO dt VALUES ('Abc',1)",
            &[
                "SET search_path = ''",
                "UPDATE public.t SET k = 'ABC' WHERE v = 1",
                "DELETE FROM public.t WHERE v = 2",
                "UPDATE public.l SET p = 'z.z' WHERE v = 1",
                "INSERT INTO public.l VALUES ('a.b',5)",
                "UPDATE public.lc SET n = 2",
                "UPDATE public.dt SET k = 'aBC'",
            ],
        )
        .needs(CITEXT),
        trap(
            "case-insensitive key",
            "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
             CREATE TABLE t (k text COLLATE ci PRIMARY KEY, v int); INSERT INTO t VALUES ('Abc',1),('dEf',2)",
            &[
                "UPDATE t SET k = 'ABC' WHERE v = 1",
                "DELETE FROM t WHERE k = 'DEF'",
                "INSERT INTO t VALUES ('def',5)",
            ],
        )
        .needs(ICU),
        trap(
            "unique values exchanged",
            "CREATE TABLE t (id int PRIMARY KEY, e text UNIQUE NOT NULL); INSERT INTO t VALUES (1,'a'),(2,'b'),(3,'c')",
            &[
                "UPDATE t SET e = 'tmp' WHERE id = 1",
                "UPDATE t SET e = 'a' WHERE id = 2",
                "UPDATE t SET e = 'b' WHERE id = 1",
                "DELETE FROM t WHERE id = 3",
                "INSERT INTO t VALUES (4,'c')",
            ],
        ),
        trap(
            "exclusion constraint",
            "CREATE TABLE t (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&)); INSERT INTO t VALUES (1,'[1,5)'),(2,'[5,9)')",
            &[
                "UPDATE t SET r = '[100,101)' WHERE id = 1",
                "UPDATE t SET r = '[1,5)' WHERE id = 2",
                "INSERT INTO t VALUES (3,'[5,9)')",
            ],
        ),
        trap(
            "primary key without overlaps",
            "CREATE TABLE t (a int4range, p daterange, v int, PRIMARY KEY (a, p WITHOUT OVERLAPS));
             INSERT INTO t VALUES ('[1,2)','[2024-01-01,2024-02-01)',1),('[1,2)','[2024-02-01,2024-03-01)',2)",
            &["UPDATE t SET v = 9", "DELETE FROM t WHERE p @> '2024-01-05'::date"],
        )
        .since(18),
        trap(
            "dropped columns and odd names",
            "CREATE SCHEMA \"My Schema\";
             CREATE TABLE \"My Schema\".\"Ta ble\" (x int, \"Id\" int PRIMARY KEY, \"select\" text, gone int, \"qu\"\"ote\" text);
             ALTER TABLE \"My Schema\".\"Ta ble\" DROP COLUMN x, DROP COLUMN gone;
             INSERT INTO \"My Schema\".\"Ta ble\" VALUES (1,'a','b'),(2,'c','d');
             CREATE SEQUENCE \"My Schema\".\"Se q\"",
            &[
                "UPDATE \"My Schema\".\"Ta ble\" SET \"select\" = 'z' WHERE \"Id\" = 1",
                "DELETE FROM \"My Schema\".\"Ta ble\" WHERE \"Id\" = 2",
                "INSERT INTO \"My Schema\".\"Ta ble\" VALUES (9,'q','q')",
                "SELECT nextval('\"My Schema\".\"Se q\"')",
            ],
        ),
    ])
    .await;
}
