//! `seedbed service`: one for everybody who asks, with the project's schema
//! of now, never at the cost of who uses it.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use seedbed_testkit::Server;
use serde_json::Value;

use crate::patience::{content, until};
use crate::postmaster;
use crate::project::{Outcome, Project};
use crate::running::Running;

const SEEDBED: &str = env!("CARGO_BIN_EXE_seedbed");
const USERS: &[(&str, &str)] = &[("migrations/1_users.sql", "CREATE TABLE users (id int);")];
const TABLES: &str = "psql -XAtqc \"SELECT string_agg(relname, ' ' ORDER BY relname) \
     FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace\"";

fn ask(project: &Project, options: &[&str]) -> (Value, Outcome) {
    let outcome = project.run(&[&["--json", "service"], options].concat());
    (serde_json::from_str(&outcome.succeeds().stdout).unwrap(), outcome)
}

/// How many slots a service has that was started for so many workers.
fn slots(workers: usize) -> usize {
    let processors = std::thread::available_parallelism().unwrap().get();
    workers.max(processors) + 4
}

/// What the claim of the only service says.
fn record(project: &Project) -> Value {
    let claims: Vec<_> = fs::read_dir(project.runs()).unwrap().flatten().collect();
    let records = claims.iter().filter_map(|claim| fs::read(claim.path().join("record.json")).ok());
    let records: Vec<Value> = records
        .map(|text| serde_json::from_slice(&text).unwrap())
        .filter(|record: &Value| record["kind"] == "up")
        .collect();
    assert_eq!(records.len(), 1, "{records:?}");
    records[0].clone()
}

/// A lease that is held until the file `end` is there.
fn hold(project: &Project, slot: &str) -> Running {
    let script = format!("echo in > in-{slot}; while ! test -e end; do sleep 0.02; done");
    let words =
        ["lease", "--worker", "gw7", "--slot", &format!("run/{slot}"), "--", "sh", "-c", &script];
    let running = Running::spawn(&mut project.seedbed(&words));
    content(&project.root().join(format!("in-{slot}")));
    running
}

fn let_go(project: &Project, held: Vec<Running>) {
    project.write("end", "");
    for running in held {
        running.finish().succeeds();
    }
    fs::remove_file(project.root().join("end")).unwrap();
}

