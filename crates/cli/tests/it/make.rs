//! `seedbed make` and `explain` as a person calls them, on a server's test
//! database: what is made, found, refused, and left alone.

use std::time::Duration;

use rustix::process::Signal;
use seedbed_testkit::Server;
use serde_json::Value;

use crate::patience::until;
use crate::project::Outcome;
use crate::running::Running;
use crate::session::Session;

/// Parents, children, an enum, a check, defaults, and a table with three rows
/// at most.
pub(crate) const SCHEMA: &str = "
CREATE TYPE grade AS ENUM ('low', 'middle', 'high');
CREATE TABLE orgs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL);
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id bigint NOT NULL REFERENCES orgs,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    grade grade NOT NULL DEFAULT 'low',
    age integer CHECK (age BETWEEN 0 AND 150),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE posts (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    slug text NOT NULL UNIQUE,
    title varchar(20) NOT NULL);
CREATE TABLE grades (grade grade PRIMARY KEY);
CREATE TABLE pairs (a integer NOT NULL UNIQUE, b integer NOT NULL UNIQUE);
CREATE TABLE lines (line text NOT NULL);
";

/// Everything a call that changes nothing must leave as it is: row versions,
/// sequences, and what the server counted.
const STATE: &str = "
SELECT pg_stat_force_next_flush();
SELECT 'orgs', xmin, ctid, o FROM orgs o ORDER BY id;
SELECT 'users', xmin, ctid, u FROM users u ORDER BY id;
SELECT 'posts', xmin, ctid, p FROM posts p ORDER BY id;
SELECT sequencename, last_value FROM pg_sequences ORDER BY 1;
SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables ORDER BY 1;
";

/// A project beside a server with a database for tests.
struct Scene {
    server: Server,
    session: Session,
    url: String,
}

impl Scene {
    fn new() -> Self {
        let server = Server::start();
        let _ = server.psql("postgres", "CREATE DATABASE shop_test");
        let _ = server.psql("shop_test", SCHEMA);
        let url = server.url("postgres", "shop_test");
        Self { server, session: Session::new(), url }
    }

    fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = self.session.command(words);
        command.args(["--url", &self.url]);
        command
    }

    /// `seedbed WORDS --url …`
    fn run(&self, words: &[&str]) -> Outcome {
        Outcome::from(self.command(words).output().unwrap())
    }

    fn make(&self, words: &[&str]) -> Outcome {
        self.run(&[&["make"], words].concat())
    }

    #[track_caller]
    fn made(&self, words: &[&str]) -> Vec<Value> {
        let outcome = self.make(&[words, &["--json"]].concat());
        serde_json::from_str(&outcome.succeeds().stdout).unwrap()
    }

    fn ask(&self, sql: &str) -> String {
        self.server.psql("shop_test", sql)
    }

    /// The server counts in steps of its own on versions that cannot be asked
    /// to hurry, so rows and sequences must do there.
    fn state(&self) -> String {
        let hurries = self.ask("SHOW server_version_num").parse::<u32>().unwrap() >= 150_000;
        let asked = if hurries { STATE } else { STATE.split_once(";\n").unwrap().1 };
        let asked = if hurries { asked } else { asked.rsplit_once("SELECT relname").unwrap().0 };
        self.ask(asked)
    }
}

/// A column of the only row of a binding.
#[track_caller]
fn column<'a>(made: &'a [Value], table: &str, column: &str) -> &'a Value {
    let of = |made: &&Value| made["table"].as_str().unwrap().replace('"', "").ends_with(table);
    let binding = made.iter().find(of).unwrap_or_else(|| panic!("no {table} in {made:?}"));
    let columns = binding["columns"].as_array().unwrap();
    let at = columns.iter().position(|found| found["name"] == column).unwrap();
    &binding["rows"][0][at]
}

fn outcomes(made: &[Value]) -> Vec<&str> {
    let all = made.iter().flat_map(|made| made["outcomes"].as_array().unwrap());
    all.map(|outcome| outcome.as_str().unwrap()).collect()
}

