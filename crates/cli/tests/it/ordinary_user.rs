//! The binary as a person without any privilege runs it, also where the tests
//! themselves run as root: folders that cannot be read or written.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::project::{Outcome, Project, finish};

/// An account that is not root.
fn account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let table = fs::read_to_string("/etc/passwd").unwrap();
    let line = table.lines().find(|line| line.starts_with("nobody:")).unwrap();
    let fields: Vec<&str> = line.split(':').collect();
    Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
}

/// Gives everything of a project to that account.
fn give(path: &Path) {
    let Some((user, group)) = account() else { return };
    chown(path, Some(user), Some(group)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn run(project: &Project, arguments: &[&str]) -> Outcome {
    // The tests' target folder need not be open to everybody.
    let binary = project.around().join("seedbed");
    if !binary.exists() {
        fs::copy(env!("CARGO_BIN_EXE_seedbed"), &binary).unwrap();
        mode(&binary, 0o755);
    }
    let mut command = Command::new(binary);
    project.equip(&mut command);
    command.args(arguments);
    if let Some((user, group)) = account() {
        command.uid(user).gid(group);
    }
    finish(&mut command)
}

#[test]
fn everything_works_without_privileges() {
    let project = Project::with(&[("migrations/1_t.sql", "CREATE TABLE t (n int);")]);
    give(project.around());
    let query = ["run", "psql", "-XAtqc", "SELECT count(*) FROM t"];
    assert_eq!(run(&project, &query).succeeds().stdout, "0\n");
    run(&project, &["up"]).succeeds();
    assert_eq!(run(&project, &query).succeeds().stdout, "0\n");
    run(&project, &["down"]).succeeds();
}

#[test]
fn a_recipe_that_cannot_be_read_is_named() {
    let project = Project::with(&[("migrations/1_t.sql", "CREATE TABLE t (n int);")]);
    project.write("seedbed.toml", "[recipe]\nmigrations = \"migrations\"\n");
    give(project.around());
    let (folder, file) =
        (project.root().join("migrations"), project.root().join("migrations/1_t.sql"));
    mode(&file, 0o000);
    run(&project, &["run", "true"]).fails(120, &["migrations/1_t.sql", "Permission denied"]);
    mode(&folder, 0o000);
    run(&project, &["run", "true"]).fails(120, &["migrations", "Permission denied"]);
    mode(&folder, 0o755);
    mode(&file, 0o644);
    run(&project, &["run", "true"]).succeeds();
}

#[test]
fn a_cache_that_cannot_be_written_is_named_and_one_that_is_whole_is_enough() {
    let project = Project::with(&[("migrations/1_t.sql", "CREATE TABLE t (n int);")]);
    give(project.around());
    let images = project.cache().join("images");
    mode(&images, 0o555);
    run(&project, &["run", "true"]).fails(125, &[images.to_str().unwrap(), "Permission denied"]);
    mode(&images, 0o755);
    run(&project, &["run", "true"]).succeeds();

    // Restored read-only: everything needed is there.
    mode(&images, 0o555);
    mode(&project.cache(), 0o555);
    let outcome = run(&project, &["run", "psql", "-XAtqc", "SELECT count(*) FROM t"]);
    assert_eq!(outcome.succeeds().stdout, "0\n");
    mode(&images, 0o755);
    mode(&project.cache(), 0o755);
}

#[test]
fn a_runtime_folder_of_somebody_else_is_refused() {
    let project = Project::new();
    give(project.around());
    let Some(_) = account() else {
        // Without root nobody can give a folder away; `/usr` is root's.
        let mut command = project.seedbed(&["run", "--storage", "disk", "true"]);
        finish(command.env("SEEDBED_RUNTIME_DIR", "/usr")).fails(123, &["belongs to another user"]);
        return;
    };
    let folder = project.around().join("run");
    fs::create_dir(&folder).unwrap();
    mode(&folder, 0o777);
    let outcome = run(&project, &["run", "--storage", "disk", "true"]);
    outcome.fails(123, &["belongs to another user", "SEEDBED_RUNTIME_DIR="]);
}
