//! Fetched servers, from the cache that all tests share: each major version
//! is fetched once on a machine.

use crate::project::{Outcome, Project, finish};
use crate::shared_cache;

fn run(project: &Project, arguments: &[&str]) -> Outcome {
    let mut command = project.seedbed(arguments);
    finish(command.env("SEEDBED_CACHE_DIR", shared_cache::embedded()))
}

/// Fetches a version unless it is there; a fetch may take minutes.
fn fetched(project: &Project, major: &str) {
    let mut command = project.seedbed(&["server", "install", major]);
    let output = command.env("SEEDBED_CACHE_DIR", shared_cache::embedded()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn fetched_servers_of_two_versions_serve_a_run() {
    let project = Project::with(&[("migrations/1_t.sql", "CREATE TABLE t (n int);")]);
    for major in ["18", "17"] {
        fetched(&project, major);
        let server = format!("embedded@{major}");
        let script = "psql -XAtqc 'INSERT INTO t VALUES (1)' -c 'SELECT count(*) FROM t' \
                      -c 'SHOW server_version_num' -c \"SELECT pg_read_file('/proc/self/status')\"";
        // What is there needs no network.
        let arguments = ["run", "--offline", "--server", &server, "sh", "-c", script];
        let outcome = run(&project, &arguments);
        let lines: Vec<&str> = outcome.succeeds().stdout.lines().collect();
        assert_eq!(lines[0], "1");
        assert!(lines[1].starts_with(major), "{lines:?}");
        let user = lines.iter().find_map(|line| line.strip_prefix("Uid:\t")).unwrap();
        assert!(!user.starts_with("0\t"), "the server runs as root");
    }
}

#[test]
fn an_embedded_server_can_be_kept_up() {
    let project = Project::with(&[("migrations/1_t.sql", "CREATE TABLE t (n int);")]);
    project.write("seedbed.toml", "server = \"embedded@18\"\n");
    fetched(&project, "18");
    run(&project, &["up"]).succeeds();
    let outcome = run(&project, &["run", "psql", "-XAtqc", "SELECT count(*) FROM t"]);
    assert_eq!(outcome.succeeds().stdout, "0\n");
    assert!(outcome.stderr.contains("clone"), "{outcome:?}");
    let listed = run(&project, &["--json", "ps"]);
    assert!(listed.stdout.contains("\"version\": \"18."), "{listed:?}");
    run(&project, &["down"]).succeeds();
}

#[test]
fn without_cache_and_network_the_ways_out_are_listed() {
    let project = Project::cold();
    project
        .run(&["run", "--offline", "--server", "embedded@17", "true"])
        .fails(121, &["no embedded PostgreSQL 17", "offline", "seedbed server install 17"]);
    assert!(project.ledger().claims().is_empty());
}