#[test]
fn the_same_call_is_the_same_row_and_writes_nothing_again() {
    let scene = Scene::new();
    let words = ["users", "email=alice@example.com", "name=Alice"];
    let first = scene.make(&words);
    let line = first.succeeds().stdout.lines().find(|line| line.starts_with("users")).unwrap();
    assert!(line.contains("created") && line.contains("email=alice@example.com"), "{first:?}");
    assert!(line.contains("id=1"), "{first:?}");
    assert!(first.stdout.contains("orgs"), "its parent is told: {first:?}");
    assert!(first.stderr.contains("seedbed: in postgresql://postgres@127.0.0.1"), "{first:?}");
    let state = scene.state();

    let again = scene.make(&words);
    let line = again.succeeds().stdout.lines().find(|line| line.starts_with("users")).unwrap();
    assert!(line.contains("matched") && line.contains("id=1"), "{again:?}");
    // By the key alone it is the same row.
    assert!(
        scene.make(&["users", "email=alice@example.com"]).succeeds().stdout.contains("matched")
    );
    assert_eq!(scene.state(), state);

    // Another value converges: that column and no other.
    let updated = scene.made(&["users", "email=alice@example.com", "name=Alicia"]);
    assert!(outcomes(&updated).contains(&"updated"), "{updated:?}");
    let made = "SELECT name, (SELECT count(*) FROM users), (SELECT count(*) FROM orgs) FROM users";
    assert_eq!(scene.ask(made), "Alicia|1|1");
    let kept = scene.made(&["users", "email=alice@example.com", "name=Eve", "--policy", "keep"]);
    assert!(!outcomes(&kept).contains(&"updated"));
    assert_eq!(column(&kept, "users", "name"), "Alicia");
    let strict = ["users", "email=alice@example.com", "name=Eve", "--policy", "strict"];
    assert_ne!(scene.make(&strict).code, Some(0));
    assert_eq!(scene.ask("SELECT name FROM users"), "Alicia");

    // Its time of creation stays, and who passed another one is told.
    let older = ["users", "email=alice@example.com", "created_at=2001-01-01"];
    let outcome = scene.make(&older);
    let warning = "warning: the row of users was there and keeps another created_at";
    assert!(outcome.succeeds().stdout.contains("matched"), "{outcome:?}");
    assert!(outcome.stderr.contains(warning), "{outcome:?}");
    let of_users = |made: &Value| made["table"].as_str().unwrap().contains("users");
    let made = scene.made(&older);
    let user = made.iter().find(|made| of_users(made)).unwrap();
    assert_eq!(user["kept"]["columns"][0], "created_at", "{user}");
    assert_eq!(user["kept"]["ordinals"][0], 0, "{user}");
}

#[test]
fn children_lists_nulls_and_ordinals() {
    let scene = Scene::new();
    let words = ["users", "email=a@x.example", "--with", "posts=3", "posts.title=T"];
    let made = scene.made(&words);
    let created = |made: &[Value]| outcomes(made).iter().filter(|one| **one == "created").count();
    assert_eq!(created(&made), 5, "an organisation, a user, three posts: {made:?}");
    assert_eq!(scene.ask("SELECT count(*), min(title), max(user_id) FROM posts"), "3|T|1");
    assert_eq!(created(&scene.made(&words)), 0);

    let listed = scene.made(&["users", "email=b@x.example", "email=c@x.example", "--null", "age"]);
    assert_eq!(created(&listed), 2, "{listed:?}");
    assert_eq!(scene.ask("SELECT count(*) FROM users WHERE age IS NULL AND id > 1"), "2");
    // Without a value it is the first one of its scope, in any process.
    assert_eq!(created(&scene.made(&["orgs"])), 0, "the parent above");
    let mine = scene.made(&["orgs", "--scope", "a test"]);
    assert_eq!(created(&mine), 1);
    assert_eq!(created(&scene.made(&["orgs", "--scope", "a test"])), 0);
    assert_eq!(created(&scene.made(&["orgs", "--fresh"])), 1);
    assert_eq!(created(&scene.made(&["orgs", "--fresh"])), 1);
    assert_eq!(scene.ask("SELECT count(*), count(DISTINCT slug) FROM orgs"), "4|4");
}

