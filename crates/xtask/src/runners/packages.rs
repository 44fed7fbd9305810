//! Packages of the examples, from the person's own package clients. They stay
//! until the file that lists them changes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::succeed;
use crate::root;

/// Where packages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packages {
    /// `package.json`.
    Npm,
    /// `requirements.txt`, into a virtual environment.
    Pip,
    /// Cargo fetches what it needs.
    Cargo,
    /// They are there, or the runner is skipped.
    System,
}

impl Packages {
    fn list(self) -> Option<&'static str> {
        match self {
            Self::Npm => Some("package.json"),
            Self::Pip => Some("requirements.txt"),
            Self::Cargo | Self::System => None,
        }
    }
}

/// Installs what the example in `folder` lists; returns where it is.
pub(super) fn install(packages: Packages, name: &str, folder: &Path) -> Result<PathBuf> {
    let home = root::find()?.join("target/xtask/runners/packages").join(name);
    let Some(list) = packages.list() else { return Ok(home) };
    let (wanted, done) = (std::fs::read(folder.join(list))?, home.join("installed"));
    if std::fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(home);
    }
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    std::fs::create_dir_all(&home)?;
    std::fs::copy(folder.join(list), home.join(list))?;
    println!("installing the packages of {name}");
    match packages {
        Packages::Npm => {
            let words = ["install", "--no-audit", "--no-fund", "--no-package-lock"];
            succeed(Command::new("npm").args(words).current_dir(&home))?;
        }
        Packages::Pip => {
            succeed(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
            let mut pip = Command::new(home.join("bin/pip"));
            succeed(pip.args(["install", "--quiet", "--requirement"]).arg(home.join(list)))?;
        }
        Packages::Cargo | Packages::System => {}
    }
    std::fs::write(done, wanted)?;
    Ok(home)
}

/// Whether a program can be called by its name.
pub(super) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::super::calls::ALL;
    use super::*;

    #[test]
    fn every_example_is_there_and_lists_its_packages() {
        let folder = root::find().unwrap().join("examples/runners");
        for runner in ALL {
            let own = folder.join(runner.name);
            assert!(own.join("README.md").is_file(), "{}", runner.name);
            let list = runner.packages.list();
            assert!(list.is_none_or(|list| own.join(list).is_file()), "{}", runner.name);
            assert!(runner.calls.len() >= 3, "{}", runner.name);
        }
        let folders = std::fs::read_dir(folder).unwrap().flatten();
        let examples = folders.filter(|entry| entry.path().join("README.md").is_file()).count();
        assert_eq!(examples, ALL.len());
    }
}
