//! A package client of the person (`npm`, `pip`): found on the search path
//! and run with it, in the current folder, so that every configuration file
//! the person has for it applies.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first executable file of this name on a search path. Relative entries
/// are skipped: a folder must not lend us its programs by being current.
pub(super) fn search(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| executable(file))
}

/// Whether the path is a file that some account may execute.
pub(super) fn executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// A client and how to call it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    program: PathBuf,
    leading: &'static [&'static str],
    path: OsString,
}

impl Client {
    /// The client of this name, called with `leading` arguments first.
    pub(super) fn on(path: &OsStr, name: &str, leading: &'static [&'static str]) -> Option<Self> {
        let program = search(name, path)?;
        Some(Self { program, leading, path: path.to_owned() })
    }

    /// A call of the client. Clients are often scripts that look for their
    /// interpreter, so they get the same search path.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.leading).env("PATH", &self.path);
        command
    }

    /// What a person would type.
    pub(super) fn name(&self) -> String {
        let mut words = vec![self.program.display().to_string()];
        words.extend(self.leading.iter().map(|word| (*word).to_owned()));
        words.join(" ")
    }
}
