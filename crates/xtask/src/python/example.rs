//! The examples in Python: projects as users have them, on the wheel, with
//! several workers in random order.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::environment::Environment;
use crate::root;

/// Each has a folder with a list of packages, and tests that commit.
const ALL: [&str; 2] = ["django-shop", "fastapi-service"];
/// More workers than processors, so that they get in each other's way.
const WORKERS: &str = "3";

/// How each is run.
pub(super) fn commands(python: &Path, wheel: &Path) -> Result<Vec<(&'static str, Command)>> {
    ALL.into_iter().map(|name| Ok((name, command(name, python, wheel)?))).collect()
}

fn command(name: &str, python: &Path, wheel: &Path) -> Result<Command> {
    let folder = root::find()?.join("examples").join(name);
    let environment = Environment::open(name, python, &folder.join("requirements.txt"))?;
    environment.install(wheel)?;
    let mut command = Command::new(environment.program("python"));
    let words = ["-m", "pytest", "-p", "no:cacheprovider", "-n", WORKERS];
    command.args(words.map(OsString::from)).current_dir(folder);
    command.env("PATH", environment.path()?).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}
