//! Where a server's data lives: in memory where it fits, else on disk.

use std::path::PathBuf;
use std::str::FromStr;

use seedbed_api::{Failure, Kind, Result};

use crate::folders::Folders;
use crate::machine;

/// What the person asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Memory where it fits, else disk.
    #[default]
    Auto,
    /// A folder on disk.
    Disk,
    /// A memory file system, or an error.
    Memory,
}

/// Room a server needs beside its first copy: WAL, temporary files and the
/// databases a suite makes.
const HEADROOM_BYTES: u64 = 512 << 20;

impl Storage {
    /// The folder that will hold the run folders, for data of `needed` bytes.
    ///
    /// # Errors
    /// [`Kind::Environment`] when memory was demanded but does not fit.
    pub fn place(self, folders: &Folders, needed: u64) -> Result<PathBuf> {
        let wanted = needed * 4 + HEADROOM_BYTES;
        let memory = folders.memory.as_ref().filter(|dir| machine::is_memory(dir));
        let fits = memory.filter(|dir| {
            machine::free_bytes(dir) >= wanted && machine::available_bytes() >= wanted * 2
        });
        match (self, fits) {
            (Self::Disk, _) | (Self::Auto, None) => Ok(folders.runtime.clone()),
            (Self::Auto | Self::Memory, Some(dir)) => Ok(dir.clone()),
            (Self::Memory, None) => Err(Failure::new(
                Kind::Environment,
                match memory {
                    Some(dir) => format!(
                        "storage = memory needs {} MB, but {} has {} MB free and {} MB of memory are available",
                        wanted >> 20,
                        dir.display(),
                        machine::free_bytes(dir) >> 20,
                        machine::available_bytes() >> 20,
                    ),
                    None => "storage = memory, but this system has no memory file system".to_owned(),
                },
            )
            .hint("seedbed run --storage disk -- …")),
        }
    }
}

impl FromStr for Storage {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "disk" => Ok(Self::Disk),
            "memory" => Ok(Self::Memory),
            other => Err(Failure::new(
                Kind::Config,
                format!("storage is \"{other}\"; it can be auto, disk or memory"),
            )
            .hint("storage = \"auto\"")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> Folders {
        Folders {
            cache: "/c".into(),
            state: "/s".into(),
            runtime: "/r".into(),
            memory: Some("/dev/shm/seedbed-test".into()),
        }
    }

    #[test]
    fn what_does_not_fit_in_memory_goes_to_disk() {
        let huge = 1 << 50;
        assert_eq!(Storage::Auto.place(&folders(), huge).unwrap(), PathBuf::from("/r"));
        let failure = Storage::Memory.place(&folders(), huge).unwrap_err();
        assert_eq!(failure.kind(), Kind::Environment);
        assert!(failure.hints()[0].contains("--storage disk"));
        assert_eq!(Storage::Disk.place(&folders(), 0).unwrap(), PathBuf::from("/r"));
    }

    #[test]
    fn words_parse() {
        assert_eq!("memory".parse::<Storage>().unwrap(), Storage::Memory);
        assert!("ram".parse::<Storage>().is_err());
    }
}
