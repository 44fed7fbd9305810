//! Where the workspace is, and how its programs are called.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

/// The folder of the workspace: the nearest one upward with `floors.toml`.
pub(crate) fn find() -> Result<PathBuf> {
    let start = std::env::current_dir()?;
    match start.ancestors().find(|folder| folder.join("floors.toml").is_file()) {
        Some(root) => Ok(root.to_owned()),
        None => bail!("no floors.toml upward of {}", start.display()),
    }
}

/// The cargo that runs this program, so that both use one toolchain.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The program `seedbed`, built from the sources as they are.
pub(crate) fn seedbed() -> Result<PathBuf> {
    build(&[])
}

/// The same, optimised as people install it.
pub(crate) fn seedbed_release() -> Result<PathBuf> {
    build(&["--release"])
}

fn build(profile: &[&str]) -> Result<PathBuf> {
    let output = cargo()
        .current_dir(find()?)
        .args(["build", "--quiet", "--package", "seedbed-cli", "--message-format=json"])
        .args(profile)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("cannot build seedbed-cli");
    }
    // Cargo names the file itself: the target folder may be anywhere.
    let messages = String::from_utf8_lossy(&output.stdout);
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "seedbed")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    match program {
        Some(program) => Ok(program),
        None => bail!("the package seedbed-cli builds no program named seedbed"),
    }
}

/// A fresh empty folder below the target folder for a chore's own files.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let folder = find()?.join("target/xtask").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
