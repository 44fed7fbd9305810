//! Runs at the same time: they never meet, never wait for each other, and
//! build the same schema once.

use std::fs;

use crate::patience::content;
use crate::project::Project;
use crate::running::Running;

/// Each waits inside for the other, so neither can have waited outside.
fn meet(me: &str, other: &str, folder: &str) -> String {
    format!(
        "psql -XAtqc 'INSERT INTO t VALUES (1)'; echo in > {folder}/{me}
         while ! test -s {folder}/{other}; do sleep 0.01; done
         psql -XAtqc 'SELECT count(*) FROM t'; echo $PGPORT; echo $SEEDBED_RUN"
    )
}

#[test]
fn two_runs_from_one_checkout_and_from_two_never_meet() {
    let project = Project::with(&[("migrations/1_t.sql", "CREATE TABLE t (n int);")]);
    project.sh("true").succeeds();
    let other = project.other_checkout();
    fs::create_dir_all(other.join("migrations")).unwrap();
    fs::copy(project.root().join("migrations/1_t.sql"), other.join("migrations/1_t.sql")).unwrap();
    let folder = project.around().to_str().unwrap().to_owned();
    for (place, names) in [(project.root(), ["a", "b"]), (other, ["c", "d"])] {
        let first = project.start(&meet(names[0], names[1], &folder));
        let script = meet(names[1], names[0], &folder);
        let mut second = project.seedbed(&["run", "--", "sh", "-c", &script]);
        let second = Running::spawn(second.current_dir(&place));
        let (first, second) = (first.finish(), second.finish());
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (first, second) = (lines(&first.succeeds().stdout), lines(&second.succeeds().stdout));
        assert_eq!((first[0].as_str(), second[0].as_str()), ("1", "1"));
        assert_ne!(first[1..], second[1..]);
    }
}

#[test]
fn a_run_inside_a_run_has_its_own_database_and_spares_the_outer_one() {
    let project = Project::with(&[("migrations/1_t.sql", "CREATE TABLE t (n int);")]);
    let binary = env!("CARGO_BIN_EXE_seedbed");
    let outcome = project.sh(&format!(
        "psql -XAtqc 'INSERT INTO t VALUES (1)'
         {binary} -q run -- psql -XAtqc 'SELECT count(*) FROM t'
         psql -XAtqc 'SELECT count(*) FROM t'"
    ));
    assert_eq!(outcome.succeeds().stdout, "0\n1\n");
}

#[test]
fn two_cold_runs_at_once_build_once() {
    let project = Project::with(&[
        ("migrations/1_t.sql", "CREATE TABLE t (n int);"),
        ("migrations/2_slow.sql", "SELECT pg_sleep(1);"),
    ]);
    let start = || {
        let mut command =
            project.seedbed(&["--json", "run", "--", "psql", "-c", "SELECT * FROM t"]);
        Running::spawn(&mut command)
    };
    let runs = [start(), start(), start()].map(Running::finish);
    let mut built = runs.each_ref().map(|run| run.applied().len());
    built.sort_unstable();
    assert_eq!(built, [0, 0, 2], "one builds, the others wait");
    let waited = runs.iter().filter(|run| run.stderr.contains("another process is building"));
    assert_eq!(waited.count(), 2);
}

#[test]
fn who_builds_something_else_does_not_wait() {
    let project = Project::with(&[("migrations/1_slow.sql", "SELECT pg_sleep(20);")]);
    let other = project.other_checkout();
    fs::create_dir_all(other.join("migrations")).unwrap();
    fs::write(other.join("migrations/1_t.sql"), "CREATE TABLE t (n int);").unwrap();
    let mut slow = project.start("true");
    let mut quick = project.seedbed(&["run", "--", "sh", "-c", "echo in > ../in"]);
    Running::spawn(quick.current_dir(&other)).finish().succeeds();
    assert_eq!(content(&project.around().join("in")), "in");
    assert!(!slow.has_ended(), "the slow build still goes on");
    slow.signal(rustix::process::Signal::TERM);
    slow.finish_killed();
    project.ledger().settle();
}

#[test]
fn when_the_builder_is_killed_the_waiter_builds() {
    let project = Project::with(&[
        ("migrations/1_t.sql", "CREATE TABLE t (n int);"),
        ("migrations/2_slow.sql", "SELECT pg_sleep(1);"),
    ]);
    let builder = project.start("true");
    let began = || project.ledger().claims().len() == 1;
    crate::patience::until(std::time::Duration::from_secs(10), || began().then_some(())).unwrap();
    let mut waiter = project.seedbed(&["--json", "run", "--", "psql", "-c", "SELECT * FROM t"]);
    let waiter = Running::spawn(&mut waiter);
    crate::patience::until(std::time::Duration::from_secs(10), || {
        (project.ledger().claims().len() == 2).then_some(())
    })
    .unwrap();
    builder.signal(rustix::process::Signal::KILL);
    builder.finish_killed();
    assert_eq!(waiter.finish().applied(), ["1_t", "2_slow"]);
    project.ledger().settle();
}
