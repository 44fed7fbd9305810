//! `seedbed types python`: the stub file that the Python client's own tests
//! give to mypy.

use std::fs;
use std::path::{Path, PathBuf};

use crate::project::Project;

/// Schema and stub file lie where mypy reads them.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients/python/tests/types")
}

fn project() -> Project {
    let schema = fs::read_to_string(folder().join("schema.sql")).unwrap();
    Project::with(&[("migrations/1_schema.sql", &schema)])
}

#[test]
fn the_committed_stub_file_is_the_one_that_is_written() {
    let project = project();
    let written = project.run(&["run", "--", SEEDBED, "types", "python"]);
    assert!(written.succeeds().stderr.contains("seedbed_types.pyi is written"), "{written:?}");
    let fresh = fs::read_to_string(project.root().join("seedbed_types.pyi")).unwrap();
    let committed = folder().join("seedbed_types.pyi");
    if std::env::var_os("SEEDBED_BLESS").is_some() {
        fs::write(&committed, &fresh).unwrap();
    }
    let committed = fs::read_to_string(committed).unwrap();
    assert!(
        committed == fresh,
        "the stub file is stale: SEEDBED_BLESS=1 cargo test -p seedbed-cli"
    );
}

#[test]
fn a_stub_file_is_checked_and_only_written_where_it_changes() {
    let project = Project::with(&[("migrations/1_users.sql", "CREATE TABLE users (id int);")]);
    project.run(&["types", "python"]).fails(121, &["there is no database", "seedbed up"]);
    project.run(&["up"]).succeeds();
    let check = ["types", "python", "--check"];
    project.run(&check).fails(1, &["seedbed_types.pyi is not what the schema says now", "| diff"]);
    assert!(!project.root().join("seedbed_types.pyi").exists());
    project.run(&["types", "python"]).succeeds();
    project.run(&check).succeeds();
    let again = project.run(&["types", "python"]);
    assert!(again.succeeds().stderr.contains("is as the schema is"), "{again:?}");
    let stdout = project.run(&["types", "python", "--out", "-"]);
    let file = fs::read_to_string(project.root().join("seedbed_types.pyi")).unwrap();
    assert_eq!(stdout.succeeds().stdout, file);
    assert!(file.contains("def users(self) -> Users: ..."), "{file}");

    project.write("migrations/2_orders.sql", "CREATE TABLE orders (id int);");
    project.run(&check).fails(1, &["seedbed_types.pyi is not what the schema says now"]);
    let told = project.run(&["--json", "types", "python", "--check"]);
    assert_eq!(
        (told.code, told.stdout.contains("\"current\": false")),
        (Some(1), true),
        "{told:?}"
    );
    project.run(&["types", "python", "--out", "types/shop.pyi"]).fails(125, &["cannot write"]);
    project.run(&["types", "python", "--check", "--out", "-"]).fails(120, &["cannot be checked"]);
    project.run(&["down"]).succeeds();
}

const SEEDBED: &str = env!("CARGO_BIN_EXE_seedbed");
