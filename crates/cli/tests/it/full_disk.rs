//! A disk that is full at every step: while an image is saved, while one is
//! copied, while a migration or the command itself writes.

use std::process::{Command, Stdio};

use crate::project::{Outcome, Project, finish};

const TABLE: (&str, &str) = ("migrations/1_t.sql", "CREATE TABLE t (n int);");

/// Runs the binary where no file may grow beyond so many blocks of 512 bytes.
/// Everybody may set this limit, and a write beyond it fails as on a full disk.
fn limited(project: &Project, blocks: u32, arguments: &[&str]) -> Outcome {
    let mut command = Command::new("sh");
    project.equip(&mut command);
    // Ignored signals and limits are inherited by the server.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_seedbed")]).args(arguments);
    finish(command.stdin(Stdio::null()))
}

#[test]
fn a_write_that_fails_is_an_error_and_leaves_nothing() {
    let project = Project::with(&[TABLE]);
    // Half a WAL segment: nothing can be copied.
    limited(&project, 1024, &["run", "true"]).fails(125, &["cannot write", "File too large"]);
    assert_eq!(project.ledger().leaks(), [""; 0]);

    // Enough for the cluster, not for what a migration writes.
    let large = "CREATE TABLE big AS SELECT repeat('x', 1000) FROM generate_series(1, 5000);";
    project.write("migrations/2_big.sql", large);
    limited(&project, 4096, &["run", "true"])
        .fails(122, &["migrations/2_big.sql:1", "File too large"]);
    assert_eq!(project.ledger().leaks(), [""; 0]);

    // Nor for what the command writes: that is its own failure.
    std::fs::remove_file(project.root().join("migrations/2_big.sql")).unwrap();
    let script = format!("psql -XAtqc \"{large}\"");
    let outcome = limited(&project, 4096, &["run", "sh", "-c", &script]);
    outcome.fails(1, &["File too large", "clean-up"]);
    assert_eq!(project.query("SELECT count(*) FROM t"), "0");
}

/// Runs a script with a small file system of its own at `$small`, in a mount
/// namespace that ends with it; `None` where mounting is not allowed.
fn on_small_disk(project: &Project, megabytes: u32, script: &str) -> Option<Outcome> {
    let mut command = Command::new("unshare");
    project.equip(&mut command);
    let small = project.around().join("small");
    std::fs::create_dir_all(&small).unwrap();
    let script = format!(
        "mount -t tmpfs -o size={megabytes}m,mode=755 tmpfs \"$small\" || exit 99
         chmod 755 \"$small\"; {script}"
    );
    command
        .args(["--mount", "sh", "-c", &script])
        .env("small", &small)
        .env("seedbed", env!("CARGO_BIN_EXE_seedbed"));
    let outcome = finish(&mut command);
    let allowed = rustix::process::geteuid().is_root() && outcome.code != Some(99);
    allowed.then_some(outcome)
}

#[test]
fn a_full_disk_is_named_at_every_step_and_nothing_stays_on_it() {
    let project = Project::with(&[TABLE]);
    let full = "No space left on device";
    // Whatever is left on the small disk is listed after the run.
    let cache = "SEEDBED_CACHE_DIR=$small/cache \"$seedbed\" run -- true; code=$?
                 find \"$small\" -path '*.new-*' -o -name 'PG_VERSION' | head; exit $code";
    let Some(outcome) = on_small_disk(&project, 10, cache) else {
        // Only root may mount; the test above fails the same writes by a limit.
        return;
    };
    assert_eq!(outcome.fails(125, &[full, "SEEDBED_CACHE_DIR"]).stdout, "");

    let runtime = "SEEDBED_RUNTIME_DIR=$small/run \"$seedbed\" run --storage disk -- true; code=$?
                   ls -A \"$small/run\"; exit $code";
    let outcome = on_small_disk(&project, 10, runtime).unwrap();
    assert_eq!(outcome.fails(125, &[full]).stdout, "");

    let state =
        "SEEDBED_STATE_DIR=$small/state; export SEEDBED_STATE_DIR; mkdir -p $small/state/runs
                 dd if=/dev/zero of=$small/ballast bs=4k >/dev/null 2>&1
                 \"$seedbed\" run -- true; code=$?; ls -A \"$small/state/runs\"; exit $code";
    let outcome = on_small_disk(&project, 1, state).unwrap();
    assert_eq!(outcome.fails(125, &[full]).stdout, "");

    let fill =
        "CREATE TABLE big AS SELECT repeat(md5(n::text), 30) FROM generate_series(1, 200000) n";
    let command = format!(
        "SEEDBED_RUNTIME_DIR=$small/run \"$seedbed\" run --storage disk -- psql -XAtqc \"{fill}\"
         code=$?; ls -A \"$small/run\"; exit $code"
    );
    let outcome = on_small_disk(&project, 80, &command).unwrap();
    assert_eq!(outcome.fails(1, &["Check free disk space", "clean-up"]).stdout, "");
    project.run(&["run", "true"]).succeeds();
}
