//! Who owns what: a claim is a folder `<state>/runs/<id>/` holding a lock file
//! and a record.
//!
//! - The owner holds an exclusive flock on `lock` for its whole life. The
//!   kernel drops it when the owner ends, by whatever means, so "is the owner
//!   alive?" never depends on a process number.
//! - `record.json` is written *before* a resource is made (write-ahead), so a
//!   crash between two steps leaves a record that names too much, never too
//!   little.
//! - The lock file is removed only by whoever holds the lock, and whoever
//!   takes it checks that it is still the file at that path: a waiter that
//!   wins a removed file's lock has won nothing.
//! - Making and removing a claim takes several steps, between which it looks
//!   like one whose owner is gone. Both happen behind the *gate*, an flock on
//!   `<state>/runs.lock` that owners share for those microseconds; who looks
//!   for orphans holds it alone.
//! - A record is an order to delete. It is believed only if the claim's folder
//!   is ours and bears a claim's name, and if it names nothing but folders of
//!   that same name. Of a claim's own folder only the files we know are removed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use seedbed_api::{Context, Failure, Kind, Result};

use crate::folders::{self, Folders};
use crate::password::random_word;
use crate::process::ProcessId;
use crate::record::{
    ClaimKind, FORMAT, ID_LENGTH, Record, id_of, is_damage, read_record, write_record,
};

/// Our own claim.
#[derive(Debug)]
pub struct Claim {
    dir: PathBuf,
    // Held, never read: closing it frees the claim.
    _lock: File,
    record: Record,
}

/// The claim of an owner that is gone, locked by us so that nobody else
/// cleans up at the same time.
#[derive(Debug)]
pub struct Orphan {
    dir: PathBuf,
    _lock: File,
    record: Option<Record>,
}

/// The files of a claim's folder; the lock goes last.
const FILES: [&str; 3] = ["record.json.new", "record.json", "lock"];

impl Claim {
    /// Makes a claim.
    ///
    /// # Errors
    /// [`Kind::Environment`] when the state folder cannot be written.
    pub fn make(folders: &Folders, kind: ClaimKind, project: &Path, title: &str) -> Result<Self> {
        // Another user's records would be orders of theirs to us.
        folders::ensure_private(&folders.state, 0o700)?;
        folders::ensure_private(&folders.runs(), 0o700)?;
        let id = random_word(ID_LENGTH)?;
        let dir = folders.runs().join(&id);
        let gate = gate(&folders.runs(), Passage::Owner)
            .context(Kind::Environment, || format!("cannot lock {}", folders.runs().display()))?;
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&dir)
            .context(Kind::Environment, || format!("cannot create {}", dir.display()))?;
        let lock = open_lock(&dir)
            .and_then(|lock| wait_for(|| lock.lock()).map(|()| lock))
            .context(Kind::Environment, || format!("cannot lock {}", dir.display()))?;
        drop(gate);
        let created_s =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let record = Record {
            format: FORMAT,
            kind,
            id,
            owner: ProcessId::me(),
            created_s,
            project: project.to_owned(),
            title: title.to_owned(),
            directories: Vec::new(),
            command: None,
            service: None,
            foreign: None,
        };
        let claim = Self { dir, _lock: lock, record };
        if let Err(failure) = claim.write() {
            // A full disk; what the failure says matters more than this.
            let _ = claim.release();
            return Err(failure);
        }
        Ok(claim)
    }

    /// Identity of the claim, ten characters.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// The claim's folder, which the reaper is given.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What is recorded so far.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Changes the record on disk; call it before making what it names.
    ///
    /// # Errors
    /// [`Kind::Environment`] when it cannot be written.
    pub fn note(&mut self, change: impl FnOnce(&mut Record)) -> Result<()> {
        change(&mut self.record);
        self.write()
    }

    fn write(&self) -> Result<()> {
        write_record(&self.dir, &self.record).context(Kind::Environment, || {
            format!("cannot write the record in {}", self.dir.display())
        })
    }

    /// Gives the claim up once everything in it is gone.
    ///
    /// # Errors
    /// [`Kind::Environment`] when the folder cannot be removed.
    pub fn release(self) -> Result<()> {
        forget(&self.dir)
    }
}

impl Orphan {
    /// The record, if the owner lived long enough to write one.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// Takes over the claim in `dir` if its owner is gone.
    fn take(folders: &Folders, dir: PathBuf) -> Option<Self> {
        let lock = open_lock(&dir).ok()?;
        lock.try_lock().ok()?;
        still_there(&dir, &lock).then(|| Self::locked(folders, dir, lock))?
    }

