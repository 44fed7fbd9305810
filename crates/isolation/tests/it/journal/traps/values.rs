//! Values come back as they were, whatever the session that wrote them had set.

use super::{spring, trap};

#[tokio::test]
async fn values_come_back_as_they_were() {
    spring(vec![
        trap(
            "old values in TOAST",
            "CREATE TABLE t (id int PRIMARY KEY, big text, j jsonb, n int); ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
             INSERT INTO t SELECT g, (SELECT string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 2000) i),
               jsonb_build_object('a', (SELECT array_agg(md5((g * 77 + i)::text)) FROM generate_series(1, 3000) i)), g FROM generate_series(1, 4) g",
            &["UPDATE t SET n = n + 1", "UPDATE t SET big = 'small' WHERE id = 1", "DELETE FROM t WHERE id = 2", "UPDATE t SET j = '{}' WHERE id = 3"],
        ),
        trap(
            "session settings differ",
            "CREATE TABLE t (id int PRIMARY KEY, d date, ts timestamptz, i interval, f float8, f4 real, b bytea, m money);
             INSERT INTO t VALUES (1,'2024-02-03','2024-07-01 10:00+00','-1 day 2 hours',0.1::float8 + 0.2::float8,1.0000001,'\\xdeadbeef',12.5),
               (2,'2024-12-11','2024-01-01 00:00+00','1 mon -3 days',1e-300,3.4e38,'\\x00',1);
             CREATE TABLE k (ts timestamptz PRIMARY KEY, f float8); INSERT INTO k VALUES ('2024-07-01 10:00+00', 0.1)",
            &[
                "SET datestyle = 'SQL, DMY'",
                "SET timezone = 'Asia/Kolkata'",
                "SET extra_float_digits = -10",
                "SET bytea_output = 'escape'",
                "SET intervalstyle = 'sql_standard'",
                "UPDATE t SET d = d + 1 WHERE id = 1",
                "UPDATE k SET f = f + 1",
                "SET timezone = 'America/New_York'",
                "SET datestyle = 'German'",
                "UPDATE t SET ts = ts + '1 hour'",
                "UPDATE k SET ts = ts + '1 hour'",
                "DELETE FROM t WHERE id = 2",
            ],
        ),
        trap(
            "money under another locale",
            "CREATE TABLE t (id int PRIMARY KEY, m money); INSERT INTO t VALUES (1, '1234.50')",
            &["SET lc_monetary = 'de_DE.UTF-8'", "UPDATE t SET m = m * 2", "INSERT INTO t VALUES (2, 5::money)", "DELETE FROM t WHERE id = 1"],
        )
        .needs("SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'de_DE.utf8')"),
        trap(
            "25 types",
            "CREATE TYPE mood AS ENUM ('a','b c'); CREATE TYPE comp AS (x int, y text); CREATE DOMAIN dnn AS int NOT NULL CHECK (VALUE > 0);
             CREATE TABLE t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), e mood, c comp, ca comp[], dn dnn, j json, jb jsonb, a int[], aa text[], bya bytea,
               bt bit(3), ch char(5), qc \"char\", nm name, ine inet, r numrange, tv tsvector, num numeric, ti timetz, inf date, txt text, pt point, o oid, fl float8, pl pg_lsn, iv interval);
             INSERT INTO t (e,c,ca,dn,j,jb,a,aa,bya,bt,ch,qc,nm,ine,r,tv,num,ti,inf,txt,pt,fl,pl,iv)
               SELECT 'b c'::mood, row(1,'q\"u,o)te')::comp, array[row(1,NULL)::comp,NULL], 5, 'null', 'null', '[2:3]={1,2}', '{{a,NULL},{\"\",\",}\"}}', '\\x00ff', '101','ab','x','n','10.0.0.0/8',
                 '[1.5,)','fat:2 cat:1A','NaN','10:00+05:30','infinity', E'line\\n\"q\"\\\\ \\t,)(', '(1.5,-0)', 'NaN', '0/1', '1 year -2 days 00:00:00.000001' FROM generate_series(1, 3)",
            &[
                "UPDATE t SET dn = 6",
                "DELETE FROM t WHERE ctid = (SELECT max(ctid) FROM t)",
                "UPDATE t SET id = gen_random_uuid() WHERE ctid = (SELECT min(ctid) FROM t)",
            ],
        ),
        trap(
            "multiranges",
            "CREATE TABLE t (id int PRIMARY KEY, r int4multirange, k datemultirange); INSERT INTO t VALUES (1,'{[1,3),[5,7)}','{}')",
            &["UPDATE t SET r = '{}'", "DELETE FROM t"],
        )
        .since(14),
        trap(
            "xml",
            "CREATE TABLE t (id int PRIMARY KEY, x xml); INSERT INTO t VALUES (1, '<a/>'), (2, 'text<b/>')",
            &["SET xmloption = document", "UPDATE t SET x = '<c/>' WHERE id = 1", "DELETE FROM t WHERE id = 2"],
        )
        .needs("SELECT 'xmlparse' IN (SELECT proname FROM pg_proc) OR EXISTS (SELECT FROM pg_config WHERE name = 'CONFIGURE' AND setting LIKE '%--with-libxml%')"),
        trap(
            "names of objects under another search path",
            "CREATE SCHEMA x; CREATE TABLE x.hidden (id int); CREATE TABLE t (id int PRIMARY KEY, c regclass, ty regtype); CREATE TYPE x.mood AS ENUM ('a');
             INSERT INTO t VALUES (1,'x.hidden','x.mood'),(2,'t','int4'); CREATE TABLE nk (c regclass); INSERT INTO nk VALUES ('x.hidden'),('x.hidden')",
            &[
                "SET search_path = x, public",
                "UPDATE t SET c = 'hidden' WHERE id = 2",
                "DELETE FROM t WHERE id = 1",
                "INSERT INTO nk VALUES ('hidden')",
                "SET quote_all_identifiers = on",
                "INSERT INTO nk VALUES ('hidden')",
                "UPDATE nk SET c = 't' WHERE ctid = (SELECT min(ctid) FROM nk)",
                "SET search_path = ''",
                "UPDATE public.t SET ty = 'text' WHERE id = 2",
            ],
        ),
    ])
    .await;
}
