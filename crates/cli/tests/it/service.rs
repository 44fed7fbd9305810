//! `up`, `down`, `ps`, `logs`, and runs on a server that is up.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use seedbed_api::Event;
use serde_json::Value;

use crate::patience::{content, until};
use crate::postmaster::{self, Postmaster};
use crate::project::{Outcome, Project};
use crate::running::Running;

const USERS: &[(&str, &str)] = &[("migrations/1_users.sql", "CREATE TABLE users (id int);")];

/// What a run on a shared server tells: its database, and whether it is one.
fn database(outcome: &Outcome) -> (String, bool) {
    let ready = outcome.events().into_iter().find_map(|event| match event {
        Event::Ready { database, reused, .. } => Some((database, reused)),
        _ => None,
    });
    ready.unwrap_or_else(|| panic!("{outcome:?}"))
}

fn listed(project: &Project) -> Vec<Value> {
    let outcome = project.run(&["--json", "ps"]);
    serde_json::from_str(&outcome.succeeds().stdout).unwrap()
}

/// The record of the server that is up.
fn record(project: &Project) -> Value {
    let found = listed(project).into_iter().find(|record| record["kind"] == "up");
    found.expect("a server is up")
}

#[test]
fn a_run_reuses_what_up_started_and_leaves_no_database() {
    let project = Project::with(USERS);
    let up = project.run(&["up"]);
    assert!(up.succeeds().stderr.contains("is up on 127.0.0.1:"), "{up:?}");
    let again = project.run(&["up"]);
    assert!(again.succeeds().stderr.contains("is already up"), "{again:?}");

    let databases = "SELECT datname FROM pg_database WHERE datname LIKE 'seedbed_test%' ORDER BY 1";
    let script = format!("psql -XAtqc 'INSERT INTO users VALUES (1)' -c \"{databases}\"");
    for _ in 0..2 {
        let outcome = project.sh(&script);
        let (name, reused) = database(outcome.succeeds());
        assert!(reused && name.starts_with("seedbed_test_"), "{name}");
        // The one before is gone, and ours is the only one beside the template.
        assert_eq!(outcome.stdout.trim_end(), name);
        assert!(outcome.applied().is_empty());
    }
    assert_eq!(project.query("SELECT count(*) FROM users"), "0");

    let records = listed(&project);
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["project"], project.root().to_str().unwrap());
    assert!(!project.run(&["--json", "ps"]).stdout.contains("password"));

    let down = project.run(&["down"]);
    assert!(down.succeeds().stderr.contains("ended the server of"), "{down:?}");
    assert!(project.run(&["down"]).succeeds().stderr.contains("nothing was up"));
    assert!(listed(&project).is_empty());
    let (name, reused) = database(&project.sh("true"));
    assert_eq!((name.as_str(), reused), ("seedbed_test", false));
}

#[test]
fn two_runs_at_once_on_one_server_have_a_database_each() {
    let project = Project::with(USERS);
    project.run(&["up"]).succeeds();
    // Each waits for the other, so they can only succeed side by side.
    let meet = |me: &str, other: &str| {
        format!(
            "psql -XAtqc 'INSERT INTO users VALUES (1)'; echo in > {me}
             while ! test -s {other}; do sleep 0.01; done
             psql -XAtqc 'SELECT count(*) FROM users'; echo $PGDATABASE"
        )
    };
    let (first, second) = (project.start(&meet("a", "b")), project.start(&meet("b", "a")));
    let (first, second) = (first.finish(), second.finish());
    assert!(first.succeeds().stdout.starts_with("1\nseedbed_test_"), "{first:?}");
    assert!(second.succeeds().stdout.starts_with("1\nseedbed_test_"), "{second:?}");
    assert_ne!(first.stdout, second.stdout);
    project.run(&["down"]).succeeds();
}

#[test]
fn a_migration_added_while_up_is_applied_alone() {
    let project = Project::with(USERS);
    project.run(&["up"]).succeeds();
    project.write("migrations/2_orders.sql", "CREATE TABLE orders (id int);");
    let outcome = project.sh("psql -XAtqc 'SELECT count(*) FROM orders'");
    assert_eq!(outcome.applied(), ["2_orders"]);
    assert!(database(&outcome).1, "the server that is up was used");
    assert!(project.sh("true").applied().is_empty());

    project.write("migrations/2_orders.sql", "CREATE TABLE orders (id bigint); SELECT broken;");
    project.sh("true").fails(122, &["migrations/2_orders.sql:1", "broken"]);
    fs::remove_file(project.root().join("migrations/2_orders.sql")).unwrap();
    assert!(project.sh("psql -c 'SELECT * FROM users'").applied().is_empty());
    project.run(&["down"]).succeeds();
}

