//! A project on this machine and the binary as a person runs it there: with
//! the real `PATH`, but a cache, a state folder and a runtime folder of its
//! own, and with a ledger that finds whatever is left when the test ends.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use seedbed_api::Event;
use tempfile::TempDir;

use crate::ledger::Ledger;
use crate::running::Running;
use crate::shared_cache;

/// A project, everything the binary writes to, and the ledger of it all. A
/// test that leaves something behind fails when this is dropped.
pub(crate) struct Project {
    // Dropped first: it looks at what the folder still holds.
    ledger: Ledger,
    folder: TempDir,
}

impl Project {
    /// An empty project whose cache holds what `initdb` makes, and no schema.
    pub(crate) fn new() -> Self {
        let project = Self::cold();
        shared_cache::copy_base_images(&project.cache());
        project
    }

    /// An empty project on a machine that never ran Seedbed before.
    pub(crate) fn cold() -> Self {
        let folder = tempfile::Builder::new().prefix("sb-").tempdir().unwrap();
        // As root the server runs under another account, which must get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        // `.git` ends the search for the project's root.
        fs::create_dir_all(folder.path().join("project/.git")).unwrap();
        let ledger = Ledger::open(fs::canonicalize(folder.path()).unwrap());
        Self { ledger, folder }
    }

    /// A project with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let project = Self::new();
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// The temporary folder around everything.
    pub(crate) fn around(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn root(&self) -> PathBuf {
        fs::canonicalize(self.around().join("project")).unwrap()
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.around().join("cache")
    }

    pub(crate) fn runs(&self) -> PathBuf {
        self.around().join("state/runs")
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A program in the project's `bin` folder.
    pub(crate) fn program(&self, name: &str, text: &str) -> PathBuf {
        self.write(&format!("bin/{name}"), text);
        let path = self.root().join("bin").join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Another checkout: its own project beside ours, on the same cache and state.
    pub(crate) fn other_checkout(&self) -> PathBuf {
        let other = self.around().join("other");
        fs::create_dir_all(other.join(".git")).unwrap();
        other
    }

    /// Tells a command of ours where everything is. Of our own environment it
    /// sees the search path and what package clients need.
    pub(crate) fn equip(&self, command: &mut Command) {
        command.current_dir(self.root()).env_clear();
        for name in ["PATH", "HOME", "PIP_FIND_LINKS", "PIP_CERT", "npm_config_cache"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        for (name, folder) in [
            ("SEEDBED_CACHE_DIR", "cache"),
            ("SEEDBED_STATE_DIR", "state"),
            ("SEEDBED_RUNTIME_DIR", "run"),
        ] {
            command.env(name, self.around().join(folder));
        }
    }

    /// The binary with these arguments, ready to be changed and started.
    pub(crate) fn seedbed<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        self.equip(&mut command);
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Outcome {
        finish(&mut self.seedbed(arguments))
    }

    /// `seedbed run` of a shell script with events; its output is in `stdout`.
    pub(crate) fn sh(&self, script: &str) -> Outcome {
        self.run(&["--json", "run", "--", "sh", "-c", script])
    }

    /// `seedbed run` of one query; what it printed.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> String {
        let outcome = self.run(&["run", "--", "psql", "-XAtqc", sql]);
        outcome.succeeds();
        outcome.stdout.trim_end().to_owned()
    }

    /// `seedbed run` of a shell script that goes on while the test does.
    pub(crate) fn start(&self, script: &str) -> Running {
        Running::spawn(&mut self.seedbed(&["run", "--", "sh", "-c", script]))
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Asserts the exit code and that the talk holds each of `texts`.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, texts: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        for text in texts {
            assert!(self.stderr.contains(text), "no `{text}` in:\n{}", self.stderr);
        }
        self
    }

    /// The events of a call with `--json`; other lines are the command's.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The layers that were applied.
    #[track_caller]
    pub(crate) fn applied(&self) -> Vec<String> {
        self.succeeds();
        self.events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Progress { took_us: Some(_), detail, .. } => Some(detail),
                _ => None,
            })
            .collect()
    }
}

/// Runs a command to its end, which must come within a minute.
pub(crate) fn finish(command: &mut Command) -> Outcome {
    Running::spawn(command).finish()
}

/// Runs a command that reads `input`.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> Outcome {
    let mut running = Running::spawn(command.stdin(Stdio::piped()));
    running.stdin().write_all(input).unwrap();
    running.finish()
}
