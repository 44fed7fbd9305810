//! Runs the real binary in a project of its own, away from the machine's state.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A project folder and everything the binary writes to.
pub(crate) struct Session {
    folder: TempDir,
}

impl Session {
    /// An empty project; `.git` ends the search for its root.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As root the server runs under another account, which must get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(folder.path().join("project/.git")).unwrap();
        Self { folder }
    }

    /// A project with this `seedbed.toml`.
    pub(crate) fn with_config(text: &str) -> Self {
        let session = Self::new();
        session.write("seedbed.toml", text);
        session
    }

    pub(crate) fn project(&self) -> std::path::PathBuf {
        fs::canonicalize(self.folder.path().join("project")).unwrap()
    }

    /// The folder around the project, with cache, state and run beside it.
    pub(crate) fn around(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The binary with these arguments and nothing of our own environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        command.args(arguments).current_dir(self.project()).env_clear();
        for (name, folder) in [
            ("SEEDBED_CACHE_DIR", "cache"),
            ("SEEDBED_STATE_DIR", "state"),
            ("SEEDBED_RUNTIME_DIR", "run"),
        ] {
            command.env(name, self.folder.path().join(folder));
        }
        command
    }

    /// Runs it and renders what a person sees.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        render(&self.command(arguments).output().unwrap(), &self.project())
    }
}

/// Exit code, stdout and stderr, with the project's path replaced and
/// without the spaces clap leaves at the ends of lines.
pub(crate) fn render(output: &Output, project: &Path) -> String {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).replace(&*project.to_string_lossy(), "[PROJECT]");
        text.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>()
    };
    format!(
        "exit: {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().map_or("signal".into(), |code| code.to_string()),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Asserts against an inline snapshot.
macro_rules! snapshot {
    ($value:expr, @$expected:literal) => {
        insta::assert_snapshot!($value, @$expected)
    };
}
pub(crate) use snapshot;
