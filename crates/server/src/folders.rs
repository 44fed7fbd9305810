//! The three folders Seedbed writes to, and who may read them.
//!
//! ```text
//! <cache>/                kept between runs, safe to delete, safe to restore in CI
//!   binaries.json         answers of `postgres --version`, by file identity
//!   servers/<version>…/   embedded binaries
//!   images/<key>/         whole stopped clusters (see `image`)
//! <state>/                who owns what right now (see `claim`)
//!   runs/<id>/{lock,record.json}
//!   kept/<id>/            what was kept of servers that have ended (see `kept`)
//! <runtime>/<id>/         a running server: data/, socket/, log
//! <memory>/<id>/          the same, in memory
//! ```
//!
//! As root the server runs under another account, so the defaults lie outside
//! root's home (which is 0700) and every folder made here can be traversed.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use seedbed_api::{Context, Failure, Kind, Result};

/// Where Seedbed keeps its files.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Kept between runs; deleting it costs time, nothing else.
    pub cache: PathBuf,
    /// Records of what runs now.
    pub state: PathBuf,
    /// On-disk data and sockets of running servers.
    pub runtime: PathBuf,
    /// The same in memory, where the system has such a file system.
    pub memory: Option<PathBuf>,
}

impl Folders {
    /// Resolves the folders from an environment look-up; creates nothing.
    ///
    /// # Errors
    /// [`Kind::Environment`] when neither a variable nor a home folder says where.
    pub fn resolve(var: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let uid = rustix::process::geteuid().as_raw();
        let path = |name: &str| var(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let home = || {
            path("HOME").filter(|home| home.is_absolute()).ok_or_else(|| {
                Failure::new(Kind::Environment, "no folder for the cache: HOME is not set")
                    .hint(format!("export SEEDBED_CACHE_DIR=/var/tmp/seedbed-cache-{uid} SEEDBED_STATE_DIR=/var/tmp/seedbed-state-{uid}"))
            })
        };
        let default = |variable: &str, root: &str, xdg: &str, mac: &str, other: &str| {
            if let Some(chosen) = path(variable) {
                return std::path::absolute(&chosen)
                    .context(Kind::Environment, || format!("{variable} is not usable"));
            }
            if uid == 0 {
                return Ok(PathBuf::from(root));
            }
            if cfg!(target_os = "macos") {
                return Ok(home()?.join(mac));
            }
            match path(xdg).filter(|dir| dir.is_absolute()) {
                Some(base) => Ok(base.join("seedbed")),
                None => Ok(home()?.join(other)),
            }
        };
        Ok(Self {
            cache: default(
                "SEEDBED_CACHE_DIR",
                "/var/cache/seedbed",
                "XDG_CACHE_HOME",
                "Library/Caches/seedbed",
                ".cache/seedbed",
            )?,
            state: default(
                "SEEDBED_STATE_DIR",
                "/var/lib/seedbed",
                "XDG_STATE_HOME",
                "Library/Application Support/seedbed",
                ".local/state/seedbed",
            )?,
            runtime: match path("SEEDBED_RUNTIME_DIR") {
                Some(chosen) => std::path::absolute(&chosen)
                    .context(Kind::Environment, || "SEEDBED_RUNTIME_DIR is not usable".into())?,
                // Not TMPDIR: it is long on some systems (a socket path may have
                // 107 bytes) and differs between sessions of one user.
                None => PathBuf::from(format!("/tmp/seedbed-{uid}")),
            },
            memory: cfg!(target_os = "linux")
                .then(|| PathBuf::from(format!("/dev/shm/seedbed-{uid}"))),
        })
    }

    /// Where the records of runs are.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.state.join("runs")
    }

    /// Where clusters are kept for a person.
    #[must_use]
    pub fn kept(&self) -> PathBuf {
        self.state.join("kept")
    }

    /// Where images are.
    #[must_use]
    pub fn images(&self) -> PathBuf {
        self.cache.join("images")
    }
}

/// Creates a folder of ours and its parents.
///
/// # Errors
/// [`Kind::Environment`] with the line that repairs it when it cannot be
/// created or written.
pub fn ensure(dir: &Path, mode: u32) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(dir).map_err(|error| {
        Failure::new(Kind::Environment, format!("cannot create the folder {}", dir.display()))
            .because(error)
            .hint("export SEEDBED_CACHE_DIR=… SEEDBED_STATE_DIR=… SEEDBED_RUNTIME_DIR=… (folders you can write)")
    })
}

/// The mode bit of folders that every user may put files into.
const STICKY: u32 = 0o1000;

