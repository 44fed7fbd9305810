//! Where a server's data lives: in memory where it fits, else on disk.

use std::path::PathBuf;

use seedbed_api::{Failure, Kind, Result};

use crate::folders::{self, Folders};
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
    /// The words of the configuration file, in the order of the reference.
    pub const WORDS: &[&str] = &["auto", "disk", "memory"];

    /// Reads one of [`Self::WORDS`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Auto, Self::Disk, Self::Memory].into_iter().find(|storage| storage.word() == word)
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Disk => "disk",
            Self::Memory => "memory",
        }
    }

    /// The folder that will hold the run folders, for data of `needed` bytes.
    ///
    /// # Errors
    /// [`Kind::Environment`] when memory was demanded but does not fit.
    pub fn place(self, folders: &Folders, needed: u64) -> Result<PathBuf> {
        let wanted = needed * 4 + HEADROOM_BYTES;
        let memory = folders.memory.as_ref().filter(|dir| machine::is_memory(dir));
        // A folder that somebody else made under that name is no place for us.
        let usable = memory.filter(|dir| self == Self::Memory || folders::may_be_ours(dir));
        let fits = usable.filter(|dir| {
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
    fn every_word_leads_to_its_storage() {
        for word in Storage::WORDS {
            assert_eq!(Storage::parse(word).map(Storage::word), Some(*word));
        }
        assert_eq!(Storage::parse("ram"), None);
    }
}
