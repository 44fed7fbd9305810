//! Leases as a person, a script or a runner meets them: `run --workers`,
//! `lease`, `mark`, `rewind`, `release`, `keep`, and what is left when somebody
//! is killed.

use std::time::Duration;

use rustix::process::Signal;
use seedbed_testkit::Server;
use serde_json::Value;

use crate::patience::{content, until};
use crate::postmaster::{self, Postmaster};
use crate::project::{Outcome, Project};
use crate::running::Running;

const SEEDBED: &str = env!("CARGO_BIN_EXE_seedbed");
const NOTES: &[(&str, &str)] = &[(
    "migrations/1_notes.sql",
    "CREATE TABLE notes (id serial PRIMARY KEY, note text); INSERT INTO notes (note) VALUES ('reference');",
)];
const COUNT: &str = "psql -XAtqc 'SELECT count(*) FROM notes' \"$1\"";

/// Writes on both slots, goes back on one of them, then on the other.
fn two_slots() -> String {
    format!(
        r#"set -e
        count() {{ {COUNT}; }}
        write() {{ psql -Xqc "INSERT INTO notes (note) VALUES ('$2')" "$1"; }}
        test "$SEEDBED_SLOTS" = 2; test "$SEEDBED_URL_1" = "$DATABASE_URL"
        test "$SEEDBED_URL_0" = "$SEEDBED_URL_2"; test "$SEEDBED_URL_1" != "$SEEDBED_URL_2"
        write "$SEEDBED_URL_1" one; write "$SEEDBED_URL_2" two; write "$SEEDBED_URL_2" three
        {SEEDBED} -q rewind --lease run/1
        echo $(count "$SEEDBED_URL_1") $(count "$SEEDBED_URL_2")
        {SEEDBED} -q rewind --lease run/2
        echo $(count "$SEEDBED_URL_1") $(count "$SEEDBED_URL_2")
        write "$SEEDBED_URL_1" after"#
    )
}

fn on_workers(project: &Project, options: &[&str], workers: &str, script: &str) -> Outcome {
    let mut words = vec!["run", "--workers", workers];
    words.extend(options);
    words.extend(["--", "sh", "-c", script]);
    project.run(&words)
}

fn slots(project: &Project) -> Vec<Value> {
    let outcome = project.run(&["--json", "ps", "--slots"]);
    serde_json::from_str(&outcome.succeeds().stdout).unwrap()
}

/// Waits until a slot of the service that is up is in this state.
#[track_caller]
fn until_slot(project: &Project, state: &str) -> Value {
    let look = || slots(project).into_iter().find(|slot| slot["state"] == state);
    until(Duration::from_secs(30), look).unwrap_or_else(|| panic!("{:?}", slots(project)))
}

fn lease(project: &Project, script: &str) -> Running {
    let words = ["lease", "--slot", "run/1", "--", "sh", "-c", script];
    Running::spawn(&mut project.seedbed(&words))
}

#[test]
fn workers_have_a_database_each_on_every_lane() {
    let project = Project::with(NOTES);
    for lane in ["auto", "rewind", "clone", "truncate", "rollback"] {
        let outcome = on_workers(&project, &["--lane", lane], "2", &two_slots());
        assert_eq!(outcome.succeeds().stdout, "1 3\n1 1\n", "{lane}");
    }
    on_workers(&project, &["--lane", "sideways"], "2", "true")
        .fails(120, &["sideways", "--lane clone"]);
    on_workers(&project, &[], "0", "true").fails(120, &["--workers"]);
}

#[test]
fn workers_find_their_databases_on_any_server_and_under_any_role() {
    let project = Project::with(NOTES);
    let role = format!("{}; psql -XAtqc 'SELECT current_user' \"$SEEDBED_URL_2\"", two_slots());
    let outcome = on_workers(&project, &["--role", "app"], "2", &role);
    assert_eq!(outcome.succeeds().stdout, "1 3\n1 1\napp\n");
    project.run(&["up"]).succeeds();
    for options in [&[][..], &["--role", "app"]] {
        let outcome = on_workers(&project, options, "2", &two_slots());
        assert_eq!(outcome.succeeds().stdout, "1 3\n1 1\n", "{options:?}");
    }
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'seedbed\\_test\\_%'";
    assert_eq!(project.query(left), "1", "the asking run's own");
    project.run(&["down"]).succeeds();

    let server = Server::start();
    let _ = server.psql("postgres", "CREATE ROLE maker LOGIN CREATEDB");
    for (role, lane) in [
        ("postgres", "auto"),
        ("postgres", "truncate"),
        ("maker", "auto"),
        ("maker", "truncate"),
        ("maker", "rollback"),
    ] {
        let url = server.url(role, "postgres");
        let options = ["--server", url.as_str(), "--lane", lane];
        let outcome = on_workers(&project, &options, "2", &two_slots());
        assert_eq!(outcome.succeeds().stdout, "1 3\n1 1\n", "{role} {lane}");
    }
    let url = server.url("maker", "postgres");
    on_workers(&project, &["--server", &url, "--lane", "rewind"], "2", "true")
        .fails(120, &["the lane `rewind` is impossible", "lane = \"auto\""]);
    assert_eq!(server.psql("postgres", left), "0");
}