#[test]
fn a_thousand_rows_are_made_once_and_counted() {
    let scene = Scene::new();
    let first = scene.make(&["users", "-n", "998"]);
    assert!(first.succeeds().stdout.contains("998 users: 998 created\n"), "{first:?}");
    let more = scene.make(&["users", "-n", "1000"]);
    assert!(more.succeeds().stdout.contains("1000 users: 998 matched, 2 created\n"), "{more:?}");
    let state = scene.state();
    let again = scene.make(&["users", "-n", "1000"]);
    assert!(again.succeeds().stdout.contains("1000 users: 1000 matched\n"), "{again:?}");
    assert_eq!(scene.state(), state);
    let distinct = "SELECT count(*), count(DISTINCT email), count(DISTINCT org_id) FROM users";
    assert_eq!(scene.ask(distinct), "1000|1000|1", "one parent for all");
}

#[test]
fn json_is_the_whole_row_as_it_is_in_the_database() {
    let scene = Scene::new();
    let made = scene.made(&["users", "email=a@x.example", "age=7", "name=say \"hi\", {x}"]);
    for (name, query) in [
        ("id", "SELECT id FROM users"),
        ("created_at", "SELECT created_at FROM users"),
        ("name", "SELECT name FROM users"),
        ("age", "SELECT age FROM users"),
        ("grade", "SELECT grade FROM users"),
    ] {
        assert_eq!(column(&made, "users", name), &Value::from(scene.ask(query)), "{name}");
    }
    assert_eq!(column(&made, "orgs", "id"), column(&made, "users", "org_id"));
}

#[test]
fn plan_dry_run_and_explain_write_nothing() {
    let scene = Scene::new();
    let state = scene.state();
    let plan = scene.make(&["users", "email=a@x.example", "--plan"]);
    assert!(plan.succeeds().stdout.contains("INSERT INTO"), "{plan:?}");
    assert!(plan.stdout.contains("ON CONFLICT") && plan.stdout.contains("-- "), "{plan:?}");
    for word in ["COMMIT", "setval", "TRUNCATE", "ALTER "] {
        assert!(!plan.stdout.contains(word), "{word} in {plan:?}");
    }
    let plan = scene.make(&["users", "email=a@x.example", "--plan", "--json"]);
    let plan: Value = serde_json::from_str(&plan.succeeds().stdout).unwrap();
    assert_eq!(plan["plan"], 1);

    let explained = scene.run(&["explain", "users", "email=a@x.example"]);
    let told = &explained.succeeds().stdout;
    assert!(told.contains("users is found by (email)"), "{told}");
    assert!(told.contains("users_pkey"), "why the primary key lost: {told}");
    assert!(told.contains("org_id"), "where each value comes from: {told}");
    let explained = scene.run(&["explain", "users", "email=a@x.example", "--json"]);
    let told: Value = serde_json::from_str(&explained.succeeds().stdout).unwrap();
    assert_eq!(told["key"][0], "email", "{told}");
    assert_eq!(scene.state(), state, "sequences included");

    let dry = scene.make(&["users", "email=a@x.example", "--dry-run"]);
    assert!(dry.succeeds().stdout.contains("would be created"), "{dry:?}");
    assert!(dry.stderr.contains("rolled back") && dry.stderr.contains("sequences"), "{dry:?}");
    let told = scene.make(&["users", "email=a@x.example", "--dry-run", "--json"]);
    assert_eq!(told.succeeds().events().len(), 1, "talk is events: {told:?}");
    assert_eq!(told.stderr.lines().count(), 1, "{told:?}");
    assert_eq!(scene.ask("SELECT count(*) FROM users"), "0");
    assert_eq!(scene.ask("SELECT last_value FROM users_id_seq"), "2", "drawn and gone");
}