    /// Waits for the end of the owner of the claim in `dir`: the reaper's
    /// whole life. `None` when the owner left nothing.
    pub(crate) fn await_owner(folders: &Folders, dir: PathBuf) -> Option<Self> {
        let id = id_of(&dir).filter(|_| is_claim(&dir))?;
        let lock = open_lock(&dir).ok()?;
        wait_for(|| lock.lock()).ok()?;
        if still_there(&dir, &lock) {
            return Self::locked(folders, dir, lock);
        }
        // The owner has left in good order, or somebody removed the state
        // folder under it; then the folders it owned still stand.
        let record = Record::guessed(folders, id);
        let left = record.directories.iter().any(|owned| owned.exists());
        left.then(|| Self { dir, _lock: lock, record: Some(record) })
    }

    fn locked(folders: &Folders, dir: PathBuf, lock: File) -> Option<Self> {
        let record = match read_record(&dir) {
            Ok(record) => Some(record),
            // The owner died before it made anything.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) if is_damage(&error) => Some(Record::guessed(folders, id_of(&dir)?)),
            // Too many open files, perhaps: it must not be forgotten now.
            Err(_) => return None,
        };
        Some(Self { dir, _lock: lock, record })
    }

    /// Forgets the claim once everything in it is gone.
    ///
    /// # Errors
    /// [`Kind::Environment`] when the folder cannot be removed.
    pub fn bury(self) -> Result<()> {
        forget(&self.dir)
    }
}

/// Claims whose owner is gone.
#[must_use]
pub fn orphans(folders: &Folders) -> Vec<Orphan> {
    // Without any claim, or where nothing can be written, nothing is swept.
    let Ok(_gate) = gate(&folders.runs(), Passage::Sweeper) else { return Vec::new() };
    claims(folders).filter_map(|dir| Orphan::take(folders, dir)).collect()
}

/// Records of claims whose owner lives.
#[must_use]
pub fn living(folders: &Folders) -> Vec<Record> {
    let mut records: Vec<Record> = claims(folders)
        .filter(|dir| {
            File::open(dir.join("lock"))
                .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
        })
        .filter_map(|dir| read_record(&dir).ok())
        .collect();
    records.sort_by_key(|record| (record.created_s, record.id.clone()));
    records
}

/// Who wants to pass the gate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passage {
    /// Makes or removes one claim.
    Owner,
    /// Looks at all claims for those without an owner.
    Sweeper,
}

/// The gate of a folder of claims; held until the file is dropped.
fn gate(runs: &Path, passage: Passage) -> std::io::Result<File> {
    let path = runs.with_extension("lock");
    let gate =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    wait_for(|| match passage {
        Passage::Owner => gate.lock_shared(),
        Passage::Sweeper => gate.lock(),
    })?;
    Ok(gate)
}