#[test]
fn a_lease_is_a_database_for_one_command() {
    let project = Project::with(NOTES);
    project.run(&["up", "--workers", "2"]).succeeds();
    let script = format!(
        r#"set -e
        count() {{ {COUNT}; }}
        write() {{ psql -Xqc "INSERT INTO notes (note) VALUES ('x')"; }}
        write; mark=$({SEEDBED} mark); write; write
        {SEEDBED} rewind "$mark"; count
        psql -Xqc 'ALTER TABLE notes ADD more int'; {SEEDBED} --json rewind "$mark" | tr -d "\n "; echo; count
        {SEEDBED} rewind; write
        kept=$({SEEDBED} keep --test 'a test'); psql -XAtqc 'SELECT count(*) FROM notes' "$kept"; count
        echo "$SEEDBED_LEASE $PGDATABASE" > who
        {SEEDBED} release; exit 9"#
    );
    let outcome = project.run(&["lease", "--worker", "gw0", "--", "sh", "-c", &script]);
    assert_eq!(outcome.code, Some(9), "{outcome:?}");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let [first, told, second, kept, back] = lines[..] else { panic!("{outcome:?}") };
    assert_eq!([first, second, kept, back], ["2", "2", "3", "2"], "{outcome:?}");
    let told: Value = serde_json::from_str(told).unwrap();
    assert_eq!((&told["replaced"], &told["marks_lost"]), (&true.into(), &false.into()), "{told}");
    assert!(outcome.stderr.contains("undid 2 rows in 1 tables"), "{outcome:?}");
    let found = slots(&project);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|slot| slot["state"] == "free"), "{found:?}");
    // The worker is remembered, and its next lease is clean.
    let again = project.run(&[
        "lease",
        "--worker",
        "gw0",
        "--",
        "sh",
        "-c",
        "set -- ''; echo $SEEDBED_LEASE; psql -XAtqc 'SELECT count(*) FROM notes'",
    ]);
    let who = content(&project.root().join("who"));
    let slot = who.split('.').next().unwrap();
    assert!(again.succeeds().stdout.starts_with(&format!("{slot}.2\n1\n")), "{again:?}");
    let connections = project.run(&["--json", "ps", "--connections"]);
    assert!(connections.succeeds().stdout.contains("\"limit\""), "{connections:?}");
    let name = project.run(&["kept", "ls"]);
    for name in name.succeeds().stdout.lines().skip(1).filter_map(|line| line.split(' ').next()) {
        project.run(&["kept", "rm", name]).succeeds();
    }
    project.run(&["down"]).succeeds();
}

#[test]
fn whoever_is_killed_ends_the_lease_and_its_command() {
    let project = Project::with(NOTES);
    project.run(&["up", "--workers", "1"]).succeeds();
    let dirty = "psql -Xqc \"INSERT INTO notes (note) VALUES ('dirt')\"; echo $$ > pid; sleep 300 & sleep 300";
    for who in ["lease", "command"] {
        let running = lease(&project, dirty);
        let command = content(&project.root().join("pid"));
        until_slot(&project, "leased");
        if who == "lease" {
            running.signal(Signal::KILL);
            running.finish_killed();
        } else {
            postmaster::kill(command.parse().unwrap());
            assert_eq!(running.finish().code, Some(137));
        }
        until_slot(&project, "free");
        let gone = || (!postmaster::alive(&command)).then_some(());
        until(Duration::from_secs(20), gone).expect("the command is ended");
        let next = project.run(&["lease", "--", "psql", "-XAtqc", "SELECT count(*) FROM notes"]);
        assert_eq!(next.succeeds().stdout, "1\n", "{who}");
        std::fs::remove_file(project.root().join("pid")).unwrap();
    }
    project.run(&["down"]).succeeds();
}