#[test]
fn without_a_database_rows_are_built_by_the_schema_seen_last() {
    let scene = Scene::new();
    let build = ["make", "users", "email=a@x.example", "--build"];
    let absent = Outcome::from(scene.session.command(&build).output().unwrap());
    absent.fails(120, &["no schema of", "seedbed run -- seedbed explain users"]);
    scene.run(&["explain", "users"]).succeeds();
    let built = Outcome::from(scene.session.command(&build).output().unwrap());
    assert!(built.succeeds().stdout.contains("email=a@x.example"), "{built:?}");
    let words = [&build[..], &["--json"]].concat();
    let built = Outcome::from(scene.session.command(&words).output().unwrap());
    let made: Vec<Value> = serde_json::from_str(&built.succeeds().stdout).unwrap();
    assert_eq!(column(&made, "users", "email"), "a@x.example");
    assert!(column(&made, "users", "name").is_string(), "{made:?}");

    // What is built is what is made.
    let stored = scene.made(&["users", "email=a@x.example"]);
    assert_eq!(column(&made, "users", "name"), column(&stored, "users", "name"));

    // A cache that was damaged is as good as none, and mended.
    let cache = scene.session.around().join("cache/schemas");
    for entry in std::fs::read_dir(&cache).unwrap().flatten() {
        std::fs::write(entry.path(), "{").unwrap();
    }
    let broken = Outcome::from(scene.session.command(&build).output().unwrap());
    broken.fails(120, &["no schema of"]);
    scene.run(&["explain", "users"]).succeeds();
    Outcome::from(scene.session.command(&build).output().unwrap()).succeeds();
}

#[test]
fn a_changed_schema_is_noticed() {
    let scene = Scene::new();
    scene.make(&["orgs"]).succeeds();
    let _ = scene.ask("ALTER TABLE orgs ADD motto text NOT NULL DEFAULT 'none'");
    let _ = scene.ask("ALTER TABLE orgs ALTER motto DROP DEFAULT");
    let made = scene.made(&["orgs", "slug=new"]);
    assert!(column(&made, "orgs", "motto").is_string(), "{made:?}");
}

#[test]
fn bad_input_is_told_with_what_would_be_right() {
    let scene = Scene::new();
    let state = scene.state();
    for (words, texts) in [
        (&["user"][..], &["user", "users"][..]),
        (&["users", "emial=a@x.example"], &["emial", "email"]),
        (&["users", "email"], &["`email` is no COLUMN=VALUE", "email=VALUE"]),
        (&["users", "--with", "post=2"], &["post", "posts"]),
        (&["users", "--with", "posts"], &["TABLE=K", "--with posts=3"]),
        (&["users", "email=a@x.example", "age=old"], &["integer", "age"]),
        (&["users", "email=a@x.example", "age=151"], &["age"]),
        (&["users", "email=a@x.example", "grade=top"], &["grade"]),
        (&["users", "email=a@x.example", "--key", "mail"], &["mail", "email"]),
        (&["grades", "-n", "4"], &["grade", "3"]),
        (&["pairs", "a=1", "b=2", "--policy", "strict", "--key", "c"], &["c", "a"]),
        (&["users", "-n", "3", "age=1", "age=2"], &["age"]),
    ] {
        let outcome = scene.make(words);
        assert_ne!(outcome.code, Some(0), "{words:?} {outcome:?}");
        assert_ne!(outcome.code, Some(125), "{words:?} {outcome:?}");
        for text in texts {
            assert!(
                outcome.stderr.contains(text),
                "no `{text}` for {words:?}:\n{}",
                outcome.stderr
            );
        }
        assert!(outcome.stdout.is_empty(), "{outcome:?}");
    }
    scene.make(&["users", "--policy", "sometimes"]).fails(2, &["converge, keep or strict"]);
    scene.make(&["users", "-n", "0"]).fails(2, &["--count", "0 is not in"]);
    assert_eq!(scene.ask("SELECT count(*) FROM users"), "0", "{state}");
    assert_eq!(scene.ask("SELECT count(*) FROM grades"), "0", "told before the first insert");
}

