//! Each participant killed once, at a known moment; the reaper, or the next
//! call of any command, leaves nothing. Random moments are `xtask soak`'s.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, test_kill_process};

use crate::patience::content;
use crate::postmaster::{self, Postmaster};
use crate::project::Project;
use crate::running::Running;

/// A run whose command has connected and waits; the claim and its server.
fn waiting(project: &Project) -> (Running, String, Postmaster) {
    let script = "sleep 300 & psql -XAtqc 'SELECT 1' > in; echo $SEEDBED_RUN > run; wait";
    let running = project.start(script);
    let claim = content(&project.root().join("run"));
    let server = Postmaster::of(project, &claim);
    (running, claim, server)
}

#[test]
fn a_killed_run_is_cleaned_up_by_its_reaper() {
    let project = Project::new();
    let (running, ..) = waiting(&project);
    running.signal(Signal::KILL);
    project.ledger().settle();
}

#[test]
fn a_killed_command_is_an_exit_code() {
    let project = Project::new();
    let (running, claim, _) = waiting(&project);
    let record = postmaster::record(&project, &claim);
    postmaster::kill(record["command"]["pid"].as_i64().unwrap());
    assert_eq!(running.finish().code, Some(128 + 9));
}

#[test]
fn a_killed_server_fails_the_command_and_nothing_stays() {
    let project = Project::new();
    let running = project.start(
        "echo $SEEDBED_RUN > run; while psql -XAtqc 'SELECT 1' >/dev/null 2>&1; do sleep 0.02; done; exit 3",
    );
    let claim = content(&project.root().join("run"));
    Postmaster::of(&project, &claim).kill();
    assert_eq!(running.finish().code, Some(3));
}

#[test]
fn a_run_outlives_its_reaper() {
    let project = Project::new();
    let (running, claim, _) = waiting(&project);
    postmaster::kill(postmaster::reaper(&project, &claim));
    running.signal(Signal::TERM);
    assert_eq!(running.finish().code, Some(128 + 15));
}

#[test]
fn when_the_reaper_is_killed_too_the_next_command_of_any_kind_sweeps() {
    let project = Project::new();
    for command in [&["ps"][..], &["gc"], &["down"], &["run", "true"]] {
        let (running, claim, server) = waiting(&project);
        postmaster::kill(postmaster::reaper(&project, &claim));
        // The server dies hard as well, so its segment stays.
        server.kill();
        running.signal(Signal::KILL);
        assert_eq!(running.finish_killed(), None);
        assert!(server.data.exists() && !project.ledger().leaks().is_empty());
        fs::remove_file(project.root().join("run")).unwrap();

        let outcome = project.run(command);
        assert_eq!(outcome.code, Some(0), "{command:?}: {outcome:?}");
        let leaks = project.ledger().leaks();
        assert!(leaks.is_empty(), "after {command:?}: {leaks:?}");
    }
}

#[test]
fn a_stranger_with_a_reused_number_is_spared() {
    let project = Project::new();
    let (running, claim, _) = waiting(&project);
    let mut record = postmaster::record(&project, &claim);
    // Reuse cannot be arranged: instead the record is given the number of
    // somebody else, who started at another time.
    let mut stranger = Command::new("sleep").arg("120").spawn().unwrap();
    let earlier = record["command"]["start"].as_u64().unwrap() - 1;
    for who in ["command", "owner"] {
        record[who]["pid"] = stranger.id().into();
        record[who]["start"] = earlier.into();
    }
    let path = project.runs().join(&claim).join("record.json");
    fs::write(path, record.to_string()).unwrap();
    running.signal(Signal::KILL);
    project.ledger().settle();

    let spared = test_kill_process(Pid::from_child(&stranger)).is_ok()
        && stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(spared, "a process that was not ours was ended");
}

#[test]
fn claims_of_every_half_made_kind_are_swept() {
    let project = Project::new();
    let runs = project.runs();
    let folder = |name: &str| {
        let folder = runs.join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    };
    // Died after mkdir; after the lock; while the record was written; after
    // a folder was planned but not made; after it was made.
    folder("aaaaaaaaaa");
    fs::write(folder("bbbbbbbbbb").join("lock"), "").unwrap();
    fs::write(folder("cccccccccc").join("lock"), "").unwrap();
    fs::write(folder("cccccccccc").join("record.json.new"), "{\"form").unwrap();
    let planned = project.around().join("run/dddddddddd");
    record(&folder("dddddddddd"), "dddddddddd", &planned);
    let made = project.around().join("run/eeeeeeeeee");
    fs::create_dir_all(made.join("data/base")).unwrap();
    fs::write(made.join("data/postmaster.pid"), "1\n/nowhere\n").unwrap();
    record(&folder("eeeeeeeeee"), "eeeeeeeeee", &made);

    let outcome = project.run(&["gc"]);
    assert!(outcome.succeeds().stderr.contains("5 dead runs"), "{outcome:?}");
    assert!(!made.exists() && !project.around().join("run").exists());
    assert!(project.run(&["gc"]).succeeds().stderr.contains("nothing to remove"));
}

/// A record as a run writes it, by an owner that is gone.
fn record(claim: &Path, id: &str, folder: &Path) {
    let record = serde_json::json!({
        "format": 1, "kind": "run", "id": id, "created_s": 1, "project": "/p", "title": "t",
        "owner": { "pid": 1, "start": 0, "boot": "another" },
        "directories": [folder], "command": null, "service": null, "foreign": null,
    });
    fs::write(claim.join("lock"), "").unwrap();
    fs::write(claim.join("record.json"), record.to_string()).unwrap();
}

#[test]
fn a_build_that_is_killed_leaves_nothing_half_built() {
    let project = Project::with(&[
        ("migrations/1_a.sql", "CREATE TABLE a (id int);"),
        ("migrations/2_slow.sql", "CREATE TABLE b (id int); SELECT pg_sleep(60);"),
    ]);
    let running = project.start("true");
    let claim = postmaster::building(&project);
    Postmaster::of(&project, &claim);
    running.signal(Signal::KILL);
    project.ledger().settle();

    project.write("migrations/2_slow.sql", "CREATE TABLE b (id int);");
    let outcome = project.sh("psql -XAtqc 'SELECT count(*) FROM a, b'");
    assert_eq!(outcome.applied(), ["1_a", "2_slow"], "nothing of the dead build counts");
    assert_eq!(outcome.stdout, "0\n");
}

#[test]
fn a_killed_recipe_command_takes_its_descendants_along() {
    let project = Project::with(&[(
        "seedbed.toml",
        "[recipe]\ncommand = \"sleep 300 & echo $! > child; wait\"\ninputs = [\"seedbed.toml\"]\n",
    )]);
    let running = project.start("true");
    let child = content(&project.root().join("child"));
    running.signal(Signal::KILL);
    project.ledger().settle();
    assert!(!postmaster::alive(&child));
}

#[test]
fn an_interrupt_while_the_schema_is_built_ends_everything() {
    let project = Project::with(&[("migrations/1_slow.sql", "SELECT pg_sleep(60);")]);
    let mut running = project.start("true");
    postmaster::building(&project);
    assert!(!running.has_ended());
    running.signal(Signal::INT);
    assert_ne!(running.finish_killed(), Some(0));
    project.ledger().settle();
}
