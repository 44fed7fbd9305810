//! `cargo xtask runners [NAME…]`: the examples of test runners, each under
//! `seedbed run --workers`, with as many workers as slots, with fewer and with
//! more, in random order. Packages come from the person's own clients and are
//! kept below the target folder; a runner that is not on this machine is
//! skipped, and that is said.
//!
//! ```text
//! target/xtask/runners/
//!   packages/<name>/   what npm and pip installed, kept
//!   work/              a fresh copy of examples/runners
//!   target/            what cargo built
//! ```

mod calls;
mod packages;

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use walkdir::WalkDir;

use crate::root;
use crate::stage::Stage;
use calls::{ALL, Runner};

/// Where the examples are.
const FOLDER: &str = "examples/runners";

/// Runs these, or all.
pub(crate) fn run(names: &[&str]) -> Result<bool> {
    if let Some(unknown) = names.iter().find(|name| ALL.iter().all(|known| known.name != **name)) {
        let known: Vec<&str> = ALL.iter().map(|runner| runner.name).collect();
        bail!("no runner is called {unknown}; there are {}", known.join(", "));
    }
    let stage = Stage::open("runners", &root::seedbed()?)?;
    let work = lay_out()?;
    let mut good = true;
    for runner in ALL.iter().filter(|known| names.is_empty() || names.contains(&known.name)) {
        if let Some(missing) = runner.needs.iter().find(|program| !packages::on_path(program)) {
            println!("skip {} ({missing} is not installed)", runner.name);
            continue;
        }
        good &= play(runner, &stage, &work)?;
    }
    Ok(good)
}

/// All calls of one runner.
fn play(runner: &Runner, stage: &Stage, work: &Path) -> Result<bool> {
    let folder = work.join(runner.name);
    let installed = packages::install(runner.packages, runner.name, &folder)?;
    let modules = installed.join("node_modules");
    if modules.is_dir() {
        symlink(&modules, folder.join("node_modules"))?;
    }
    let path = path_with(&[stage.dir().to_owned(), installed.join("bin")]);
    let mut good = true;
    for call in runner.calls {
        let began = Instant::now();
        let output = stage
            .seedbed(&folder)
            .args(["--quiet", "run", "--workers", &call.slots.to_string(), "--"])
            .args(call.command.split_whitespace())
            .env("PATH", &path)
            .env("CARGO_TARGET_DIR", root::find()?.join("target/xtask/runners/target"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()?;
        let fine = output.status.success();
        good &= fine;
        if !fine {
            print!("{}", String::from_utf8_lossy(&output.stdout));
            print!("{}", String::from_utf8_lossy(&output.stderr));
        }
        let (word, name, slots) = (if fine { "ok  " } else { "FAIL" }, runner.name, call.slots);
        let seconds = began.elapsed().as_secs_f64();
        println!("{word} {name} on {slots} slots: {} ({seconds:.1} s)", call.command);
    }
    Ok(good)
}

/// A fresh copy of the examples, so that nothing is installed among them.
fn lay_out() -> Result<PathBuf> {
    let (source, copy) = (root::find()?.join(FOLDER), root::scratch("runners/work")?);
    let ours = |name: &std::ffi::OsStr| {
        !["node_modules", "target", ".venv", "__pycache__", "test-results"]
            .iter()
            .any(|foreign| name == *foreign)
    };
    for entry in WalkDir::new(&source).into_iter().filter_entry(|entry| ours(entry.file_name())) {
        let entry = entry?;
        let to = copy.join(entry.path().strip_prefix(&source)?);
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&to)?;
        } else {
            std::fs::copy(entry.path(), &to)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(copy)
}

/// PATH with these folders in front.
fn path_with(folders: &[PathBuf]) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&path));
    // Only a folder with a colon in its name cannot be joined.
    std::env::join_paths(all).unwrap_or(path)
}

/// Runs a command of a package client; what it said if it failed.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output().with_context(|| shown.clone())?;
    if !output.status.success() {
        print!("{}", String::from_utf8_lossy(&output.stdout));
        print!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("{shown} ended with {}", output.status);
    }
    Ok(())
}
