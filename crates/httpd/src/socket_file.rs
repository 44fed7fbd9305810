//! The unix socket as a file: `<folder>/<name>`, 0600, in a folder 0700 that
//! exists already and may belong to another account.
//!
//! *Invariant*: a file is removed only if it is a socket nobody listens on,
//! or the very one that was made here.

use std::fs::{self, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use seedbed_api::{Context as _, Failure, Kind, Result};

/// Bytes of a socket's path at most: `sun_path` of unix(7) without its zero.
const LONGEST: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// A socket that was bound here; its file disappears with it.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    pub(crate) fn bind(path: &Path) -> Result<(UnixListener, Self)> {
        check_path(path)?;
        check_folder(path)?;
        remove_stale(path)?;
        let listener =
            UnixListener::bind(path).context(Kind::Environment, || cannot("listen on", path))?;
        let file = Self::of(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))
            .context(Kind::Environment, || cannot("set the permissions of", path))?;
        Ok((listener, file))
    }

    fn of(path: &Path) -> Result<Self> {
        let file =
            fs::symlink_metadata(path).context(Kind::Environment, || cannot("look at", path))?;
        Ok(Self { path: path.to_owned(), device: file.dev(), inode: file.ino() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn is_same(&self, file: &Metadata) -> bool {
        file.dev() == self.device && file.ino() == self.inode
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // If the folder is gone or holds another service's socket, all is well.
        if fs::symlink_metadata(&self.path).is_ok_and(|file| self.is_same(&file)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn check_path(path: &Path) -> Result<()> {
    let length = path.as_os_str().len();
    if length <= LONGEST {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Environment,
        format!(
            "{}: too long for a unix socket, {length} of {LONGEST} bytes",
            cannot("listen on", path)
        ),
    )
    .hint("export SEEDBED_RUNTIME_DIR=/tmp/seedbed"))
}

/// Whoever can reach the socket can ask for tokens' worth of databases, so
/// nobody else may enter its folder.
fn check_folder(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let found = fs::metadata(folder)
        .context(Kind::Environment, || format!("{}, in its folder", cannot("listen on", path)))?;
    let mode = found.permissions().mode() & 0o777;
    if found.is_dir() && mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Refused,
        format!(
            "{}: other accounts may enter its folder, mode {mode:03o}",
            cannot("listen on", path)
        ),
    )
    .hint(format!("chmod 700 {}", folder.display())))
}

fn remove_stale(path: &Path) -> Result<()> {
    let file = match fs::symlink_metadata(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).context(Kind::Environment, || cannot("look at", path)),
    };
    if !file.file_type().is_socket() {
        let message = format!("{}: there is a file that is no socket", cannot("listen on", path));
        return Err(Failure::new(Kind::Refused, message));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).context(Kind::Environment, || cannot("remove", path))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).context(Kind::Environment, || cannot("connect to", path)),
        Ok(_) => Err(Failure::new(
            Kind::Refused,
            format!("{}: another process listens there", cannot("listen on", path)),
        )
        .hint("seedbed ps")),
    }
}

fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private_folder() -> tempfile::TempDir {
        tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap()
    }

    #[test]
    fn a_socket_is_bound_for_its_owner_and_removed() {
        let folder = private_folder();
        let path = folder.path().join("api.sock");
        let (listener, file) = SocketFile::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let failure = SocketFile::bind(&path).unwrap_err();
        assert_eq!(failure.kind(), Kind::Refused);
        assert!(failure.chain().contains("another process listens there"));
        drop((listener, file));
        assert!(!path.exists());
    }

    #[test]
    fn what_a_dead_service_left_is_taken_over() {
        let folder = private_folder();
        let path = folder.path().join("api.sock");
        drop(UnixListener::bind(&path).unwrap());
        let (_listener, file) = SocketFile::bind(&path).unwrap();
        // Another service took the place: its file is left alone.
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(file);
        assert!(path.exists());
    }

    #[test]
    fn nothing_else_is_touched() {
        let folder = private_folder();
        let path = folder.path().join("api.sock");
        fs::write(&path, "x").unwrap();
        assert_eq!(SocketFile::bind(&path).unwrap_err().kind(), Kind::Refused);
        assert_eq!(fs::read(&path).unwrap(), b"x");

        fs::set_permissions(folder.path(), Permissions::from_mode(0o750)).unwrap();
        let failure = SocketFile::bind(&folder.path().join("b")).unwrap_err();
        assert!(
            failure.chain().contains("mode 750") && failure.hints()[0].starts_with("chmod 700")
        );

        let missing = SocketFile::bind(&folder.path().join("no/b")).unwrap_err();
        assert_eq!(missing.kind(), Kind::Environment);
        let long = SocketFile::bind(&folder.path().join("x".repeat(120))).unwrap_err();
        assert!(long.chain().contains("too long for a unix socket"));
    }
}
