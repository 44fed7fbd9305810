//! The vocabulary of random programs: tables of every shape, and statements of
//! which many fail, because they are drawn without looking.

use proptest::collection::vec;
use proptest::prelude::*;

/// Sessions of one program.
pub(crate) const SESSIONS: usize = 3;

/// A table `t<i>`; all have the columns `a`, `b` and `v`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Key,
    KeyOfTwo,
    UniqueDeferred,
    Bag,
    BagWithIndex,
    Partitioned,
    Inherited,
    Child,
    OwnTrigger,
    Generated,
    Guarded,
}

const SHAPES: [Shape; 11] = [
    Shape::Key,
    Shape::KeyOfTwo,
    Shape::UniqueDeferred,
    Shape::Bag,
    Shape::BagWithIndex,
    Shape::Partitioned,
    Shape::Inherited,
    Shape::Child,
    Shape::OwnTrigger,
    Shape::Generated,
    Shape::Guarded,
];

/// One step of a program.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Sql { session: usize, table: usize, kind: usize, a: i32, b: i32 },
    Mark,
    Rewind { depth: usize },
}

pub(crate) fn schema(shapes: &[Shape]) -> String {
    let mut sql =
        "CREATE SEQUENCE s; CREATE SEQUENCE c CACHE 10; CREATE TABLE h (at int, what text);\n"
            .to_owned();
    for (i, shape) in shapes.iter().enumerate() {
        sql.push_str(&match shape {
            Shape::Key => format!("CREATE TABLE t{i} (a int PRIMARY KEY, b int, v text UNIQUE);"),
            Shape::KeyOfTwo => format!("CREATE TABLE t{i} (v text, b int, a int, PRIMARY KEY (a, v));"),
            Shape::UniqueDeferred => format!(
                "CREATE TABLE t{i} (a int PRIMARY KEY DEFERRABLE, b int UNIQUE DEFERRABLE INITIALLY DEFERRED, v text);"
            ),
            Shape::Bag => format!("CREATE TABLE t{i} (a int, b int, v text);"),
            Shape::BagWithIndex => format!(
                "CREATE UNLOGGED TABLE t{i} (gone int, a int, b int, v text); ALTER TABLE t{i} DROP gone; CREATE INDEX ON t{i} (b);"
            ),
            Shape::Partitioned => format!(
                "CREATE TABLE t{i} (a int, b int, v text, PRIMARY KEY (a, b)) PARTITION BY LIST (b);
                 CREATE TABLE t{i}_1 (v text, b int NOT NULL, a int NOT NULL); ALTER TABLE t{i} ATTACH PARTITION t{i}_1 FOR VALUES IN (1, 2);
                 CREATE TABLE t{i}_d PARTITION OF t{i} DEFAULT;"
            ),
            Shape::Inherited => format!(
                "CREATE TABLE t{i} (a int, b int, v text); CREATE TABLE t{i}_1 (more text DEFAULT 'm') INHERITS (t{i});
                 INSERT INTO t{i}_1 SELECT g, g, 'i', 'm' || g FROM generate_series(1, 4) g;"
            ),
            Shape::Child => format!(
                "CREATE TABLE t{i} (id serial PRIMARY KEY, a int REFERENCES t0 (a) ON DELETE CASCADE ON UPDATE CASCADE, b int, v text);"
            ),
            Shape::OwnTrigger => format!(
                "CREATE TABLE t{i} (a int PRIMARY KEY, b int, v text);
                 CREATE FUNCTION f{i}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
                   IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;
                   UPDATE t{i} SET b = coalesce(b, 0) + 1 WHERE a IN (new.a, new.a + 1);
                   IF new.b % 3 = 0 THEN DELETE FROM t{i} WHERE a = new.a; END IF; INSERT INTO h VALUES ({i}, new.v); RETURN NULL; END$$;
                 CREATE TRIGGER own AFTER INSERT OR UPDATE ON t{i} FOR EACH ROW EXECUTE FUNCTION f{i}();"
            ),
            Shape::Generated => format!(
                "CREATE TABLE t{i} (id int GENERATED ALWAYS AS IDENTITY, a int, g int GENERATED ALWAYS AS (a * 2) STORED, b int, v text, UNIQUE (id));"
            ),
            Shape::Guarded => format!(
                "CREATE TABLE t{i} (a int NOT NULL, b int, v text, EXCLUDE USING gist (int4range(a, a + 1) WITH &&));
                 ALTER TABLE t{i} ENABLE ROW LEVEL SECURITY; ALTER TABLE t{i} FORCE ROW LEVEL SECURITY;"
            ),
        });
        sql.push_str(&format!(
            "\nINSERT INTO t{i} (a, b, v) SELECT g, g, 'r' || g FROM generate_series(1, 6) g;\n"
        ));
    }
    sql
}