#[test]
fn without_a_service_or_its_token_that_is_said() {
    let project = Project::with(NOTES);
    project.run(&["lease", "--", "true"]).fails(121, &["no lease service", "seedbed up"]);
    project.run(&["rewind", "--lease", "1.1"]).fails(121, &["seedbed run --workers 4"]);
    project.run(&["mark"]).fails(120, &["no lease is named"]);
    let script = format!(
        r#"SEEDBED_TOKEN=wrong {SEEDBED} mark --lease run/1; echo $?
        SEEDBED_TOKEN=wrong SEEDBED_API_SOCKET= {SEEDBED} --json mark --lease run/1; echo $?
        SEEDBED_API_SOCKET= {SEEDBED} -q mark --lease run/1; echo $?
        SEEDBED_TOKEN= {SEEDBED} mark --lease run/1; echo $?
        SEEDBED_API=http://127.0.0.1:9 SEEDBED_API_SOCKET= {SEEDBED} mark --lease run/1; echo $?
        {SEEDBED} rewind 9.9.9 --lease run/1; echo $?
        {SEEDBED} lease --slot run/7 -- true; echo $?
        {SEEDBED} lease -- no-such-program; echo $?"#
    );
    let outcome = on_workers(&project, &[], "1", &script);
    let codes: Vec<&str> = outcome.succeeds().stdout.lines().collect();
    assert_eq!(codes[..2], ["123", "123"], "{outcome:?}");
    assert!(codes[2].starts_with("1.0."), "over TCP: {outcome:?}");
    assert_eq!(codes[3..], ["0", "120", "121", "123", "120", "127"], "{outcome:?}");
    for hint in ["token", "\"kind\":\"refused\"", "SEEDBED_TOKEN is not", "there is no run/7"] {
        assert!(outcome.stderr.contains(hint), "no {hint} in {}", outcome.stderr);
    }
}

#[test]
fn a_killed_run_with_workers_leaves_nothing() {
    let project = Project::with(NOTES);
    let workers = |script: &str| {
        Running::spawn(&mut project.seedbed(&["run", "--workers", "3", "--", "sh", "-c", script]))
    };
    let running = workers("echo in > in; sleep 300");
    content(&project.root().join("in"));
    running.signal(Signal::KILL);
    running.finish_killed();
    project.ledger().settle();
    std::fs::remove_file(project.root().join("in")).unwrap();

    // On a server that stays, its databases go.
    project.run(&["up"]).succeeds();
    let running = workers("echo $SEEDBED_RUN > in; sleep 300");
    let claim = content(&project.root().join("in"));
    running.signal(Signal::KILL);
    running.finish_killed();
    let gone = || (!project.runs().join(&claim).exists()).then_some(());
    until(Duration::from_secs(20), gone).expect("the reaper buries it");
    let left = format!("SELECT count(*) FROM pg_database WHERE datname LIKE '%{claim}%'");
    assert_eq!(project.query(&left), "0");
    project.run(&["down"]).succeeds();
}

#[test]
fn a_killed_server_is_told_and_the_run_ends() {
    let project = Project::with(NOTES);
    let script = format!(
        "echo $SEEDBED_RUN > run; while test -e run; do sleep 0.02; done
         {SEEDBED} rewind --lease run/1; echo $?; {SEEDBED} mark --lease run/1; echo $?; exit 5"
    );
    let words = ["run", "--workers", "2", "--", "sh", "-c", &script];
    let running = Running::spawn(&mut project.seedbed(&words));
    let claim = content(&project.root().join("run"));
    Postmaster::of(&project, &claim).kill();
    std::fs::remove_file(project.root().join("run")).unwrap();
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(5), "{outcome:?}");
    assert_eq!(outcome.stdout, "121\n121\n", "{outcome:?}");
    assert!(outcome.stderr.contains("the database server does not answer"), "{outcome:?}");
    project.ledger().settle();
}

#[test]
fn an_idle_service_with_slots_ends_by_itself_but_not_under_a_lease() {
    let project = Project::with(NOTES);
    project.run(&["up", "--workers", "2", "--idle-timeout", "1s"]).succeeds();
    // No session of its own: the lease alone keeps the service.
    let outcome = lease(&project, "sleep 3; psql -XAtqc 'SELECT count(*) FROM notes'").finish();
    assert_eq!(outcome.succeeds().stdout, "1\n");
    project.ledger().settle();
}

#[test]
fn two_runs_with_workers_side_by_side_do_not_meet() {
    let project = Project::with(NOTES);
    let meet = |me: &str, other: &str| {
        format!(
            "echo in > {me}; while ! test -s {other}; do sleep 0.01; done
             echo $SEEDBED_URL_1; echo $SEEDBED_URL_2; {}",
            two_slots()
        )
    };
    let start = |me: &str, other: &str| {
        let script = meet(me, other);
        let words = ["run", "--workers", "2", "--", "sh", "-c", &script];
        Running::spawn(&mut project.seedbed(&words))
    };
    for up in [false, true] {
        if up {
            project.run(&["up"]).succeeds();
        }
        let outcomes = [start("a", "b"), start("b", "a")].map(Running::finish);
        let mut urls: Vec<&str> = Vec::new();
        for outcome in &outcomes {
            let lines: Vec<&str> = outcome.succeeds().stdout.lines().collect();
            assert_eq!(lines[2..], ["1 3", "1 1"], "{outcome:?}");
            urls.extend(&lines[..2]);
        }
        urls.sort_unstable();
        urls.dedup();
        assert_eq!(urls.len(), 4, "{urls:?}");
        for file in ["a", "b"] {
            std::fs::remove_file(project.root().join(file)).unwrap();
        }
    }
    project.run(&["down"]).succeeds();
}