/// Removes a claim's folder.
fn forget(dir: &Path) -> Result<()> {
    // A claim that cannot be removed unseen is still better removed.
    let _gate = dir.parent().and_then(|runs| gate(runs, Passage::Owner).ok());
    let removed = FILES.iter().map(|file| fs::remove_file(dir.join(file)));
    for outcome in removed.chain(std::iter::once_with(|| fs::remove_dir(dir))) {
        match outcome {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Failure::new(
                    Kind::Environment,
                    format!("cannot remove the claim {}", dir.display()),
                )
                .because(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A signal interrupts the wait for a lock; it goes on.
fn wait_for(mut lock: impl FnMut() -> std::io::Result<()>) -> std::io::Result<()> {
    loop {
        match lock() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Folders that are claims of this user. Whatever else lies there, such as the
/// `runs` of a program that was given the same state folder, is not ours.
fn claims(folders: &Folders) -> impl Iterator<Item = PathBuf> {
    let me = rustix::process::geteuid().as_raw();
    fs::read_dir(folders.runs())
        .into_iter()
        .flatten()
        .filter_map(std::result::Result::ok)
        .map(|entry| entry.path())
        .filter(move |path| {
            fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == me)
        })
        .filter(|path| is_claim(path))
}

/// Whether a folder has a claim's name and holds a record, or nothing yet.
fn is_claim(dir: &Path) -> bool {
    let holds_nothing_else = || {
        fs::read_dir(dir).is_ok_and(|mut entries| {
            entries.all(|entry| {
                entry.is_ok_and(|entry| FILES.iter().any(|file| entry.file_name() == *file))
            })
        })
    };
    id_of(dir).is_some() && (dir.join("record.json").exists() || holds_nothing_else())
}

fn open_lock(dir: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(dir.join("lock"))
}

fn still_there(dir: &Path, lock: &File) -> bool {
    crate::lock::is_at(lock, &dir.join("lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(base: &Path) -> Folders {
        Folders {
            cache: base.join("c"),
            state: base.join("s"),
            runtime: base.join("r"),
            memory: None,
        }
    }

    #[test]
    fn a_living_claim_is_no_orphan() {
        let base = tempfile::tempdir().unwrap();
        let folders = folders(base.path());
        let mut claim = Claim::make(&folders, ClaimKind::Run, Path::new("/p"), "true").unwrap();
        let owned = folders.runtime.join(claim.id());
        claim.note(|record| record.directories.push(owned)).unwrap();
        assert!(orphans(&folders).is_empty());
        assert_eq!(living(&folders), [claim.record().clone()]);

        let record = claim.record().clone();
        drop(claim);
        assert!(living(&folders).is_empty());
        let mut found = orphans(&folders);
        assert_eq!(found[0].record(), Some(&record));
        assert!(orphans(&folders).is_empty(), "an orphan is cleaned by one process only");
        found.remove(0).bury().unwrap();
        assert!(orphans(&folders).is_empty());
        assert_eq!(fs::read_dir(folders.runs()).unwrap().count(), 0);
    }

    #[test]
    fn nobody_sweeps_a_claim_that_is_just_being_made_or_given_up() {
        let base = tempfile::tempdir().unwrap();
        let folders = folders(base.path());
        std::thread::scope(|scope| {
            let owners: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..200 {
                            let claim = Claim::make(&folders, ClaimKind::Run, Path::new("/p"), "t");
                            claim.unwrap().release().unwrap();
                        }
                    })
                })
                .collect();
            while owners.iter().any(|owner| !owner.is_finished()) {
                assert!(orphans(&folders).is_empty());
                let _records = living(&folders);
            }
        });
        assert_eq!(fs::read_dir(folders.runs()).unwrap().count(), 0);
    }

    #[test]
    fn a_claim_without_a_record_is_an_orphan_too() {
        let base = tempfile::tempdir().unwrap();
        let folders = folders(base.path());
        fs::create_dir_all(folders.runs().join("abcdefghij")).unwrap();
        let found = orphans(&folders);
        assert_eq!(found.len(), 1);
        assert!(found[0].record().is_none());
    }

    #[test]
    fn what_is_no_claim_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let folders = folders(base.path());
        // Ten letters: it could be the name of a claim.
        let experiment = folders.runs().join("experiment");
        fs::create_dir_all(&experiment).unwrap();
        fs::write(experiment.join("model"), "weeks of work").unwrap();
        assert!(orphans(&folders).is_empty());
        assert!(Orphan::await_owner(&folders, experiment.clone()).is_none());
        assert_eq!(fs::read_dir(&experiment).unwrap().count(), 1, "not even a lock is made");

        fs::write(experiment.join("record.json"), "of the model").unwrap();
        assert!(orphans(&folders).remove(0).bury().is_err());
        assert!(experiment.join("model").exists());
    }

    #[test]
    fn a_record_that_names_foreign_folders_is_not_believed() {
        let base = tempfile::tempdir().unwrap();
        let folders = folders(base.path());
        let claim = folders.runs().join("abcdefghij");
        fs::create_dir_all(&claim).unwrap();
        for (id, owned) in [("abcdefghij", "/home"), ("zzzzzzzzzz", "/r/zzzzzzzzzz")] {
            let mut record = Record::guessed(&folders, id);
            record.directories = vec![owned.into()];
            write_record(&claim, &record).unwrap();
            let orphan = orphans(&folders).remove(0);
            let believed = &orphan.record().unwrap().directories;
            assert_eq!(*believed, [folders.runtime.join("abcdefghij")], "{owned}");
        }
        fs::write(claim.join("record.json"), "{\"form").unwrap();
        assert!(orphans(&folders).remove(0).record().is_some(), "a cut record");
    }

    #[test]
    fn a_removed_state_folder_does_not_hide_what_is_left() {
        let base = tempfile::tempdir().unwrap();
        let folders = folders(base.path());
        for left in [true, false] {
            let claim = Claim::make(&folders, ClaimKind::Run, Path::new("/p"), "true").unwrap();
            let (dir, data) = (claim.dir().to_owned(), folders.runtime.join(claim.id()));
            fs::create_dir_all(&data).unwrap();
            let reaper = std::thread::spawn({
                let folders = folders.clone();
                move || Orphan::await_owner(&folders, dir)
            });
            // It must have opened the lock before that goes.
            crate::wait::pause(std::time::Duration::from_millis(200));
            if left {
                fs::remove_dir_all(&folders.state).unwrap();
                drop(claim);
            } else {
                fs::remove_dir(&data).unwrap();
                claim.release().unwrap();
            }
            let found = reaper.join().unwrap();
            assert_eq!(found.is_some(), left);
            if let Some(orphan) = found {
                assert_eq!(orphan.record().unwrap().directories, [data]);
                orphan.bury().unwrap();
            }
        }
    }
}