#[test]
fn ten_who_ask_at_once_get_one_service() {
    let project = Project::with(USERS);
    let start = || Running::spawn(&mut project.seedbed(&["--json", "service", "--workers", "2"]));
    let asking: Vec<Running> = (0..10).map(|_| start()).collect();
    let told: Vec<Value> = asking
        .into_iter()
        .map(|asking| serde_json::from_str(&asking.finish().succeeds().stdout).unwrap())
        .collect();
    let different = |key: &str| {
        let mut values: Vec<String> = told.iter().map(|told| told[key].to_string()).collect();
        values.sort();
        values.dedup();
        values.len()
    };
    for key in ["api", "socket", "token", "run", "slots", "project", "version", "protocol"] {
        assert_eq!(different(key), 1, "{key}: {told:?}");
    }
    assert_eq!(told.iter().filter(|told| told["started"] == true).count(), 1);
    assert_eq!((&told[0]["slots"], &told[0]["protocol"]), (&slots(2).into(), &1.into()));
    assert_eq!(told[0]["project"], project.root().to_str().unwrap());
    assert_eq!(told[0]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(record(&project)["service"]["idle_s"], 900);
    project.run(&["down"]).succeeds();
}

#[test]
fn a_shell_evaluates_what_is_printed() {
    let project = Project::with(USERS);
    let script = format!(
        "set -e; eval \"$({SEEDBED} service)\"; test -S \"$SEEDBED_API_SOCKET\"
         {SEEDBED} lease -- {TABLES}
         sh -c 'curl -sf -H \"Authorization: Bearer $SEEDBED_TOKEN\" \"$SEEDBED_API/v1/health\"' \
            | grep -o '\"protocol\":1'
         # What is around us comes first.
         cd /; {SEEDBED} --json service | grep -c \"$SEEDBED_TOKEN\""
    );
    let mut shell = std::process::Command::new("sh");
    project.equip(shell.args(["-c", &script]));
    let outcome = crate::project::finish(&mut shell);
    assert_eq!(outcome.succeeds().stdout, "users\n\"protocol\":1\n1\n", "{outcome:?}");
    // What a shell was told may be old.
    let script = format!(
        "eval \"$({SEEDBED} service)\"; {SEEDBED} -q down; eval \"$({SEEDBED} service)\"
         {SEEDBED} lease -- {TABLES}"
    );
    let mut shell = std::process::Command::new("sh");
    project.equip(shell.args(["-c", &script]));
    let outcome = crate::project::finish(&mut shell);
    assert_eq!(outcome.succeeds().stdout, "users\n", "{outcome:?}");
    assert!(outcome.stderr.contains("SEEDBED_API names has ended"), "{outcome:?}");
    project.run(&["down"]).succeeds();

    let around = project.run(&["run", "--workers", "3", "--", SEEDBED, "--json", "service"]);
    let told: Value = serde_json::from_str(&around.succeeds().stdout).unwrap();
    assert_eq!((&told["slots"], &told["started"]), (&3.into(), &false.into()));
}

#[test]
fn a_new_migration_starts_it_anew_once_nobody_uses_it() {
    let project = Project::with(USERS);
    let (first, _) = ask(&project, &["--workers", "2"]);
    assert_eq!(ask(&project, &["--workers", "2"]).0["run"], first["run"]);
    let held = hold(&project, "2");
    project.write("migrations/2_orders.sql", "CREATE TABLE orders (id int);");

    let texts = [
        "is in use: run/2 (worker gw7)",
        "schema has changed",
        "seedbed ps --slots",
        "seedbed down",
    ];
    project.run(&["service", "--workers", "2"]).fails(123, &texts);
    let up = project.run(&["up"]);
    assert!(up.succeeds().stderr.contains("warning: the service of"), "{up:?}");
    assert!(up.stderr.contains("hint: seedbed down && seedbed up"), "{up:?}");
    let lease = project.run(&["lease", "--", "sh", "-c", TABLES]);
    assert_eq!(lease.succeeds().stdout, "users\n");
    assert!(lease.stderr.contains("schema has changed") && lease.stderr.contains("seedbed up"));
    // It goes on for who uses it, and for who does not ask for it by name.
    assert_eq!(record(&project)["id"], first["run"]);
    let_go(&project, vec![held]);

    let (second, outcome) = ask(&project, &["--workers", "2"]);
    assert!(outcome.stderr.contains("started anew"), "{outcome:?}");
    assert_eq!((second["started"].clone(), second["run"] == first["run"]), (true.into(), false));
    let lease = project.run(&["lease", "--", "sh", "-c", TABLES]);
    assert_eq!(lease.succeeds().stdout, "orders users\n");
    assert!(!lease.stderr.contains("warning"), "{lease:?}");

    // Broken migrations keep nobody from mending them.
    project.write("migrations/2_orders.sql", "CREATE TABLE orders (id int); SELECT broken;");
    project.run(&["service"]).fails(122, &["migrations/2_orders.sql:1", "broken"]);
    project.write("migrations/2_orders.sql", "CREATE TABLE orders (id int);");
    ask(&project, &["--workers", "1"]);
    project.run(&["down"]).succeeds();
}

#[test]
fn more_workers_get_more_databases_unless_somebody_is_at_work() {
    let project = Project::with(USERS);
    let (first, _) = ask(&project, &["--workers", "1"]);
    let few = slots(1);
    let many = few + 1;
    let held = hold(&project, "1");
    let (same, outcome) = ask(&project, &["--workers", &many.to_string()]);
    assert_eq!((&same["run"], &same["slots"]), (&first["run"], &few.into()));
    assert!(outcome.stderr.contains("some workers wait"), "{outcome:?}");
    let_go(&project, vec![held]);
    let (more, _) = ask(&project, &["--workers", &many.to_string()]);
    assert_eq!((&more["slots"], &more["started"]), (&slots(many).into(), &true.into()));
    let (fewer, _) = ask(&project, &["--workers", "2"]);
    assert_eq!((&fewer["run"], &fewer["slots"]), (&more["run"], &slots(many).into()));
    project.run(&["down"]).succeeds();
}

#[test]
fn a_second_terminal_has_room_and_slots_that_nobody_leases_are_not_made() {
    let project = Project::with(USERS);
    let (first, _) = ask(&project, &["--workers", "1"]);
    let held = hold(&project, "1");
    let (second, _) = ask(&project, &["--workers", "4"]);
    assert_eq!(second["run"], first["run"]);
    let count = "psql -XAtqc \"SELECT count(*) FROM pg_database WHERE datname ~ '_[0-9]+$'\"";
    let lease = project.run(&["lease", "--", "sh", "-c", count]);
    let made: usize = lease.succeeds().stdout.trim().parse().unwrap();
    assert!(made < slots(1), "{made}");
    let waiting = project.run(&["lease", "--slot", "run/1", "--wait", "1", "--", "true"]);
    assert!(waiting.stderr.contains("in use are run/1 (worker gw7, since "), "{waiting:?}");
    let_go(&project, vec![held]);
    project.run(&["down"]).succeeds();
}

#[test]
fn who_was_just_told_finds_the_service_there() {
    let project = Project::with(USERS);
    // Each wants more than the one before; nobody's service goes away.
    let start = |workers: &str| {
        let script = format!(
            "eval \"$({SEEDBED} service --workers {workers})\" && {SEEDBED} lease -- sleep 0.3"
        );
        let mut shell = std::process::Command::new("sh");
        project.equip(shell.args(["-c", &script]));
        Running::spawn(&mut shell)
    };
    let more = slots(0) + 1;
    let asking: Vec<Running> =
        (0..6).map(|several| start(&(1 + several * more).to_string())).collect();
    for asking in asking {
        asking.finish().succeeds();
    }
    project.run(&["down"]).succeeds();
}

#[test]
fn what_a_person_started_stays_as_it_was_wanted() {
    let project = Project::with(USERS);
    project.run(&["up", "--workers", "2", "--idle-timeout", "never"]).succeeds();
    let (first, _) = ask(&project, &["--workers", "2"]);
    assert_eq!(first["started"], false);
    project.write("migrations/2_orders.sql", "CREATE TABLE orders (id int);");
    // Somebody looks around in it, without a lease.
    let mut psql = std::process::Command::new("psql");
    let service = record(&project)["service"].clone();
    project.equip(&mut psql);
    project.write("look.sql", "SELECT 'in' \\g in-psql\nSELECT pg_sleep(60);\n");
    psql.args(["-XAtq", "-h", service["socket_dir"].as_str().unwrap(), "-U", "postgres"])
        .args(["-p", &service["port"].to_string(), "-f", "look.sql", "postgres"])
        .env("PGPASSWORD", service["password"].as_str().unwrap());
    let psql = Running::spawn(&mut psql);
    content(&project.root().join("in-psql"));
    project.run(&["service"]).fails(123, &["in use: a session of psql"]);
    psql.signal(Signal::INT);
    psql.finish_killed();

    let asked = || project.run(&["--json", "service", "--workers", "1"]);
    let outcome = until(Duration::from_secs(10), || {
        let outcome = asked();
        (outcome.code == Some(0)).then_some(outcome)
    })
    .unwrap();
    assert!(outcome.stderr.contains("that `seedbed up` started is started anew"), "{outcome:?}");
    let now = record(&project);
    assert_eq!((&now["title"], &now["service"]["idle_s"]), (&"seedbed up".into(), &Value::Null));
    assert_eq!(now["service"]["slots"], 2);

    // And `up` makes one that stays of one that was started on demand.
    project.run(&["down"]).succeeds();
    ask(&project, &[]);
    project.run(&["up"]).succeeds();
    assert_eq!(record(&project)["title"], "seedbed up");
    let again = project.run(&["up"]);
    assert!(again.succeeds().stderr.contains("is already up"), "{again:?}");
    project.run(&["down"]).succeeds();
}

#[test]
fn leases_and_requests_are_use_and_rest_is_the_end() {
    let project = Project::with(USERS);
    ask(&project, &["--workers", "1", "--idle-timeout", "1s"]);
    // No session, no request: only the lease.
    let id = record(&project)["id"].clone();
    let words = ["lease", "--", "sh", "-c", "sleep 2.5"];
    project.run(&words).succeeds();
    assert_eq!(record(&project)["id"], id);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2_500) {
        project.run(&["ps", "--slots"]).succeeds();
        project.run(&["run", "--", "sleep", "0.2"]).succeeds();
    }
    assert_eq!(record(&project)["id"], id);
    project.ledger().settle();
    assert_eq!(ask(&project, &["--workers", "1"]).0["started"], true);
    project.run(&["down"]).succeeds();
}

#[test]
fn a_killed_service_is_followed_by_another() {
    let project = Project::with(USERS);
    let (first, _) = ask(&project, &["--workers", "1"]);
    postmaster::kill(record(&project)["owner"]["pid"].as_i64().unwrap());
    let (second, _) = ask(&project, &["--workers", "1"]);
    assert_eq!((&second["started"], second["run"] == first["run"]), (&true.into(), false));
    project.run(&["down"]).succeeds();
}

#[test]
fn where_there_is_nothing_to_start_that_is_told() {
    let project = Project::with(USERS);
    let server = Server::start();
    let url = server.url("postgres", "postgres");
    project
        .run(&["service", "--server", &url])
        .fails(120, &["nothing to start", "seedbed run --workers auto"]);
    project.run(&["service", "--workers", "0"]).fails(120, &["--workers"]);
    project.run(&["service", "--idle-timeout", "soon"]).fails(120, &["--idle-timeout"]);
}