#[test]
fn down_spares_a_run_unless_forced_and_the_run_still_cleans_up() {
    let project = Project::with(USERS);
    project.run(&["up"]).succeeds();
    let running = project.start(
        "echo in > in; while psql -XAtqc 'SELECT 1' >/dev/null 2>&1; do sleep 0.05; done; exit 7",
    );
    content(&project.root().join("in"));
    project.run(&["down"]).fails(123, &["is used by `sh -c", "seedbed down --force"]);
    project.run(&["down", "--force"]).succeeds();
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(7), "{outcome:?}");
}

#[test]
fn an_idle_server_ends_by_itself_but_not_under_a_run() {
    let project = Project::with(USERS);
    project.run(&["up", "--idle-timeout", "1s"]).succeeds();
    let running = project.start("sleep 2.5; psql -XAtqc 'SELECT count(*) FROM users'");
    let outcome = running.finish();
    assert_eq!(outcome.succeeds().stdout, "0\n");
    project.ledger().settle();
    assert!(listed(&project).is_empty());
}

#[test]
fn the_log_is_the_servers() {
    let project = Project::with(USERS);
    project.run(&["logs"]).fails(121, &["no server of", "seedbed up"]);
    project.run(&["up"]).succeeds();
    project.run(&["run", "psql", "-c", "SELECT 1 AS broken FROM nowhere"]);
    let log = project.run(&["logs"]);
    assert!(log.succeeds().stdout.contains("relation \"nowhere\" does not exist"), "{log:?}");
    project.run(&["down"]).succeeds();
}

#[test]
fn a_killed_service_is_cleaned_up_by_its_reaper() {
    let project = Project::with(USERS);
    project.run(&["up"]).succeeds();
    let service = record(&project);
    let server = Postmaster::of(&project, service["id"].as_str().unwrap());
    postmaster::kill(service["pid"].as_i64().unwrap());
    project.ledger().settle();
    assert!(!server.alive());
    assert_eq!(database(&project.sh("true")), ("seedbed_test".into(), false));
}

#[test]
fn a_service_whose_server_is_killed_ends_and_cleans_up() {
    let project = Project::with(USERS);
    project.run(&["up"]).succeeds();
    let server = Postmaster::of(&project, record(&project)["id"].as_str().unwrap());
    server.kill();
    project.ledger().settle();
    assert_eq!(database(&project.sh("true")), ("seedbed_test".into(), false));
}

#[test]
fn each_checkout_has_its_own_server_and_all_can_be_ended_at_once() {
    let project = Project::with(USERS);
    let other = project.other_checkout();
    project.run(&["up"]).succeeds();
    project.run(&["-C", other.to_str().unwrap(), "up"]).succeeds();
    assert_eq!(listed(&project).len(), 2);
    project.run(&["down"]).succeeds();
    assert_eq!(record(&project)["project"], other.to_str().unwrap());
    project.run(&["down", "--all"]).succeeds();
    assert!(listed(&project).is_empty());
}

#[test]
fn two_ups_at_once_start_one_server() {
    let project = Project::with(USERS);
    let start = || Running::spawn(&mut project.seedbed(&["--json", "up"]));
    let outcomes = [start(), start()].map(Running::finish);
    let ids = outcomes.each_ref().map(|outcome| {
        let told: Value = serde_json::from_str(&outcome.succeeds().stdout).unwrap();
        told["id"].as_str().unwrap().to_owned()
    });
    assert_eq!(ids[0], ids[1]);
    assert_eq!(listed(&project).len(), 1);
    project.run(&["down"]).succeeds();
}

#[test]
fn an_interrupted_up_leaves_no_server() {
    let project = Project::with(&[("migrations/1_slow.sql", "SELECT pg_sleep(30);")]);
    for signal in [Signal::INT, Signal::KILL] {
        let up = Running::spawn(&mut project.seedbed(&["up"]));
        postmaster::building(&project);
        up.signal(signal);
        assert_eq!(up.finish_killed(), None);
        project.ledger().settle();
    }
    project.write("migrations/1_slow.sql", "CREATE TABLE t (n int);");
    project.run(&["up"]).succeeds();
    project.run(&["down"]).succeeds();
}

#[test]
fn a_killed_run_on_a_shared_server_has_its_database_dropped() {
    let project = Project::with(USERS);
    project.run(&["up"]).succeeds();
    let running = project.start("echo $SEEDBED_RUN > run; sleep 300");
    let claim = content(&project.root().join("run"));
    let service = record(&project);
    running.signal(Signal::KILL);
    let gone = || !project.runs().join(&claim).exists();
    until(Duration::from_secs(20), || gone().then_some(())).expect("the reaper buries it");
    let query = "SELECT count(*) FROM pg_database WHERE datname LIKE 'seedbed\\_test\\_%'";
    assert_eq!(project.query(query), "1", "the asking run's own");
    assert_eq!(record(&project)["id"], service["id"], "the server stays");
    project.run(&["down"]).succeeds();
}
