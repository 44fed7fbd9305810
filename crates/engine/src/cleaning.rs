//! Cleaning up after owners that are gone: what the reaper does, what every
//! command does first, and what `gc` does by hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use seedbed_api::{Listener, Result};
use seedbed_db::Target;
use seedbed_server::{Folders, Foreign, Images, KeptClusters, Lock, MOST_IMAGES, Orphan, Record};

/// How long dropping databases on a server that is not ours may take.
const DROP_BOUND: Duration = Duration::from_secs(60);

/// How the name of a lock file of `up` begins.
const STARTING: &str = "up-";

/// What a clean-up did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Runs and servers whose owner was gone, and what was half stored of one.
    pub claims: usize,
    /// Images removed from the cache.
    pub images: usize,
}

/// Cleans up after every owner that is gone. What resists is left for the
/// next call and named in a warning.
pub fn sweep(folders: &Folders, listener: &dyn Listener) -> usize {
    let mut swept = 0;
    for orphan in seedbed_server::orphans(folders) {
        match clean(orphan) {
            Ok(()) => swept += 1,
            Err(failure) => listener.warning(
                format!("cannot clean up after an earlier run: {}", failure.chain()),
                Some("seedbed gc".into()),
            ),
        }
    }
    swept
}

/// `seedbed gc`: a sweep, and the cache trimmed.
///
/// # Errors
/// [`seedbed_api::Kind::Environment`] when the cache cannot be trimmed.
pub fn gc(folders: &Folders, listener: &dyn Listener) -> Result<Swept> {
    let claims = sweep(folders, listener);
    forget_starts(folders);
    let kept = KeptClusters::existing(folders)?.map_or(Ok(0), |kept| kept.sweep())?;
    let images = if folders.images().is_dir() {
        Images::open(folders.images())?.trim(MOST_IMAGES)?
    } else {
        0
    };
    Ok(Swept { claims: claims + kept, images })
}

/// The file that `up` locks while it starts the service of this key.
pub(crate) fn starting_lock(folders: &Folders, key: &str) -> PathBuf {
    folders.state.join(format!("{STARTING}{key}.lock"))
}

/// Removes lock files of `up` commands that were killed.
fn forget_starts(folders: &Folders) {
    for entry in std::fs::read_dir(&folders.state).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STARTING)
            && let Ok(Some(lock)) = Lock::try_exclusive(&entry.path())
        {
            lock.remove();
        }
    }
}

/// The reaper's whole life.
///
/// # Errors
/// When something resists; the next call of any command tries again.
pub fn reap(claim_dir: &Path) -> Result<()> {
    seedbed_server::close_inherited_files();
    // The owner's folders, since a reaper inherits its environment.
    let folders = Folders::resolve(|name| std::env::var_os(name))?;
    match seedbed_server::wait_for_owner(&folders, claim_dir) {
        Some(orphan) => clean(orphan),
        None => Ok(()),
    }
}

/// Ends and removes everything an orphan names, then forgets it. What resists
/// does not keep the rest from going.
fn clean(orphan: Orphan) -> Result<()> {
    if let Some(record) = orphan.record() {
        seedbed_server::end_processes(record);
        let dropped =
            record.foreign.as_ref().map_or(Ok(()), |foreign| drop_databases(record, foreign));
        let removed = seedbed_server::remove_files(record);
        dropped.and(removed)?;
    }
    orphan.bury()
}

/// Drops databases of a dead run. A server that is gone took them with it.
fn drop_databases(record: &Record, foreign: &Foreign) -> Result<()> {
    let admin = Target::parse(&foreign.admin_url)?;
    let dropping = crate::shared::drop_if_reachable(&admin, &record.id, &foreign.databases);
    crate::runtime::new()?.block_on(async {
        match tokio::time::timeout(DROP_BOUND, dropping).await {
            Ok(outcome) => outcome,
            Err(_) => Ok(()),
        }
    })
}