/// Creates a folder under a place others can write to (such as `/tmp`) and
/// refuses one that somebody else made: its predictable name must not let
/// another user read or steer our servers. One that others may write is
/// closed, unless it is made for that (`/tmp`, given by mistake).
///
/// # Errors
/// [`Kind::Refused`] when the folder belongs to somebody else or to all,
/// [`Kind::Environment`] when it cannot be created.
pub fn ensure_private(dir: &Path, mode: u32) -> Result<()> {
    ensure(dir, mode)?;
    let metadata = fs::symlink_metadata(dir)
        .context(Kind::Environment, || format!("cannot inspect {}", dir.display()))?;
    let me = rustix::process::geteuid().as_raw();
    if !metadata.is_dir() || metadata.uid() != me {
        return Err(Failure::new(
            Kind::Refused,
            format!("{} belongs to another user", dir.display()),
        )
        .hint("export SEEDBED_STATE_DIR=… SEEDBED_RUNTIME_DIR=… (folders of your own); without memory: seedbed run --storage disk -- …"));
    }
    if metadata.mode() & STICKY != 0 {
        return Err(Failure::new(
            Kind::Refused,
            format!("{} is shared by all users; name a folder inside it", dir.display()),
        )
        .hint(format!("{}/seedbed-{me}", dir.display())));
    }
    if metadata.mode() & 0o022 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(mode))
            .context(Kind::Environment, || format!("cannot protect {}", dir.display()))?;
    }
    Ok(())
}

/// Refuses a cache that another user could have filled: what lies in it is
/// started as programs and as clusters. Root trusts whoever owns it, because a
/// container's root often works for an ordinary user.
///
/// # Errors
/// [`Kind::Refused`] with the folder's name.
pub fn trust(cache: &Path) -> Result<()> {
    let me = rustix::process::geteuid().as_raw();
    let Ok(found) = fs::metadata(cache) else { return Ok(()) };
    if me == 0 || found.uid() == me || found.uid() == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Refused,
        format!("the cache {} belongs to another user", cache.display()),
    )
    .hint(format!("export SEEDBED_CACHE_DIR=/var/tmp/seedbed-cache-{me}")))
}

/// Whether a folder is ours or not there yet.
pub(crate) fn may_be_ours(dir: &Path) -> bool {
    match fs::symlink_metadata(dir) {
        Ok(found) => found.is_dir() && found.uid() == rustix::process::geteuid().as_raw(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Removes a folder and everything in it; one that is gone already is fine.
///
/// # Errors
/// [`Kind::Environment`] naming the folder.
pub fn remove(dir: &Path) -> Result<()> {
    for _ in 0..8 {
        match fs::remove_dir_all(dir) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !dir.exists() => {
                return Ok(());
            }
            // A dying server process may still add a file while we remove.
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::NotFound
                ) =>
            {
                crate::wait::pause(std::time::Duration::from_millis(5));
            }
            Err(error) => {
                return Err(Failure::new(
                    Kind::Environment,
                    format!("cannot remove {}", dir.display()),
                )
                .because(error));
            }
        }
    }
    Err(Failure::new(Kind::Environment, format!("{} keeps filling up", dir.display()))
        .hint("seedbed gc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(vars: &[(&str, &str)]) -> Result<Folders> {
        let vars: Vec<(String, OsString)> =
            vars.iter().map(|(k, v)| ((*k).to_owned(), OsString::from(v))).collect();
        Folders::resolve(move |name| {
            vars.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn variables_win_over_defaults() {
        let folders = resolve(&[
            ("SEEDBED_CACHE_DIR", "/a"),
            ("SEEDBED_STATE_DIR", "/b"),
            ("SEEDBED_RUNTIME_DIR", "/c"),
            ("HOME", "/h"),
        ])
        .unwrap();
        assert_eq!(
            (folders.cache, folders.state, folders.runtime),
            ("/a".into(), "/b".into(), "/c".into())
        );
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let link = base.path().join("seedbed");
        std::os::unix::fs::symlink("/usr", &link).unwrap();
        let failure = ensure_private(&link, 0o711).unwrap_err();
        assert_eq!(failure.kind(), Kind::Refused);
    }

    #[test]
    fn a_folder_of_all_users_is_refused_and_left_as_it_is() {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let failure = ensure_private(base.path(), 0o711).unwrap_err();
        assert_eq!(failure.kind(), Kind::Refused);
        assert_eq!(fs::metadata(base.path()).unwrap().mode() & 0o7777, 0o1777);
    }

    #[test]
    fn a_world_writable_folder_is_closed() {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("r");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        ensure_private(&dir, 0o711).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o711);
    }
}
