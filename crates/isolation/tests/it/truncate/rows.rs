//! Rows: what a test added goes, what it took from the template comes back.

use super::ground::{Lab, ROLES, SERVER, replace, reset, undone};

#[tokio::test]
async fn empty_and_filled_tables_without_references() {
    undone(
        "CREATE TABLE empty (a int, b text); CREATE TABLE bag (a int, b text); INSERT INTO bag VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (2, 'y');
         CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES; CREATE TABLE \"odd \"\"name\" (t text, r int, s int, x int, k int, image text);
         INSERT INTO \"odd \"\"name\" VALUES ('t', 1, 2, 3, 4, 'i')",
        &[
            "INSERT INTO empty VALUES (1, 'a')",
            "COPY empty FROM STDIN <<\\n1\\ta\\n2\\tb\\n",
            "INSERT INTO bag VALUES (1, 'x')",
            "DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag)",
            "UPDATE bag SET b = 'z'",
            "DELETE FROM bag",
            "INSERT INTO bare DEFAULT VALUES",
            "DELETE FROM bare",
            "UPDATE \"odd \"\"name\" SET t = 'u'",
            "TRUNCATE bag, empty, bare
             INSERT INTO bag VALUES (9, 'nine')",
            "WITH gone AS (DELETE FROM bag RETURNING *) INSERT INTO empty SELECT * FROM gone",
        ],
    )
    .await;
}

#[tokio::test]
async fn chains_of_references_with_rows_of_the_template() {
    undone(
        "CREATE TABLE country (code text PRIMARY KEY, name text UNIQUE);
         CREATE TABLE city (id serial PRIMARY KEY, country text REFERENCES country ON UPDATE CASCADE, name text);
         CREATE TABLE street (id int PRIMARY KEY, city int NOT NULL REFERENCES city ON DELETE CASCADE);
         CREATE TABLE house (id int PRIMARY KEY, street int REFERENCES street ON DELETE SET NULL);
         CREATE TABLE visit (house int REFERENCES house ON DELETE RESTRICT, city int DEFAULT 1 REFERENCES city ON DELETE SET DEFAULT);
         INSERT INTO country VALUES ('de', 'Germany'), ('fr', 'France'); INSERT INTO city (country, name) VALUES ('de', 'Ulm'), ('fr', 'Lyon'), (NULL, 'Atlantis');
         INSERT INTO street VALUES (1, 1), (2, 1), (3, 2); INSERT INTO house VALUES (1, 1), (2, 3), (3, NULL)",
        &[
            "INSERT INTO country VALUES ('it', 'Italy')
             INSERT INTO city (country, name) VALUES ('it', 'Rome'), ('de', 'Bonn')
             INSERT INTO street VALUES (10, 4), (11, 5)
             INSERT INTO house VALUES (10, 10), (11, 1)
             INSERT INTO visit VALUES (10, 4), (1, 1)",
            "UPDATE country SET name = 'Deutschland' WHERE code = 'de'",
            "UPDATE country SET code = 'xx' WHERE code = 'de'",
            "UPDATE country SET name = 'x' WHERE code = 'de'
             UPDATE country SET name = 'Germany' WHERE code = 'fr'
             UPDATE country SET name = 'France' WHERE code = 'de'",
            "DELETE FROM city WHERE id = 1",
            "UPDATE house SET street = NULL
             INSERT INTO visit VALUES (1, 3)",
            "TRUNCATE country CASCADE",
            "TRUNCATE country RESTART IDENTITY CASCADE
             INSERT INTO city (name) VALUES ('new')",
            "DELETE FROM street
             DELETE FROM city
             DELETE FROM country
             INSERT INTO country VALUES ('de', 'other')",
        ],
    )
    .await;
}

