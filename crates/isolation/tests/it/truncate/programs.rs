//! Random programs of several sessions over a schema with one table of each
//! kind. After every reset the database is compared with the template.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use seedbed_db::Session;
use seedbed_isolation::truncate::{Emptier, Reset};

use super::ground::{Lab, ROLES, SERVER, connect, contents, differences, open, step};
use crate::ground::unique;

/// Cases of a run that does not say (`PROPTEST_CASES`), and how many of them one
/// program is worth.
const CASES: u32 = 96;
const CASES_A_PROGRAM: u32 = 8;
const SESSIONS: usize = 3;

/// All tables have the columns `a`, `b` and `v`.
const SCHEMA: &str = "CREATE SEQUENCE s; CREATE SEQUENCE c CACHE 10; SELECT nextval('c'); CREATE TABLE h (at int, what text);
    CREATE TABLE key (a int PRIMARY KEY, b int, v text UNIQUE);
    CREATE TABLE child (id serial PRIMARY KEY, a int REFERENCES key ON DELETE CASCADE ON UPDATE CASCADE, b int, v text);
    CREATE TABLE loose (a int, b int REFERENCES key ON DELETE SET NULL, v text);
    CREATE TABLE strict (a int UNIQUE, b int REFERENCES key, v text);
    CREATE TABLE self (a int PRIMARY KEY, b int REFERENCES self DEFERRABLE INITIALLY DEFERRED, v text);
    CREATE TABLE ring1 (a int PRIMARY KEY, b int, v text); CREATE TABLE ring2 (a int PRIMARY KEY, b int REFERENCES ring1 DEFERRABLE INITIALLY DEFERRED, v text);
    ALTER TABLE ring1 ADD FOREIGN KEY (b) REFERENCES ring2 DEFERRABLE INITIALLY DEFERRED;
    CREATE UNLOGGED TABLE bag (gone int, a int, b int, v text); ALTER TABLE bag DROP gone;
    CREATE TABLE part (a int, b int, v text, PRIMARY KEY (a, b)) PARTITION BY LIST (b); CREATE TABLE part_1 (v text, b int NOT NULL, a int NOT NULL); ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1, 2);
    CREATE TABLE part_d PARTITION OF part DEFAULT;
    CREATE TABLE base (a int, b int, v text); CREATE TABLE heir (more text DEFAULT 'm') INHERITS (base);
    CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY, a int, g int GENERATED ALWAYS AS (a * 2) STORED, b int, v text, UNIQUE (id));
    CREATE TABLE noisy (a int PRIMARY KEY, b int, v text);
    CREATE FUNCTION noise() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO h VALUES (1, tg_op); IF tg_op = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END$$;
    CREATE TRIGGER n BEFORE INSERT OR UPDATE OR DELETE ON noisy FOR EACH ROW EXECUTE FUNCTION noise(); CREATE TRIGGER n AFTER DELETE OR UPDATE ON child FOR EACH STATEMENT EXECUTE FUNCTION noise();
    CREATE TRIGGER n AFTER TRUNCATE ON part FOR EACH STATEMENT EXECUTE FUNCTION noise(); CREATE TABLE empty (a int, b int, v text);
    INSERT INTO key SELECT g, g, 'r' || g FROM generate_series(1, 6) g; INSERT INTO child (a, b, v) SELECT g, g, 'c' || g FROM generate_series(1, 3) g; INSERT INTO loose SELECT g, g, 'l' FROM generate_series(1, 3) g;
    INSERT INTO strict VALUES (1, 6, 's'); INSERT INTO self VALUES (1, 2, 'x'), (2, 1, 'y'), (3, 3, 'z'), (4, NULL, 'n'); BEGIN; INSERT INTO ring1 VALUES (1, 1, 'r'), (2, 2, 'r'); INSERT INTO ring2 VALUES (1, 1, 'r'), (2, 2, 'r'); COMMIT;
    INSERT INTO bag (a, b, v) VALUES (1, 1, 'b'), (1, 1, 'b'), (NULL, NULL, NULL); INSERT INTO part SELECT g, g % 3 + 1, 'p' FROM generate_series(1, 6) g; INSERT INTO heir SELECT g, g, 'i' FROM generate_series(1, 4) g; INSERT INTO base VALUES (1, 1, 'b');
    INSERT INTO made (a, b, v) SELECT g, g, 'm' FROM generate_series(1, 3) g; INSERT INTO noisy VALUES (1, 1, 'n')";

const TABLES: [&str; 17] = [
    "key", "child", "loose", "strict", "self", "ring1", "ring2", "bag", "part", "part_1", "part_d",
    "base", "heir", "made", "noisy", "empty", "key",
];

#[derive(Clone, Debug)]
enum Op {
    Sql { session: usize, table: usize, kind: usize, a: i32, b: i32 },
    Reset,
}

const KINDS: usize = 31;
/// The kind that changes the schema.
const DDL: usize = 30;

