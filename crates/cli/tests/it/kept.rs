//! `seedbed kept`: what a test left outlives its run, wherever it ran.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use seedbed_testkit::Server;
use serde_json::Value;

use crate::patience::content;
use crate::project::{Outcome, Project, finish};

const SEEDBED: &str = env!("CARGO_BIN_EXE_seedbed");
const NOTES: &[(&str, &str)] = &[("migrations/1_notes.sql", "CREATE TABLE notes (note text);")];
const READ: &str = "psql -XAtqc 'SELECT note, current_database(), current_user FROM notes'";

/// A script in which a test writes `note` and keeps the database of slot 1.
fn test_that_keeps(note: &str) -> String {
    format!(
        "psql -XAtqc \"INSERT INTO notes VALUES ('{note}')\" \
           && {SEEDBED} rewind --lease run/1 --keep --test 'test {note}' > url"
    )
}

fn keep(project: &Project, note: &str) -> Outcome {
    project.run(&["run", "--workers", "1", "--", "sh", "-c", &test_that_keeps(note)])
}

fn listed(project: &Project) -> Vec<Value> {
    let outcome = project.run(&["--json", "kept", "ls"]);
    serde_json::from_str(&outcome.succeeds().stdout).unwrap()
}

/// The only kept database.
#[track_caller]
fn only(project: &Project) -> (String, String) {
    let listed = listed(project);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["project"], project.root().to_str().unwrap());
    let text = |key: &str| listed[0][key].as_str().unwrap().to_owned();
    (text("name"), text("where"))
}