#[tokio::test]
async fn tables_that_refer_to_themselves_and_each_other() {
    undone(
        "CREATE TABLE node (id int PRIMARY KEY, up int REFERENCES node ON DELETE RESTRICT); INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2), (4, 4);
         CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE);
         CREATE TABLE person (id int PRIMARY KEY, team int, v text); CREATE TABLE team (id int PRIMARY KEY, lead int NOT NULL REFERENCES person);
         ALTER TABLE person ADD FOREIGN KEY (team) REFERENCES team ON DELETE SET NULL;
         INSERT INTO person VALUES (1, NULL, 'a'), (2, NULL, 'b'); INSERT INTO team VALUES (1, 1), (2, 2); UPDATE person SET team = id;
         CREATE TABLE husband (id int PRIMARY KEY, wife int NOT NULL); CREATE TABLE wife (id int PRIMARY KEY, husband int NOT NULL REFERENCES husband DEFERRABLE);
         ALTER TABLE husband ADD FOREIGN KEY (wife) REFERENCES wife DEFERRABLE INITIALLY DEFERRED;
         BEGIN; INSERT INTO husband VALUES (1, 1), (2, 2); INSERT INTO wife VALUES (1, 1), (2, 2); COMMIT",
        &[
            "UPDATE node SET up = 1 WHERE id = 3",
            "INSERT INTO node VALUES (5, 3), (6, 5)",
            "TRUNCATE node",
            "INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 1)",
            "INSERT INTO person VALUES (3, 1, 'c')
             INSERT INTO team VALUES (3, 3)
             UPDATE person SET team = 3
             UPDATE team SET lead = 3 WHERE id = 1",
            "UPDATE person SET v = 'changed'",
            "UPDATE person SET team = NULL
             DELETE FROM team
             DELETE FROM person WHERE id = 1",
            "TRUNCATE person, team",
            "UPDATE husband SET wife = 3 - wife",
            "BEGIN
             INSERT INTO husband VALUES (7, 7)
             INSERT INTO wife VALUES (7, 7)
             COMMIT",
            "BEGIN
             SET CONSTRAINTS ALL DEFERRED
             DELETE FROM husband
             DELETE FROM wife
             COMMIT",
        ],
    )
    .await;
}

#[tokio::test]
async fn partitions_and_inheritance() {
    undone(
        "CREATE TABLE p (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
         CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 (v text, k int NOT NULL, id int NOT NULL); ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);
         CREATE TABLE p3 PARTITION OF p FOR VALUES IN (3, 4) PARTITION BY LIST (k); CREATE TABLE p33 PARTITION OF p3 FOR VALUES IN (3); CREATE TABLE p34 PARTITION OF p3 DEFAULT;
         INSERT INTO p SELECT g, g % 4 + 1, 'v' || g FROM generate_series(1, 12) g;
         CREATE TABLE refers (id int, k int, FOREIGN KEY (id, k) REFERENCES p); INSERT INTO refers VALUES (4, 1), (5, 2);
         CREATE TABLE pr (a int, id int, k int, FOREIGN KEY (id, k) REFERENCES p ON DELETE CASCADE) PARTITION BY RANGE (a);
         CREATE TABLE pr1 PARTITION OF pr FOR VALUES FROM (0) TO (10); INSERT INTO pr VALUES (1, 6, 3);
         CREATE TABLE animal (id int, name text); CREATE TABLE cat (lives int) INHERITS (animal); INSERT INTO animal VALUES (1, 'a'); INSERT INTO cat VALUES (2, 'c', 9)",
        &[
            "INSERT INTO p VALUES (20, 1, 'new'), (21, 2, 'new'), (22, 3, 'new'), (23, 4, 'new')",
            "INSERT INTO p1 VALUES (20, 1, 'leaf')
             INSERT INTO p34 VALUES (20, 4, 'leaf')
             INSERT INTO p3 VALUES (21, 3, 'middle')",
            "COPY p2 FROM STDIN <<\\nv\\t2\\t99\\n",
            "UPDATE p SET k = 2, v = 'moved' WHERE id IN (8, 3)",
            "UPDATE p SET v = 'u'",
            "DELETE FROM refers
             DELETE FROM p",
            "TRUNCATE p CASCADE",
            "TRUNCATE p33, pr1, refers, pr, p, p34, p1, p2
             INSERT INTO p VALUES (4, 1, 'again')",
            "INSERT INTO pr VALUES (2, 4, 1)",
            "DELETE FROM p33 WHERE id = 6",
            "UPDATE animal SET name = 'x'",
            "UPDATE ONLY animal SET name = 'x'",
            "INSERT INTO cat VALUES (3, 'd', 1)",
            "DELETE FROM animal",
            "TRUNCATE cat",
        ],
    )
    .await;
}

