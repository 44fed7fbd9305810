//! Virtual environments, each of one interpreter and one list of packages. They
//! stay until the list changes; wheels of our own are installed anew each time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::root;
use crate::runners::succeed;

/// A virtual environment.
pub(crate) struct Environment {
    name: String,
    home: PathBuf,
}

impl Environment {
    /// The one of this name, made if it is not there or its list has changed.
    pub(crate) fn open(name: &str, python: &Path, list: &Path) -> Result<Self> {
        let home = root::find()?.join("target/xtask/python").join(name);
        let own = Self { name: name.to_owned(), home };
        let mut wanted =
            std::fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
        // Its programs name the folder they were installed in.
        wanted.extend_from_slice(own.home.as_os_str().as_encoded_bytes());
        let done = own.home.join("installed");
        if std::fs::read(&done).is_ok_and(|installed| installed == wanted) {
            return Ok(own);
        }
        if own.home.exists() {
            std::fs::remove_dir_all(&own.home)?;
        }
        eprintln!("installing the packages of {}", list.display());
        succeed(Command::new(python).args(["-m", "venv"]).arg(&own.home))?;
        succeed(own.pip().arg("--requirement").arg(list))?;
        std::fs::write(done, wanted)?;
        Ok(own)
    }

    /// Installs a wheel, also over one of the same version.
    pub(crate) fn install(&self, wheel: &Path) -> Result<()> {
        succeed(self.pip().args(["--no-deps", "--force-reinstall"]).arg(wheel))
    }

    fn pip(&self) -> Command {
        let mut pip = Command::new(self.program("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip
    }

    /// Its name, for people.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A program in it.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.home.join("bin").join(name)
    }

    /// PATH with its programs in front.
    pub(crate) fn path(&self) -> Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(self.home.join("bin")).chain(std::env::split_paths(&path));
        Ok(std::env::join_paths(all)?)
    }
}

/// A Python that can make virtual environments and is not too old.
pub(crate) fn interpreter() -> Option<PathBuf> {
    let python = on_path("python3")?;
    let probe = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    let mut command = Command::new(&python);
    command.args(["-c", probe]).stdin(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success()).then_some(python)
}

/// Where a program is that can be called by its name. One that only says that
/// it is not installed, as version managers have them, is none.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&path).map(|folder| folder.join(program));
    let file = files.find(|file| file.is_file())?;
    let mut command = Command::new(&file);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success()).then_some(file)
}
