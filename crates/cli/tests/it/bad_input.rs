//! Input that cannot work: each a clear error with a documented exit code and
//! a hint, within a bounded time, and nothing left behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::project::{Project, finish};

const TABLE: (&str, &str) = ("migrations/1_t.sql", "CREATE TABLE t (n int);");

/// Nothing was even begun.
fn nothing_began(project: &Project) {
    assert!(project.ledger().claims().is_empty(), "a claim was made for nothing");
}

#[test]
fn a_command_that_does_not_exist_or_cannot_be_executed_costs_no_server() {
    let project = Project::with(&[TABLE, ("notes.txt", "no program")]);
    project.run(&["run", "no-such-command"]).fails(127, &["`no-such-command` does not exist"]);
    project.run(&["run", "./missing.sh"]).fails(127, &["`./missing.sh` does not exist"]);
    project.run(&["run", "./notes.txt"]).fails(126, &["cannot be executed", "chmod +x"]);
    project.run(&["run", "./migrations"]).fails(126, &["cannot be executed"]);
    project.run(&["run"]).fails(2, &["Usage"]);
    nothing_began(&project);
    // A script whose interpreter is missing is found out by the kernel only.
    project.program("test", "#!/no/such/interpreter\n");
    project.run(&["run", "bin/test"]).fails(127, &["cannot run the command `bin/test`"]);
}

#[test]
fn no_binaries_is_answered_with_every_way_to_get_some() {
    let project = Project::cold();
    let empty = project.around().join("empty");
    fs::create_dir(&empty).unwrap();
    let mut command = project.seedbed(&["run", "--server", "embedded", "--offline", "/bin/true"]);
    finish(command.env("PATH", &empty)).fails(
        121,
        &[
            "no embedded PostgreSQL is available",
            "offline",
            "npm is missing",
            "--server postgres://",
        ],
    );
    let mut command =
        project.seedbed(&["run", "--server", "local", "--pg-version", "13", "/bin/true"]);
    finish(command.env("PATH", &empty))
        .fails(121, &["no PostgreSQL 13 found on this machine", "apt-get install postgresql-13"]);
    project.run(&["run", "--pg-version", "12", "true"]).fails(120, &["from 13 to 18"]);
    nothing_began(&project);
}

