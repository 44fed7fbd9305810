//! Advisory locks on files, correct in the face of removal: a lock on a file
//! that is no longer the one at its path is no lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use seedbed_api::{Context, Failure, Kind, Result};

use crate::wait;

/// A held lock; dropping it (or dying) frees it.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock alone if nobody has it.
    ///
    /// # Errors
    /// [`Kind::Environment`] when the file cannot be opened.
    pub fn try_exclusive(path: &Path) -> Result<Option<Self>> {
        Self::attempt(path, File::try_lock)
    }

    /// Takes the lock together with other readers.
    ///
    /// # Errors
    /// [`Kind::Environment`] when the file cannot be opened.
    pub fn try_shared(path: &Path) -> Result<Option<Self>> {
        Self::attempt(path, File::try_lock_shared)
    }

    /// Waits for the lock, at most `bound`; `waiting` is called once when it
    /// is not free at once.
    ///
    /// # Errors
    /// [`Kind::Timeout`] naming the file; [`Kind::Environment`].
    pub fn exclusive(path: &Path, bound: Duration, waiting: impl FnOnce()) -> Result<Self> {
        if let Some(lock) = Self::try_exclusive(path)? {
            return Ok(lock);
        }
        waiting();
        wait::until(bound, Duration::from_millis(20), || Self::try_exclusive(path).transpose())
            .unwrap_or_else(|| {
                Err(Failure::new(
                    Kind::Timeout,
                    format!(
                        "another process has held {} for {} s",
                        path.display(),
                        bound.as_secs()
                    ),
                )
                .hint("seedbed ps"))
            })
    }

    fn attempt(
        path: &Path,
        take: impl Fn(&File) -> std::result::Result<(), TryLockError>,
    ) -> Result<Option<Self>> {
        loop {
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .mode(0o600)
                .open(path)
                .context(Kind::Environment, || format!("cannot open {}", path.display()))?;
            match take(&file) {
                Ok(()) if is_at(&file, path) => {
                    return Ok(Some(Self { path: path.to_owned(), file }));
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => {
                    return Err(Failure::new(
                        Kind::Environment,
                        format!("cannot lock {}", path.display()),
                    )
                    .because(error));
                }
            }
        }
    }

    /// Removes the file while holding its lock alone.
    pub fn remove(self) {
        let _ = std::fs::remove_file(&self.path);
        drop(self.file);
    }
}

/// Whether an open file is still the one at `path`.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    match (std::fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(held)) => named.ino() == held.ino() && named.dev() == held.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_and_a_writer_waits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let one = Lock::try_shared(&path).unwrap().unwrap();
        let two = Lock::try_shared(&path).unwrap().unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        let mut told = false;
        let failure =
            Lock::exclusive(&path, Duration::from_millis(30), || told = true).unwrap_err();
        assert_eq!(failure.kind(), Kind::Timeout);
        assert!(told);
        drop((one, two));
        Lock::try_exclusive(&path).unwrap().unwrap().remove();
        assert!(!path.exists());
    }
}