#[test]
fn a_table_without_a_key_has_its_rows_found_by_all_they_hold() {
    let scene = Scene::new();
    assert!(scene.make(&["lines"]).succeeds().stdout.contains("created"));
    assert!(scene.make(&["lines"]).succeeds().stdout.contains("matched"));
    assert_eq!(scene.ask("SELECT count(*) FROM lines"), "1");
}

#[test]
fn a_line_says_more_of_a_row_than_a_number_and_no_secret() {
    let scene = Scene::new();
    let _ = scene.ask(
        "CREATE EXTENSION btree_gist;
         CREATE TABLE bookings (id serial PRIMARY KEY, note text, room int NOT NULL,
           during daterange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&));
         CREATE TABLE people (id serial PRIMARY KEY, password text NOT NULL, born date NOT NULL,
           name text NOT NULL, api_key text NOT NULL UNIQUE)",
    );
    let line = |words: &[&str], column: &str| {
        let outcome = scene.make(words);
        let line = outcome.succeeds().stdout.lines().next().unwrap().to_owned();
        assert!(line.contains("id=") && line.contains(&format!(" {column}=")), "{line}");
        line
    };
    line(&["bookings"], "room");
    line(&["bookings"], "during");
    line(&["people"], "name");
    let told = line(&["people", "api_key=k-1", "password=hunter2", "--dry-run"], "api_key");
    assert!(told.contains("api_key=… ") || told.ends_with("api_key=…"), "{told}");
    assert!(told.contains("password=…") && !told.contains("hunter2"), "{told}");
    let built = Outcome::from(
        scene.session.command(&["make", "people", "password=hunter2", "--build"]).output().unwrap(),
    );
    assert!(built.succeeds().stdout.contains("password=…"), "{built:?}");
}

#[test]
fn a_row_that_two_keys_tell_apart_is_told() {
    let scene = Scene::new();
    let _ = scene.ask("INSERT INTO pairs VALUES (1, 1), (2, 2)");
    let outcome = scene.make(&["pairs", "a=1", "b=2"]);
    outcome.fails(120, &["pairs", "a", "b"]);
    assert_eq!(scene.ask("SELECT count(*) FROM pairs"), "2");
}

#[test]
fn a_role_without_rights_is_told_so() {
    let scene = Scene::new();
    let _ = scene.ask("CREATE ROLE reader LOGIN; GRANT SELECT ON users, orgs TO reader");
    let url = scene.server.url("reader", "shop_test");
    let words = ["make", "users", "email=a@x.example", "--url", &url];
    let outcome = Outcome::from(scene.session.command(&words).output().unwrap());
    assert_ne!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("reader") || outcome.stderr.contains("GRANT"), "{outcome:?}");
}

#[test]
fn an_interrupted_call_leaves_nothing_of_it() {
    let scene = Scene::new();
    let _ = scene.ask(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN PERFORM pg_sleep(60); RETURN new; END';
         CREATE TRIGGER slow BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let running = Running::spawn(&mut scene.command(&["make", "users", "email=a@x.example"]));
        let waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        let bound = Duration::from_secs(30);
        until(bound, || (scene.ask(waits) == "1").then_some(())).expect("the insert waits");
        running.signal(signal);
        running.finish_killed();
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        let _ = scene.ask(end);
        until(bound, || scene.ask(waits).is_empty().then_some(())).expect("it ends");
        let rows = "SELECT (SELECT count(*) FROM orgs), (SELECT count(*) FROM users)";
        assert_eq!(scene.ask(rows), "0|0", "{signal:?}");
    }
}

