//! Whether an account can get at a file. As root, Seedbed sees everything,
//! but the server runs under another account, which does not (root's home is
//! 0700). Only permission bits are read; access control lists and
//! supplementary groups are not, so a rare false alarm names a folder that
//! could be reached.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use seedbed_api::{Failure, Kind, Result};

/// User and group a server runs as.
pub(super) type Account = (u32, u32);

/// The first part of `path` that the account may not pass or execute; `path`
/// must hold no symbolic links. Parts that do not exist are not judged.
pub(super) fn obstacle(path: &Path, account: Option<Account>) -> Option<PathBuf> {
    let account = account?;
    let mut parts: Vec<&Path> = path.ancestors().collect();
    parts.reverse();
    parts
        .into_iter()
        .find(|part| fs::metadata(part).is_ok_and(|file| !may_execute(&file, account)))
        .map(Path::to_owned)
}

fn may_execute(file: &fs::Metadata, (uid, gid): Account) -> bool {
    let bit = if file.uid() == uid {
        0o100
    } else if file.gid() == gid {
        0o010
    } else {
        0o001
    };
    file.mode() & bit != 0
}

/// Fails when the account cannot reach what lies in `folder`.
pub(super) fn check_folder(folder: &Path, account: Option<Account>) -> Result<()> {
    let absolute = nearest_real(folder);
    let (Some(closed), Some((uid, _))) = (obstacle(&absolute, account), account) else {
        return Ok(());
    };
    Err(Failure::new(
        Kind::Environment,
        format!(
            "the server runs as user {uid}, which cannot enter {}, so it could not use binaries in {}",
            closed.display(),
            folder.display()
        ),
    )
    .hint("SEEDBED_CACHE_DIR=/var/cache/seedbed")
    .hint(format!("chmod o+x {}", closed.display())))
}

/// Makes a folder and its parents; those made here can be passed by the
/// account, whatever the umask.
pub(super) fn make_folder(folder: &Path, account: Option<Account>) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|part| !part.exists()).collect();
    for part in missing.into_iter().rev() {
        match fs::create_dir(part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        if account.is_some() {
            fs::set_permissions(part, fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

/// The deepest part of `folder` that exists, without symbolic links.
fn nearest_real(folder: &Path) -> PathBuf {
    folder
        .ancestors()
        .find_map(|part| fs::canonicalize(part).ok())
        .unwrap_or_else(|| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An account that owns nothing here.
    const STRANGER: Account = (3_000_000_001, 3_000_000_001);

    fn close(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_closed_ancestor_is_named() {
        let base = tempfile::tempdir().unwrap();
        close(base.path(), 0o755);
        let base = fs::canonicalize(base.path()).unwrap();
        let inner = base.join("home/cache");
        fs::create_dir_all(&inner).unwrap();
        close(&inner, 0o755);
        close(&base.join("home"), 0o755);
        assert_eq!(obstacle(&inner, Some(STRANGER)), None);
        check_folder(&inner.join("not/yet"), Some(STRANGER)).unwrap();

        close(&base.join("home"), 0o700);
        assert_eq!(obstacle(&inner, Some(STRANGER)), Some(base.join("home")));
        assert_eq!(obstacle(&inner, None), None, "our own account is the kernel's business");
        let owner = fs::metadata(&inner).unwrap();
        assert_eq!(obstacle(&inner, Some((owner.uid(), owner.gid()))), None, "the owner may enter");

        let failure = check_folder(&inner.join("not/yet"), Some(STRANGER)).unwrap_err();
        assert_eq!(failure.kind(), Kind::Environment);
        assert!(failure.to_string().contains(&*base.join("home").to_string_lossy()));
        assert!(failure.hints()[0].contains("SEEDBED_CACHE_DIR=/var/cache/seedbed"));
    }
}
