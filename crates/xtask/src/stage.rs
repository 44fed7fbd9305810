//! A place of its own for the program under test: its cache, state, runtime
//! and temporary folders lie together in one folder that the server's account
//! can reach, and nothing of the person's own Seedbed is touched.
//!
//! ```text
//! <tmp>/seedbed-<name>-XXXXXX/
//!   seedbed                  a copy: a build going on elsewhere must not change it
//!   cache/ state/ runtime/   the folders of Seedbed
//!   tmp/                     TMPDIR of everything started here
//! ```

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use seedbed_server::Folders;

/// A folder with everything a program under test writes; removed on drop,
/// after whatever runs in it was ended.
pub(crate) struct Stage {
    dir: PathBuf,
    program: PathBuf,
    kept: bool,
}

impl Stage {
    /// Makes the folder in the system's temporary folder and copies `program`.
    pub(crate) fn open(name: &str, program: &Path) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix(&format!("seedbed-{name}-"))
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()
            .context("cannot make a folder to work in")?
            .keep();
        let stage = Self { program: dir.join("seedbed"), dir, kept: false };
        std::fs::copy(program, &stage.program)
            .with_context(|| format!("cannot copy {}", program.display()))?;
        for folder in [stage.cache(), stage.state(), stage.runtime(), stage.tmp()] {
            std::fs::create_dir(folder)?;
        }
        Ok(stage)
    }

    /// The folder itself.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where binaries and images are kept.
    pub(crate) fn cache(&self) -> PathBuf {
        self.dir.join("cache")
    }

    /// Where records are kept.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// Where servers on disk live.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.dir.join("runtime")
    }

    /// Where temporary files go.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    /// The same folders as the program sees them.
    pub(crate) fn folders(&self) -> Result<Folders> {
        let variables = self.variables();
        Ok(Folders::resolve(|name| {
            let own = variables.iter().find(|(variable, _)| *variable == name);
            own.map(|(_, folder)| folder.clone().into_os_string())
        })?)
    }

    fn variables(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("SEEDBED_CACHE_DIR", self.cache()),
            ("SEEDBED_STATE_DIR", self.state()),
            ("SEEDBED_RUNTIME_DIR", self.runtime()),
            ("TMPDIR", self.tmp()),
        ]
    }

    /// The program, on a project, silent and without the person's settings.
    pub(crate) fn seedbed(&self, project: &Path) -> Command {
        let mut command = Command::new(&self.program);
        self.surround(&mut command);
        command.arg("-C").arg(project);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Lets whatever a command starts of Seedbed use these folders, and none of
    /// the person's settings.
    pub(crate) fn surround(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SEEDBED_") {
                command.env_remove(name);
            }
        }
        command.env_remove("DATABASE_URL").envs(self.variables());
    }

    /// Leaves the folder for whoever looks into a failure.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for word in [&["down", "--all"][..], &["gc"]] {
            let _ = self.seedbed(Path::new("/")).args(word).status();
        }
        if !self.kept {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_gone_when_it_is_dropped() {
        let stage = Stage::open("test", Path::new("/bin/true")).unwrap();
        let dir = stage.dir().to_owned();
        assert_eq!(stage.folders().unwrap().runs(), dir.join("state/runs"));
        assert!(dir.join("cache").is_dir());
        drop(stage);
        assert!(!dir.exists());
    }
}