/// Rows of ordinals that another process makes and has not committed yet.
#[test]
fn fresh_rows_that_are_outrun_are_the_next_free_ones() {
    let scene = Scene::new();
    let _ = scene.ask(
        "CREATE TABLE gate (shut boolean); INSERT INTO gate VALUES (true);
         CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN WHILE EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.02); END LOOP;
            RETURN new; END';
         CREATE TRIGGER pass AFTER INSERT ON orgs FOR EACH ROW EXECUTE FUNCTION pass()",
    );
    let bound = Duration::from_secs(30);
    let waits = |event: &str, count: &str| {
        let asked = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop_test' AND {event}"
        );
        until(bound, || (scene.ask(&asked) == count).then_some(())).expect(event);
    };
    let counted = Running::spawn(&mut scene.command(&["make", "orgs", "-n", "3"]));
    waits("wait_event = 'PgSleep'", "1");
    let fresh = Running::spawn(&mut scene.command(&["make", "orgs", "--fresh", "-n", "2"]));
    waits("wait_event_type = 'Lock'", "1");
    let _ = scene.ask("DELETE FROM gate");
    assert!(counted.finish().succeeds().stdout.contains("created"));
    let fresh = fresh.finish();
    assert_eq!(fresh.succeeds().stdout.matches("created").count(), 2, "{fresh:?}");
    assert_eq!(scene.ask("SELECT count(*), count(DISTINCT slug) FROM orgs"), "5|5");
    // A value that was passed and is taken is no race.
    let _ = scene.ask("INSERT INTO orgs (slug, name) VALUES ('mine', 'x')");
    scene.make(&["orgs", "slug=mine", "--fresh"]).fails(120, &["slug", "orgs"]);
}

#[test]
fn ten_processes_at_once_make_one_row() {
    let scene = Scene::new();
    const CALLS: usize = 10;
    let calls = || {
        let script = format!(
            "i=0; while [ $i -lt {CALLS} ]; do \
             \"$0\" -q make users email=same@x.example name=Same --url \"$1\" || exit; \
             i=$((i+1)); done"
        );
        let mut command = scene.session.command(&[]);
        let program = command.get_program().to_owned();
        let mut shell = std::process::Command::new("/bin/sh");
        shell.arg("-c").arg(script).arg(program).arg(&scene.url);
        shell.current_dir(scene.session.project()).env_clear();
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        drop(std::mem::replace(&mut command, std::process::Command::new("true")));
        Running::spawn(&mut shell)
    };
    let outcomes: Vec<Outcome> =
        (0..10).map(|_| calls()).collect::<Vec<_>>().into_iter().map(Running::finish).collect();
    let created = |outcome: &Outcome| {
        outcome
            .stdout
            .lines()
            .filter(|line| line.starts_with("users") && line.contains("created"))
            .count()
    };
    for outcome in &outcomes {
        let lines = outcome.succeeds().stdout.lines().filter(|line| line.starts_with("users"));
        assert_eq!(lines.count(), CALLS, "{outcome:?}");
    }
    assert_eq!(outcomes.iter().map(created).sum::<usize>(), 1);
    assert_eq!(scene.ask("SELECT count(*), (SELECT count(*) FROM orgs) FROM users"), "1|1");
}

/// A database may read NULL in arrays as a text; a call does not.
#[test]
fn null_is_null_whatever_the_database_makes_of_arrays() {
    let scene = Scene::new();
    let _ = scene.ask(
        "CREATE TABLE notes (id serial PRIMARY KEY, code text NOT NULL UNIQUE,
           kind text NOT NULL, note text, CHECK (kind <> 'x' OR note IS NOT NULL));
         ALTER DATABASE shop_test SET array_nulls = off",
    );
    scene.make(&["notes", "-n", "3", "kind=a"]).succeeds();
    assert_eq!(scene.ask("SELECT count(*) FROM notes WHERE note IS NULL"), "3");
}
