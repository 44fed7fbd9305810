//! What every job of the façade needs from outside: folders, a listener, and
//! the program itself (which is also its own reaper and service).

use std::ffi::OsString;
use std::path::PathBuf;

use seedbed_api::{Context, Kind, Listener, Result};
use seedbed_server::Folders;
use seedbed_server::binaries::{Choice, Finder, Wanted};

use crate::config::{Config, ServerChoice};
use crate::door::OpenDoor;

/// The surroundings of a job.
#[derive(Clone)]
pub struct World<'a> {
    /// Where files are.
    pub folders: Folders,
    /// Who hears what happens.
    pub listener: &'a dyn Listener,
    /// The `seedbed` binary, started again as reaper and as service.
    pub program: PathBuf,
    /// The value of `PATH`.
    pub path: OsString,
    /// Where the person stands: the wrapped command runs here.
    pub directory: PathBuf,
    /// Opens the lease service to clients.
    pub door: OpenDoor,
}

impl<'a> World<'a> {
    /// Reads the surroundings of this process.
    ///
    /// # Errors
    /// [`Kind::Environment`] when there is no home folder and no variable
    /// that says where files go.
    pub fn here(listener: &'a dyn Listener, directory: PathBuf, door: OpenDoor) -> Result<Self> {
        Ok(Self {
            folders: Folders::resolve(|name| std::env::var_os(name))?,
            listener,
            program: std::env::current_exe()
                .context(Kind::Environment, || "cannot tell where the seedbed binary is".into())?,
            path: std::env::var_os("PATH").unwrap_or_default(),
            directory,
            door,
        })
    }

    /// A finder of binaries under this configuration.
    pub(crate) fn finder(
        &self,
        config: &Config,
        account: Option<&seedbed_server::Account>,
    ) -> Finder<'_> {
        Finder {
            os_user: account.map(|account| (account.uid, account.gid)),
            offline: config.offline.value,
            fetch_with: config.fetch_with.value,
            ..Finder::new(&self.folders.cache, self.path.clone(), self.listener)
        }
    }
}

/// What to look for; `None` when the person gave a running server.
pub(crate) fn wanted(config: &Config) -> Option<Wanted> {
    let (choice, version) = match &config.server.value {
        ServerChoice::Auto => (Choice::Auto, config.version.value),
        ServerChoice::Local => (Choice::Local, config.version.value),
        ServerChoice::Embedded(version) => (Choice::Embedded, version.or(config.version.value)),
        ServerChoice::Existing(_) => return None,
    };
    Some(Wanted { choice, version })
}
