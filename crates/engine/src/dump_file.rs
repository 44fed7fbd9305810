//! The file a dump goes to: what was there stays until the dump is whole.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use seedbed_api::{Context, Kind, Result};
use tempfile::NamedTempFile;

/// A file being written.
pub(crate) enum DumpFile {
    /// Beside its place.
    Beside(NamedTempFile, PathBuf),
    /// A pipe or a device: nothing can take its place.
    Straight(File),
}

impl DumpFile {
    /// Opens a file for a dump.
    ///
    /// # Errors
    /// `Environment` if it cannot be written.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        // A symbolic link stays one.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let known = fs::metadata(&path).ok();
        if known.as_ref().is_some_and(|known| !known.is_file()) {
            return File::options()
                .write(true)
                .open(&path)
                .map(Self::Straight)
                .context(Kind::Environment, || cannot_write(&path));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let made = tempfile::Builder::new()
            .prefix(".seedbed-dump-")
            .permissions(known.map_or(Permissions::from_mode(0o666), |known| known.permissions()))
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        let file = made.context(Kind::Environment, || cannot_write(&path))?;
        Ok(Self::Beside(file, path))
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// `Environment`; what was there is unchanged then.
    pub(crate) fn commit(self) -> Result<()> {
        match self {
            Self::Straight(_) => Ok(()),
            Self::Beside(file, path) => {
                file.persist(&path).map(drop).context(Kind::Environment, || cannot_write(&path))
            }
        }
    }

    fn file(&mut self) -> &mut File {
        match self {
            Self::Beside(file, _) => file.as_file_mut(),
            Self::Straight(file) => file,
        }
    }
}

impl Write for DumpFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (place, link) = (folder.path().join("structure.sql"), folder.path().join("link"));
        fs::write(&place, "old").unwrap();
        fs::set_permissions(&place, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&place, &link).unwrap();

        let mut file = DumpFile::create(&link).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&place).unwrap(), "old");

        let mut file = DumpFile::create(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "new");
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
    }
}