/// The line of an operation. Many fail, which is part of the program.
fn line(table: usize, kind: usize, a: i32, b: i32) -> String {
    let t = TABLES[table];
    match kind {
        0..=4 => format!("INSERT INTO {t} (a, b, v) VALUES ({a}, {b}, 'n{b}')"),
        5 => format!(
            "INSERT INTO {t} (a, b, v) SELECT g, g % 7, 'many' || g FROM generate_series({a}, {a} + 5) g ON CONFLICT DO NOTHING"
        ),
        6 => format!(
            "COPY {t} (a, b, v) FROM STDIN <<\n{a}\t{b}\tcopied\n{}\t\\N\t\\\\\\n\n",
            a + 20
        ),
        7..=9 => format!("UPDATE {t} SET v = v || 'u' WHERE a = {a} OR b = {b}"),
        10 => format!("UPDATE {t} SET b = {b} WHERE a < {a}"),
        11 => format!("UPDATE {t} SET a = a + 10"),
        12 => format!("UPDATE {t} SET a = {b} WHERE a = {a}"),
        13 => format!("UPDATE ONLY {t} SET b = 3 - b, v = NULL WHERE b IN (1, 2)"),
        14 | 15 => format!("DELETE FROM {t} WHERE a = {a}"),
        16 => format!("DELETE FROM {t}"),
        17 => format!(
            "WITH gone AS (DELETE FROM {t} WHERE a IN ({a}, {b}) RETURNING a, b, v) INSERT INTO {t} (a, b, v) SELECT a + 50, b, v FROM gone"
        ),
        18 => format!("TRUNCATE {t}"),
        19 => format!("TRUNCATE {t} RESTART IDENTITY CASCADE"),
        20 => "SELECT nextval('s'), nextval('c')".to_owned(),
        21 => format!("SELECT setval('s', {}, {})", a + 1, b % 2 == 0),
        22 | 23 => "BEGIN".to_owned(),
        24 => "COMMIT".to_owned(),
        25 => "ROLLBACK".to_owned(),
        26 => "SAVEPOINT p".to_owned(),
        27 => "ROLLBACK TO p".to_owned(),
        28 => format!(
            "INSERT INTO {t} (a, b, v) SELECT g, NULL, repeat('wide', 20) || g FROM generate_series(1000, 4000) g"
        ),
        29 => "CREATE TEMP TABLE IF NOT EXISTS tt (id serial, a int)".to_owned(),
        _ => format!("ALTER TABLE {t} ADD COLUMN z{a} int DEFAULT {b}"),
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let sql = (0..SESSIONS, 0..TABLES.len(), 0..KINDS, 1_i32..12, 0_i32..8, 0_u8..6).prop_map(
        |(session, table, kind, a, b, rare)| {
            let kind = if kind == DDL && rare > 0 { rare.into() } else { kind };
            Op::Sql { session, table, kind, a, b }
        },
    );
    vec(prop_oneof![12 => sql, 1 => Just(Op::Reset)], 10..70)
}

struct Play<'a> {
    lab: &'a Lab,
    database: String,
    emptier: Emptier,
    sessions: Vec<Session>,
    /// Whether a schema change was tried since the clone was made.
    changed_schema: bool,
    log: Vec<String>,
}

impl Play<'_> {
    async fn go(&mut self, ops: &[Op]) -> Result<(), String> {
        for op in ops {
            let Op::Sql { session, table, kind, a, b } = op else {
                self.reset().await?;
                continue;
            };
            let line = line(*table, *kind, *a, *b);
            self.changed_schema |= *kind == DDL;
            if self.sessions[*session].is_closed() {
                self.sessions[*session] = player(self.lab.role, &self.database).await;
            }
            let done = step(&self.sessions[*session], &line).await;
            self.log.push(format!("{session}> {line} {}", done.map_or("(failed)", |()| "")));
        }
        self.reset().await?;
        match differences(&contents(&self.database), &self.lab.untouched) {
            Some(what) => Err(format!("WRONG: {what}")),
            None => Ok(()),
        }
    }

    async fn reset(&mut self) -> Result<(), String> {
        self.log.push("reset".into());
        match self.emptier.reset().await.map_err(|failure| failure.chain())? {
            Reset::Done { .. } => {}
            Reset::Replace { why } if !self.changed_schema => return Err(why),
            Reset::Replace { .. } => {
                drop_database(&self.database);
                self.database = unique("truncate_p");
                self.lab.clone_as(&self.database);
                self.emptier = open(self.lab.role, &self.database).await;
                self.changed_schema = false;
                for session in &mut self.sessions {
                    *session = player(self.lab.role, &self.database).await;
                }
            }
        }
        match self.lab.row_differences(&self.database) {
            Some(what) => Err(format!("WRONG: {what}")),
            None => Ok(()),
        }
    }
}

async fn player(role: &str, database: &str) -> Session {
    let session = connect(role, database).await;
    // Sessions of one program wait for each other, and the program for them.
    session.batch("SET lock_timeout = '30ms'; SET client_min_messages = error").await.unwrap();
    session
}

fn drop_database(name: &str) {
    let _ = SERVER.psql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
}

async fn play(lab: &Lab, ops: &[Op]) -> Result<(), String> {
    let database = unique("truncate_p");
    lab.clone_as(&database);
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(player(lab.role, &database).await);
    }
    let emptier = open(lab.role, &database).await;
    let mut play =
        Play { lab, database, emptier, sessions, changed_schema: false, log: Vec::new() };
    let played = play.go(ops).await;
    drop_database(&play.database);
    played.map_err(|what| format!("as {}: {what}\nafter:\n{}", lab.role, play.log.join("\n")))
}

#[test]
fn random_programs_are_undone() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: (cases.unwrap_or(CASES) / CASES_A_PROGRAM).max(1),
        max_shrink_iters: 80,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for role in ROLES {
        let lab = runtime.block_on(Lab::new(role, SCHEMA));
        TestRunner::new(config.clone())
            .run(&ops(), |ops| runtime.block_on(play(&lab, &ops)).map_err(TestCaseError::fail))
            .unwrap();
    }
}
