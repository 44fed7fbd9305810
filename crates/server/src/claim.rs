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

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use seedbed_api::{Context, Failure, Kind, Result};
use serde::{Deserialize, Serialize};

use crate::folders::{self, Folders};
use crate::password::random_word;
use crate::process::ProcessId;

/// What a claim is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// One `seedbed run`.
    Run,
    /// A server kept by `seedbed up`.
    Up,
}

/// How to reach a server that `seedbed up` keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Which request it answers: project and server options, hashed.
    pub key: String,
    /// The folder of its unix socket.
    pub socket_dir: PathBuf,
    /// Its port, on the socket and on loopback.
    pub port: u16,
    /// Superuser's password for loopback connections. The record is 0600.
    pub password: String,
    /// Kind of binaries, `local` or `embedded`.
    pub origin: String,
    /// Server version, such as `15.18`.
    pub version: String,
}

/// Databases on a server that outlives this claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// URL of the maintenance database. The record is 0600.
    pub admin_url: String,
    /// Names of the databases this claim made there.
    pub databases: Vec<String>,
}

/// Everything a claim owns. Unknown fields of later versions are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Format of this file.
    pub format: u32,
    /// What for.
    pub kind: ClaimKind,
    /// Identity of the claim.
    pub id: String,
    /// Who made it.
    pub owner: ProcessId,
    /// When, in seconds since 1970.
    pub created_s: u64,
    /// The project's folder.
    pub project: PathBuf,
    /// What is run there, for people.
    pub title: String,
    /// Folders to remove.
    pub directories: Vec<PathBuf>,
    /// The wrapped command, leader of its process group.
    pub command: Option<ProcessId>,
    /// A server offered to later runs.
    pub service: Option<Service>,
    /// Databases on a server that is not ours to end.
    pub foreign: Option<Foreign>,
}

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

/// Version of the record's format.
const FORMAT: u32 = 1;

impl Claim {
    /// Makes a claim.
    ///
    /// # Errors
    /// [`Kind::Environment`] when the state folder cannot be written.
    pub fn make(folders: &Folders, kind: ClaimKind, project: &Path, title: &str) -> Result<Self> {
        folders::ensure(&folders.runs(), 0o700)?;
        let id = random_word(10)?;
        let dir = folders.runs().join(&id);
        let gate = gate(&folders.runs(), Passage::Owner)
            .context(Kind::Environment, || format!("cannot lock {}", folders.runs().display()))?;
        fs::create_dir(&dir)
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

    /// Takes over the claim in `dir` if its owner is gone; waits for the
    /// owner's end when `wait` is set (the reaper's whole life).
    pub(crate) fn take(dir: &Path, wait: bool) -> Option<Self> {
        let lock = open_lock(dir).ok()?;
        if wait {
            wait_for(|| lock.lock()).ok()?;
        } else {
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
            }
        }
        still_there(dir, &lock).then(|| Self {
            dir: dir.to_owned(),
            _lock: lock,
            record: read_record(dir),
        })
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
    claims(folders).filter_map(|dir| Orphan::take(&dir, false)).collect()
}

/// Records of claims whose owner lives.
#[must_use]
pub fn living(folders: &Folders) -> Vec<Record> {
    let mut records: Vec<Record> = claims(folders)
        .filter(|dir| {
            File::open(dir.join("lock"))
                .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
        })
        .filter_map(|dir| read_record(&dir))
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
    folders::remove(dir)
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

fn claims(folders: &Folders) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folders.runs())
        .into_iter()
        .flatten()
        .filter_map(std::result::Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
}

fn open_lock(dir: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(dir.join("lock"))
}

fn still_there(dir: &Path, lock: &File) -> bool {
    crate::lock::is_at(lock, &dir.join("lock"))
}

fn read_record(dir: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(dir.join("record.json")).ok()?).ok()
}

fn write_record(dir: &Path, record: &Record) -> std::io::Result<()> {
    let new = dir.join("record.json.new");
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(record).map_err(std::io::Error::other)?)?;
    drop(file);
    fs::rename(new, dir.join("record.json"))
}

impl Record {
    /// A failure for a record that should exist.
    #[must_use]
    pub fn missing(what: &str) -> Failure {
        Failure::new(Kind::Bug, format!("the record of this run names no {what}"))
    }
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
        claim.note(|record| record.directories.push("/x".into())).unwrap();
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
        fs::create_dir_all(folders.runs().join("halfmade")).unwrap();
        let found = orphans(&folders);
        assert_eq!(found.len(), 1);
        assert!(found[0].record().is_none());
    }
}