#[tokio::test]
async fn columns_of_every_kind() {
    undone(
        "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial, a int, g int GENERATED ALWAYS AS (a * 2) STORED, gone int, v text, j jsonb, f float8, n numeric, b bytea, ts timestamptz, i interval, m money, arr text[]);
         ALTER TABLE t DROP gone; CREATE TYPE pair AS (x int, y text); CREATE DOMAIN even AS int CHECK (value % 2 = 0); CREATE TABLE u (p pair, e even, q pair[]);
         INSERT INTO t (a, v, j, f, n, b, ts, i, m, arr) VALUES (1, 'x', '{\"a\": null}', 0.1, 1.10, '\\x00ff', '2020-01-01 12:00:00.123456+02', '1 mon 2 days', 12.34, '{a,NULL,\"b,c\"}'), (2, repeat('long', 5000), NULL, 'NaN', 'NaN', '', 'infinity', '-1 s', NULL, '{}');
         INSERT INTO u VALUES ((1, 'a, b'), 2, ARRAY[(1, 'x')::pair])",
        &[
            "INSERT INTO t (a) VALUES (3), (4)",
            "UPDATE t SET a = a + 1",
            "DELETE FROM t WHERE a = 2",
            "UPDATE t SET v = 'short' WHERE length(v) > 100",
            "TRUNCATE t RESTART IDENTITY
             INSERT INTO t (a) VALUES (1)",
            "UPDATE u SET e = 4
             INSERT INTO u VALUES (NULL, NULL, NULL)",
            "SET datestyle = 'German'
             SET timezone = 'Asia/Tokyo'
             UPDATE t SET ts = ts + interval '1 s' WHERE a = 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn large_changes_are_truncated_with_all_that_refers_to_them() {
    undone(
        "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE); CREATE TABLE c (b int REFERENCES b);
         CREATE TABLE p (id int PRIMARY KEY, a int REFERENCES a) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p DEFAULT;
         INSERT INTO a VALUES (1, 'one'), (2, 'two'); INSERT INTO b VALUES (1, 1); INSERT INTO c VALUES (1), (1), (NULL); INSERT INTO p VALUES (1, 1), (11, 2)",
        &[
            "INSERT INTO a SELECT g, repeat('x', 50) FROM generate_series(10, 9000) g",
            "INSERT INTO c SELECT 1 FROM generate_series(1, 30000)
             UPDATE a SET v = 'changed'",
            "INSERT INTO p SELECT g, 1 FROM generate_series(100, 20000) g
             DELETE FROM c",
        ],
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_put_back_is_said() {
    for role in ROLES {
        let lab = Lab::new(
            role,
            "CREATE TABLE t (a int); CREATE TABLE big (a text); ALTER TABLE big ALTER a SET STORAGE EXTERNAL;
             INSERT INTO big SELECT repeat('x', 7000000) FROM generate_series(1, 10); CREATE TABLE r (a int)",
        )
        .await;
        let [(name, why)] = lab.baked.not_restorable.as_slice() else { panic!("{:?}", lab.baked) };
        assert!(name == "public.big" && why.contains("too large"), "{name} {why}");
        let mut emptier = lab.open().await;
        let session = lab.session().await;
        session.batch("INSERT INTO t VALUES (1)").await.unwrap();
        assert_eq!(reset(&mut emptier).await, 1);
        session.batch("INSERT INTO big VALUES ('x')").await.unwrap();
        assert_eq!(emptier.dirty().await.unwrap(), ["public.big"]);
        let why = replace(&mut emptier).await;
        assert!(why.contains("`public.big` was changed and is too large"), "{why}");
    }
}

/// A foreign key that was added NOT VALID may be broken in the template.
#[tokio::test]
async fn rows_that_break_a_reference_are_not_lost_silently() {
    let lab = Lab::new(
        "app",
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (7); ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a NOT VALID",
    )
    .await;
    let mut emptier = lab.open().await;
    let session = lab.session().await;
    session.batch("INSERT INTO a VALUES (2); INSERT INTO b VALUES (2)").await.unwrap();
    reset(&mut emptier).await;
    lab.check("insert");
    session.batch("DELETE FROM b").await.unwrap();
    let why = replace(&mut emptier).await;
    assert!(why.contains("23503"), "{why}");
}

/// Rows under row-level security that is forced on the owner cannot be seen.
#[tokio::test]
async fn forced_row_level_security_stops_only_a_plain_role() {
    let setup = "CREATE TABLE t (a int); INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
         CREATE POLICY few ON t USING (a > 5) WITH CHECK (true)";
    for role in ROLES {
        let lab = Lab::new(role, setup).await;
        let mut emptier = lab.open().await;
        let _ = SERVER.psql(&lab.database, "INSERT INTO t VALUES (9)");
        if role == "postgres" {
            reset(&mut emptier).await;
            lab.check("insert");
        } else {
            let why = replace(&mut emptier).await;
            assert!(why.contains("row-level security"), "{why}");
        }
    }
}
