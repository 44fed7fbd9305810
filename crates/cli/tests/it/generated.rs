//! What is generated: reference pages, completions, man pages, the cache key.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::session::{Session, snapshot};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference");

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_committed_reference_is_the_generated_one() {
    let session = Session::new();
    let folder = session.project().join("reference");
    let status = session.command(&["reference", "reference"]).status().unwrap();
    assert!(status.success());
    let generated = names(&folder);
    assert_eq!(names(Path::new(COMMITTED)), generated, "run `cargo xtask generate`");
    for name in generated {
        let committed = fs::read_to_string(Path::new(COMMITTED).join(&name)).unwrap();
        let fresh = fs::read_to_string(folder.join(&name)).unwrap();
        assert!(committed == fresh, "docs/reference/{name} is stale: run `cargo xtask generate`");
    }
}

#[test]
fn the_schema_knows_what_the_decoder_knows() {
    let text = fs::read_to_string(Path::new(COMMITTED).join("seedbed.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["properties"]["offline"]["default"], false);
    assert_eq!(schema["properties"]["recipe"]["properties"]["format"]["enum"][1], "sqlx");
    assert_eq!(schema["properties"]["recipe"]["additionalProperties"], false);
}

#[test]
fn completions_exist_for_four_shells() {
    let session = Session::new();
    for (shell, sign) in [
        ("bash", "complete -F _seedbed"),
        ("zsh", "#compdef seedbed"),
        ("fish", "complete -c seedbed"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let output = session.command(&["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains(sign), "{shell}");
        assert!(script.contains("allow-host") && script.contains("idle-timeout"), "{shell}");
    }
}

#[test]
fn man_pages_render() {
    let session = Session::new();
    for (arguments, sign) in [
        (&["man"][..], ".TH seedbed 1"),
        (&["man", "run"], ".TH seedbed-run 1"),
        (&["man", "server", "install"], ".TH seedbed-server-install 1"),
    ] {
        let output = session.command(arguments).output().unwrap();
        let page = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && page.contains(sign), "{page}");
    }
    snapshot!(session.run(&["man", "rnu"]), @r"
    exit: 120
    --- stdout
    --- stderr
    error: `rnu` is not a subcommand of seedbed
    hint: seedbed man run
    ");
}

fn key(session: &Session) -> String {
    let output = session.command(&["cache", "key"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_cache_key_follows_the_recipe_and_not_the_place() {
    let first = Session::new();
    first.write("migrations/1_a.sql", "CREATE TABLE a ();");
    let second = Session::new();
    second.write("migrations/1_a.sql", "CREATE TABLE a ();");
    let before = key(&first);
    assert!(before.starts_with("seedbed-") && before.ends_with('\n'), "{before}");
    assert_eq!(key(&second), before);
    second.write("seedbed.toml", "role = \"app\"\n");
    assert_eq!(key(&second), before);

    second.write("seedbed.toml", "version = 16\n");
    assert_ne!(key(&second), before);
    first.write("migrations/1_a.sql", "CREATE TABLE b ();");
    assert_ne!(key(&first), before);
}

#[test]
fn the_cache_path_is_where_the_variable_says() {
    let session = Session::new();
    let output =
        session.command(&["cache", "path"]).env("SEEDBED_CACHE_DIR", "/some/where").output();
    assert_eq!(output.unwrap().stdout, b"/some/where\n");
}