fn stored_files(project: &Project) -> Vec<PathBuf> {
    let kept = project.around().join("state/kept");
    fs::read_dir(kept).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_a_run_kept_is_there_after_its_server() {
    let project = Project::with(NOTES);
    let run = keep(&project, "one");
    let (name, place) = only(&project);
    assert!(name.starts_with("seedbed_kept_") && place == "stored", "{name} {place}");
    let told = format!("seedbed: kept {name} (test test one): seedbed kept open {name}\n");
    assert!(run.succeeds().stderr.contains(&told), "{run:?}");
    let table = project.run(&["kept", "ls"]);
    let lines: Vec<&str> = table.succeeds().stdout.lines().collect();
    assert!(lines[0].starts_with("NAME ") && lines[0].ends_with("WHERE"), "{lines:?}");
    assert!(lines[1].contains("test one") && lines[1].ends_with("stored"), "{lines:?}");

    // Only what is needed was stored.
    let databases =
        "psql -XAtqc \"SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database\"";
    let script = format!("{READ} && {databases} && psql -XAtqc 'DELETE FROM notes'; exit 3");
    for _ in 0..2 {
        let opened = project.run(&["kept", "open", &name, "--", "sh", "-c", &script]);
        assert_eq!(opened.code, Some(3), "{opened:?}");
        let expected = format!("one|{name}|postgres\npostgres {name} template0 template1\n");
        assert_eq!(opened.stdout, expected, "what a command changes there is not kept");
    }
    project.run(&["gc"]).succeeds();
    assert_eq!(listed(&project).len(), 1, "what is whole is not swept");

    let url = fs::read_to_string(project.root().join("url")).unwrap();
    let password = url.split(':').nth(2).and_then(|rest| rest.split('@').next()).unwrap();
    for path in stored_files(&project).iter().filter(|path| path.is_file()) {
        assert!(!fs::read_to_string(path).unwrap().contains(password), "{}", path.display());
    }
    project.run(&["kept", "rm", &name, "nothing"]).fails(120, &["no kept database `nothing`"]);
    project.run(&["kept", "rm", &name]).succeeds();
    assert!(stored_files(&project).is_empty(), "{:?}", stored_files(&project));
    project.run(&["kept", "open", &name]).fails(120, &["no kept database", "seedbed kept ls"]);
    assert!(project.run(&["kept", "ls"]).succeeds().stderr.contains("nothing is kept"));
}

#[test]
fn a_run_that_keeps_nothing_stores_nothing() {
    let project = Project::with(NOTES);
    let outcome = project.run(&["run", "--workers", "1", "--", "true"]);
    assert!(!outcome.succeeds().stderr.contains("kept"), "{outcome:?}");
    assert!(!project.around().join("state/kept").exists());
    assert!(listed(&project).is_empty());
    assert!(project.run(&["kept", "rm", "--all"]).succeeds().stderr.contains("nothing was kept"));
}

#[test]
fn two_of_one_run_share_a_store_and_the_role_is_the_commands() {
    let project = Project::with(NOTES);
    let script = format!("{} && {}", test_that_keeps("one"), test_that_keeps("two"));
    let run = ["run", "--workers", "1", "--role", "app", "--", "sh", "-c", &script];
    project.run(&run).succeeds();
    let names: Vec<String> =
        listed(&project).iter().map(|kept| kept["name"].as_str().unwrap().to_owned()).collect();
    for (name, note) in names.iter().zip(["one", "two"]) {
        let script = format!("{READ}; psql -XAtqc 'SELECT current_user' \"$SEEDBED_ADMIN_URL\"");
        let opened = project.run(&["kept", "open", name, "--", "sh", "-c", &script]);
        assert_eq!(opened.succeeds().stdout, format!("{note}|{name}|app\npostgres\n"));
    }
    project.run(&["kept", "rm", &names[0]]).succeeds();
    assert_eq!(only(&project).0, names[1]);
    project.run(&["kept", "rm", "--all"]).succeeds();
    assert!(stored_files(&project).is_empty());
}

#[test]
fn on_a_server_that_is_up_it_stays_and_is_stored_when_that_ends() {
    let project = Project::with(NOTES);
    project.run(&["up", "--workers", "1"]).succeeds();
    let run = keep(&project, "one");
    let (name, place) = only(&project);
    assert!(run.succeeds().stderr.contains(&format!("seedbed: kept {name} (test test one)")));
    let bare = place.strip_prefix("postgresql://postgres@127.0.0.1:").expect("no password");
    assert!(bare.ends_with(&format!("/{name}")), "{place}");
    assert_eq!(
        project.run(&["kept", "rm", &name]).succeeds().stderr,
        format!("seedbed: removed {name}\n")
    );
    assert!(listed(&project).is_empty());

    let failing = "psql -XAtqc \"INSERT INTO notes VALUES ('two')\"; exit 7";
    let lease = ["lease", "--test", "t2", "--keep-failed", "--", "sh", "-c", failing];
    let failed = project.run(&lease);
    let (name, _) = only(&project);
    let told = format!("seedbed: kept {name}: postgresql://postgres:");
    assert!(failed.code == Some(7) && failed.stderr.contains(&told), "{failed:?}");
    project.run(&["lease", "--keep-failed", "--", "true"]).succeeds();
    let script = format!("{READ}; psql -XAtqc \"INSERT INTO notes VALUES ('three')\"; exit 5");
    let opened = project.run(&["kept", "open", &name, "--", "sh", "-c", &script]);
    assert_eq!((opened.code, opened.stdout), (Some(5), format!("two|{name}|postgres\n")));

    let down = project.run(&["down"]);
    assert!(
        down.succeeds().stderr.contains(&format!("seedbed: kept {name} (test t2)")),
        "{down:?}"
    );
    assert_eq!(only(&project), (name.clone(), "stored".into()));
    let opened = project.run(&["kept", "open", &name, "--", "sh", "-c", READ]);
    assert_eq!(opened.succeeds().stdout.lines().count(), 2, "what was changed on the server");
    project.run(&["kept", "rm", "--all"]).succeeds();
    assert!(stored_files(&project).is_empty());
}

#[test]
fn on_an_existing_server_it_stays_there() {
    let server = Server::start();
    let url = server.url("postgres", "postgres");
    let project = Project::with(NOTES);
    project.write("seedbed.toml", &format!("server = \"{url}\"\n"));
    keep(&project, "one").succeeds();
    let (name, place) = only(&project);
    assert!(place.contains(&server.port().to_string()), "{place}");
    let script = [READ, "exit 4"].join("; ");
    let opened = project.run(&["kept", "open", &name, "--", "sh", "-c", &script]);
    assert_eq!((opened.code, opened.stdout), (Some(4), format!("one|{name}|postgres\n")));

    // Another project's is none of ours, even with `--all`.
    let other = project.other_checkout();
    fs::write(other.join("seedbed.toml"), format!("server = \"{url}\"\n")).unwrap();
    let elsewhere = finish(project.seedbed(&["kept", "rm", "--all"]).current_dir(&other));
    assert!(elsewhere.succeeds().stderr.contains("nothing was kept"), "{elsewhere:?}");
    project.run(&["kept", "rm", "--all"]).succeeds();
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'seedbed_kept%'";
    assert_eq!(server.psql("postgres", left), "0");
    assert!(stored_files(&project).is_empty());
}

#[test]
fn a_killed_run_or_a_killed_opening_leaves_nothing() {
    let project = Project::with(NOTES);
    let script = format!("{} && echo kept > ready; sleep 60", test_that_keeps("one"));
    let run = crate::running::Running::spawn(&mut project.seedbed(&[
        "run",
        "--workers",
        "1",
        "--",
        "sh",
        "-c",
        &script,
    ]));
    content(&project.root().join("ready"));
    run.signal(Signal::KILL);
    run.finish_killed();
    project.ledger().settle();
    assert!(listed(&project).is_empty(), "lost, and that is said");

    keep(&project, "two").succeeds();
    let (name, _) = only(&project);
    let open = crate::running::Running::spawn(&mut project.seedbed(&[
        "kept",
        "open",
        &name,
        "--",
        "sh",
        "-c",
        "echo x > open; sleep 60",
    ]));
    content(&project.root().join("open"));
    project.run(&["kept", "rm", &name]).succeeds();
    open.signal(Signal::KILL);
    open.finish_killed();
    project.ledger().settle();
}

#[test]
fn what_cannot_be_opened_says_why() {
    let project = Project::with(NOTES);
    keep(&project, "one").succeeds();
    let (name, _) = only(&project);
    let nowhere = finish(project.seedbed(&["kept", "open", &name]).env("PATH", "/nonexistent"));
    nowhere.fails(127, &["`psql`", &format!("seedbed kept open {name} -- COMMAND")]);

    let [cluster] =
        &stored_files(&project).into_iter().filter(|path| path.is_dir()).collect::<Vec<_>>()[..]
    else {
        panic!("one cluster is stored")
    };
    fs::write(cluster.join("data/PG_VERSION"), "16\n").unwrap();
    project
        .run(&["kept", "open", &name, "--", "true"])
        .fails(125, &["damaged", "PG_VERSION", &format!("seedbed kept rm {name}")]);
    fs::remove_file(cluster.join("manifest")).unwrap();
    project.run(&["kept", "open", &name, "--", "true"]).fails(125, &["damaged"]);
    project.run(&["kept", "rm", &name]).succeeds();
    assert!(stored_files(&project).is_empty());
}

#[test]
fn what_was_half_stored_is_collected() {
    let project = Project::with(NOTES);
    keep(&project, "one").succeeds();
    let kept = project.around().join("state/kept");
    fs::create_dir_all(kept.join(".new-aaaaaaaaaa-1/data")).unwrap();
    fs::create_dir_all(kept.join("bbbbbbbbbb/data")).unwrap();
    assert_eq!(listed(&project).len(), 1);
    project.run(&["gc"]).succeeds();
    assert!(!kept.join(".new-aaaaaaaaaa-1").exists() && !kept.join("bbbbbbbbbb").exists());
    assert_eq!(listed(&project).len(), 1);
    project.run(&["kept", "rm", "--all"]).succeeds();
}
