//! One usable set of server binaries.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use super::Version;

/// Where binaries come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Found on the machine.
    Local,
    /// Fetched as a package and cached.
    Embedded,
}

impl Origin {
    /// The word people and programs read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Embedded => "embedded",
        }
    }
}

/// A folder with `postgres` and `initdb` that are known to run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// Where they come from.
    pub origin: Origin,
    /// The folder that holds the executables, without symbolic links.
    pub bin_dir: PathBuf,
    /// What `postgres --version` says.
    pub version: Version,
    /// Identity of the build: the full answer of `postgres --version`, system
    /// and processor, and for an embedded server its package. The same on two
    /// machines that have the same package; data directories may be shared
    /// between equal builds only.
    pub build: String,
}

impl Binaries {
    /// The server itself.
    #[must_use]
    pub fn postgres(&self) -> PathBuf {
        self.path_of("postgres")
    }

    /// The program that creates a cluster.
    #[must_use]
    pub fn initdb(&self) -> PathBuf {
        self.path_of("initdb")
    }

    /// Another program of the same build (`psql`, `pg_dump`); embedded
    /// packages carry few of them.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<PathBuf> {
        Some(self.path_of(name)).filter(|path| path.is_file())
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.bin_dir.join(format!("{name}{EXE_SUFFIX}"))
    }
}