#[test]
fn programs_for_another_machine_are_named() {
    let project = Project::new();
    let foreign = project.around().join("foreign");
    fs::create_dir(&foreign).unwrap();
    // A real program with the machine of its ELF header (bytes 18 and 19) changed.
    let mut program = fs::read("/bin/sh").unwrap();
    program[18] = if program[18] == 0xB7 { 0x3E } else { 0xB7 };
    for name in ["postgres", "initdb"] {
        fs::write(foreign.join(name), &program).unwrap();
        fs::set_permissions(foreign.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", foreign.display(), std::env::var("PATH").unwrap());
    let mut command = project.seedbed(&["run", "--server", "local", "--pg-version", "14", "true"]);
    finish(command.env("PATH", &path)).fails(121, &[foreign.to_str().unwrap(), "aarch64"]);
    // What works elsewhere on the machine is taken instead.
    finish(project.seedbed(&["run", "true"]).env("PATH", &path)).succeeds();
}

#[test]
fn as_root_the_account_must_exist() {
    let project = Project::with(&[("seedbed.toml", "os_user = \"ghost\"\n")]);
    let outcome = project.run(&["run", "true"]);
    if rustix::process::geteuid().is_root() {
        outcome.fails(121, &["no account named ghost", "useradd"]);
        nothing_began(&project);
        project.write("seedbed.toml", "os_user = \"root\"\n");
        project.run(&["run", "true"]).fails(121, &["refuses to run as root", "os_user ="]);
    } else {
        // Nobody changes to another account, so none is needed.
        outcome.succeeds();
    }
}

#[test]
fn a_broken_migration_names_file_line_and_reason_and_is_not_kept() {
    let broken = "CREATE TABLE u (n int);\n\nINSERT INTO u\n  VALUES (1, 2);\n";
    let project = Project::with(&[TABLE, ("migrations/2_broken.sql", broken)]);
    for _ in 0..2 {
        project.run(&["run", "true"]).fails(
            122,
            &[
                "migrations/2_broken.sql:",
                "INSERT has more expressions than target columns",
                "VALUES (1, 2)",
                "^",
            ],
        );
    }
    project.write("migrations/2_broken.sql", "CREATE TABLE u (n int, m int);");
    assert_eq!(project.query("SELECT count(*) FROM t, u"), "0");
}

#[test]
fn constraint_errors_carry_the_servers_detail_but_secrets_stay_out() {
    let project = Project::with(&[
        TABLE,
        ("migrations/2_twice.sql", "CREATE UNIQUE INDEX ON t (n); INSERT INTO t VALUES (7), (7);"),
    ]);
    project.run(&["run", "true"]).fails(122, &["2_twice.sql:1", "duplicate key value"]);
}

#[test]
fn a_missing_extension_names_its_package() {
    let project = Project::with(&[("migrations/1_gis.sql", "CREATE EXTENSION postgis;")]);
    let outcome = project.run(&["run", "true"]);
    outcome.fails(122, &["migrations/1_gis.sql:1", "postgis", "apt-get install postgresql-"]);
}

#[test]
fn sql_that_needs_a_newer_server_says_which() {
    for (sql, version) in [
        ("CREATE TABLE v (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL);", "18"),
        ("SELECT * FROM json_table('[1]', '$[*]' COLUMNS (n int PATH '$')) x;", "17"),
        ("SELECT any_value(n) FROM t;", "16"),
    ] {
        let project = Project::with(&[TABLE, ("migrations/2_new.sql", sql)]);
        let mut command =
            project.seedbed(&["run", "--server", "local", "--pg-version", "15", "true"]);
        finish(&mut command)
            .fails(122, &["migrations/2_new.sql:1", &format!("version = \"{version}\"")]);
    }
}

#[test]
fn a_dump_from_a_newer_server_works_or_says_so() {
    let head = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 18.1\n\
                -- Dumped by pg_dump version 18.1\n\nSET statement_timeout = 0;\n\
                SET transaction_timeout = 0;\n\nCREATE TABLE public.t (n integer);\n";
    let project = Project::with(&[("schema.sql", head)]);
    let local = ["run", "--server", "local", "--pg-version", "15"];
    let outcome =
        project.run(&[&local[..], &["psql", "-XAtqc", "SELECT count(*) FROM t"]].concat());
    assert_eq!(outcome.succeeds().stdout, "0\n");
    project.write("schema.sql", &format!("{head}ALTER TABLE public.t ADD NOT NULL n NOT VALID;\n"));
    project
        .run(&[&local[..], &["true"]].concat())
        .fails(122, &["schema.sql:", "the dump is from PostgreSQL 18, this server is 15"]);
}

#[test]
fn a_recipe_that_is_not_there_is_named() {
    let project = Project::with(&[("seedbed.toml", "[recipe]\nmigrations = \"db/steps\"\n")]);
    project.run(&["run", "true"]).fails(120, &["db/steps"]);
    fs::create_dir_all(project.root().join("db/steps")).unwrap();
    project.run(&["run", "true"]).fails(120, &["db/steps"]);
    project.write("db/steps/readme.md", "nothing to run");
    project.run(&["run", "true"]).fails(120, &["db/steps"]);
    project.write("seedbed.toml", "[recipe]\ndump = \"nowhere.sql\"\n");
    project.run(&["run", "true"]).fails(120, &["nowhere.sql"]);
    project.write("seedbed.toml", "[recipe]\ncommand = \"true\"\ninputs = [\"no/*.such\"]\n");
    let outcome = project.run(&["run", "true"]);
    assert!(outcome.stderr.contains("no/*.such"), "{outcome:?}");
    nothing_half(&project);
}

fn nothing_half(project: &Project) {
    let leaks = project.ledger().leaks();
    assert!(leaks.is_empty(), "{leaks:?}");
}

#[test]
fn a_socket_path_that_is_too_long_is_refused() {
    let project = Project::new();
    let long = project.around().join("x".repeat(90));
    let mut command = project.seedbed(&["run", "--storage", "disk", "true"]);
    finish(command.env("SEEDBED_RUNTIME_DIR", &long))
        .fails(125, &["bytes; the system allows", "export SEEDBED_RUNTIME_DIR="]);
    assert!(!long.exists() || fs::read_dir(&long).unwrap().next().is_none());
}

#[test]
fn folders_that_cannot_be_made_are_named() {
    let project = Project::new();
    project.write("file", "not a folder");
    let below = project.root().join("file/below");
    for variable in ["SEEDBED_CACHE_DIR", "SEEDBED_STATE_DIR", "SEEDBED_RUNTIME_DIR"] {
        let mut command = project.seedbed(&["run", "--storage", "disk", "true"]);
        let outcome = finish(command.env(variable, &below));
        outcome.fails(125, &[below.to_str().unwrap(), "Not a directory", "export SEEDBED_"]);
        nothing_half(&project);
    }
}

#[test]
fn settings_the_server_refuses_are_told_by_its_log() {
    let project =
        Project::with(&[("seedbed.toml", "[settings]\nshared_preload_libraries = \"nope\"\n")]);
    project.run(&["run", "true"]).fails(121, &["ended with", "could not access file \"nope\""]);
}