/// The line of an operation. Many fail, which is part of the program.
pub(crate) fn line(shapes: &[Shape], table: usize, kind: usize, a: i32, b: i32) -> String {
    let table = table % shapes.len();
    let t = format!("t{table}");
    let leaf = match shapes[table] {
        Shape::Partitioned | Shape::Inherited => format!("{t}_1"),
        _ => t.clone(),
    };
    match kind {
        0..=3 => format!("INSERT INTO {t} (a, b, v) VALUES ({a}, {b}, 'n{b}')"),
        4 => format!("INSERT INTO {leaf} (a, b, v) VALUES ({a}, 1, 'leaf'), ({a} + 7, 2, 'leaf2')"),
        5 => format!(
            "INSERT INTO {t} (a, b, v) SELECT g, g, 'many' || g FROM generate_series({a}, {a} + 5) g ON CONFLICT DO NOTHING"
        ),
        6 => format!(
            "COPY {t} (a, b, v) FROM STDIN <<\n{a}\t{b}\tcopied\n{}\t\\N\t\\\\\\n\n",
            a + 20
        ),
        7..=9 => format!("UPDATE {t} SET v = v || 'u' WHERE a = {a} OR b = {b}"),
        10 => format!("UPDATE {t} SET b = {b} WHERE a < {a}"),
        11 => format!("UPDATE {t} SET a = a + 1"),
        12 => format!(
            "UPDATE {t} SET a = CASE a WHEN {a} THEN {b} ELSE {a} END WHERE a IN ({a}, {b})"
        ),
        13 => format!("UPDATE ONLY {leaf} SET b = 3 - b, v = NULL WHERE b IN (1, 2)"),
        14 | 15 => format!("DELETE FROM {t} WHERE a = {a}"),
        16 => format!("DELETE FROM {t} WHERE ctid = (SELECT min(ctid) FROM {t})"),
        17 => format!(
            "WITH gone AS (DELETE FROM {t} WHERE a IN ({a}, {b}) RETURNING a, b, v) INSERT INTO {t} (a, b, v) SELECT a + 50, b, v FROM gone"
        ),
        18 => format!(
            "INSERT INTO {t} (a, b, v) VALUES ({a}, {b}, 'up') ON CONFLICT (a) DO UPDATE SET v = excluded.v || {b}, b = {t}.b + 1"
        ),
        19 => format!("TRUNCATE {t} RESTART IDENTITY CASCADE"),
        20 => format!("TRUNCATE ONLY {leaf}"),
        21 => "SELECT nextval('s'), nextval('c')".to_owned(),
        22 => format!("SELECT setval('s', {}, {})", a + 1, b % 2 == 0),
        23..=25 => "BEGIN".to_owned(),
        26 | 27 => "COMMIT".to_owned(),
        28 => "ROLLBACK".to_owned(),
        29 => "SAVEPOINT p".to_owned(),
        30 => "ROLLBACK TO p".to_owned(),
        31 => "CREATE TEMP TABLE IF NOT EXISTS tt (id serial, a int)".to_owned(),
        32 => "SET session_replication_role = replica".to_owned(),
        33 => "VACUUM".to_owned(),
        34 => format!("LOCK TABLE {t} IN SHARE MODE"),
        35 => format!("SELECT * FROM {t} FOR UPDATE"),
        36 => "BEGIN ISOLATION LEVEL SERIALIZABLE".to_owned(),
        37 => format!("ALTER TABLE {t} ADD COLUMN z{a} int DEFAULT {b}"),
        38 => format!("CREATE TABLE made (x int); INSERT INTO made VALUES ({a})"),
        _ => format!("INSERT INTO h VALUES ({a}, 'h')"),
    }
}

const KINDS: usize = 40;

pub(crate) fn ops() -> impl Strategy<Value = Vec<Op>> {
    // Schema changes end most of the fun, so they come from few programs.
    let sql = (0..SESSIONS, 0_usize..5, 0..KINDS, 1_i32..12, 0_i32..12, 0_u8..6).prop_map(
        |(session, table, kind, a, b, rare)| {
            let kind = if (37..39).contains(&kind) && rare > 0 { kind - 30 } else { kind };
            Op::Sql { session, table, kind, a, b }
        },
    );
    let op = prop_oneof![
        24 => sql,
        1 => Just(Op::Mark),
        2 => (0_usize..4).prop_map(|depth| Op::Rewind { depth }),
    ];
    vec(op, 10..70)
}

pub(crate) fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    vec(proptest::sample::select(SHAPES.to_vec()), 1..5).prop_map(|mut shapes| {
        // What `Child` refers to.
        shapes.insert(0, Shape::Key);
        shapes
    })
}
