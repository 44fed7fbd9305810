//! The folder of embedded servers. A server is complete when its folder holds
//! a manifest that fits its programs; anything else there was interrupted and
//! is removed by the next one who holds the lock. The lock file itself is
//! never removed: whoever waits for it must wait for the same file.

use std::env::consts::EXE_SUFFIX;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use seedbed_api::{Context, Failure, Kind, Listener, Result};
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::reach::{self, Account};
use super::{Binaries, Origin, Version, archive, links, machine};
use crate::wait;

/// Longer than one whole fetch, whose parts are bounded themselves.
const LOCK_BOUND: Duration = Duration::from_secs(1_800);
const LOCK_POLL: Duration = Duration::from_millis(50);
const MANIFEST: &str = "manifest.json";
const LOCK: &str = "lock";
/// Raised when the meaning of a manifest changes; another number is foreign.
const FORMAT: u32 = 1;

/// What an embedded server is and where it came from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// The client it came through: `npm` or `pip`.
    client: String,
    /// Name and version of the package.
    pub(super) package: String,
    /// `sha512-…` (base64) or `sha256-…` (hex) of the package's file.
    pub(super) integrity: String,
    /// Seconds since 1970.
    fetched_at_unix_s: u64,
    /// System and processor it runs on.
    platform: String,
    /// What `postgres --version` answered.
    answer: String,
    /// The folder of its programs, relative to the manifest.
    bin: PathBuf,
    postgres_bytes: u64,
    initdb_bytes: u64,
    /// Files in all, without the manifest.
    files: u64,
    /// Bytes in all, without the manifest.
    bytes: u64,
}

/// A complete embedded server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) folder: PathBuf,
    pub(super) binaries: Binaries,
    manifest: Manifest,
}

enum State {
    Complete(Box<Server>),
    /// Whole, but for another machine or another Seedbed: not ours to judge.
    Foreign,
    Broken,
}

/// Proof that no other process changes the folder; ends when dropped.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its Drop, which unlocks")] File);

/// `<cache>/servers`.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
}

impl Store {
    pub(super) fn new(cache_dir: &Path) -> Self {
        Self { folder: cache_dir.join("servers") }
    }

    /// Every complete server, oldest version first. Executes nothing.
    pub(super) fn servers(&self) -> Vec<Server> {
        let mut servers: Vec<Server> = self
            .entries()
            .into_iter()
            .filter_map(|entry| match inspect(&entry) {
                State::Complete(server) => Some(*server),
                State::Foreign | State::Broken => None,
            })
            .collect();
        servers
            .sort_by(|a, b| (a.binaries.version, &a.folder).cmp(&(b.binaries.version, &b.folder)));
        servers
    }

    fn entries(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    }

    /// Makes the folder, after checking that the server's account will get there.
    pub(super) fn prepare(&self, account: Option<Account>) -> Result<()> {
        reach::check_folder(&self.folder, account)?;
        reach::make_folder(&self.folder, account).map_err(|error| unwritable(&self.folder, error))
    }

    /// Waits, bounded, until no other process installs or removes.
    pub(super) fn lock(&self, listener: &dyn Listener) -> Result<Lock> {
        let path = self.folder.join(LOCK);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| unwritable(&path, error))?;
        let mut told = false;
        let outcome = wait::until(LOCK_BOUND, LOCK_POLL, || match file.try_lock() {
            Ok(()) => Some(Ok(())),
            Err(TryLockError::WouldBlock) => {
                if !told {
                    listener
                        .notice("waiting for another seedbed that is fetching PostgreSQL".into());
                    told = true;
                }
                None
            }
            Err(TryLockError::Error(error)) => Some(Err(error)),
        });
        match outcome {
            Some(Ok(())) => Ok(Lock(file)),
            Some(Err(error)) => Err(unwritable(&path, error)),
            None => Err(Failure::new(
                Kind::Timeout,
                format!("another process held {} for {} s", path.display(), LOCK_BOUND.as_secs()),
            )
            .hint(format!("fuser {}", path.display()))),
        }
    }

    /// Removes whatever was left unfinished or is damaged.
    pub(super) fn sweep(&self, _lock: &Lock) -> Result<()> {
        for entry in self.entries() {
            if let State::Broken = inspect(&entry) {
                crate::folders::remove(&entry)?;
            }
        }
        Ok(())
    }

    /// Sweeps if there is something to sweep and nobody is at work there.
    pub(super) fn sweep_if_idle(&self) {
        let broken = self.entries().iter().any(|entry| matches!(inspect(entry), State::Broken));
        if !broken {
            return;
        }
        let file =
            File::options().create(true).truncate(false).write(true).open(self.folder.join(LOCK));
        if let Ok(file) = file
            && file.try_lock().is_ok()
        {
            // Leftovers cost space, not correctness: a failure here must not
            // fail a search that has succeeded.
            let _ = self.sweep(&Lock(file));
        }
    }

    /// An empty folder to build in.
    pub(super) fn stage(&self, _lock: &Lock, what: &str) -> Result<PathBuf> {
        let folder = self.temporary(what);
        fs::create_dir(&folder).map_err(|error| unwritable(&folder, error))?;
        archive::open_up(&folder)?;
        Ok(folder)
    }

    fn temporary(&self, what: &str) -> PathBuf {
        self.folder.join(format!("{what}.tmp-{}", std::process::id()))
    }

    /// Puts the finished folder `tree` in its place. `bin` is the folder of
    /// its programs, below `tree`; `source` tells packages of one version apart.
    pub(super) fn publish(
        &self,
        lock: &Lock,
        tree: &Path,
        bin: &Path,
        answer: &str,
        package: &super::fetch::Package,
    ) -> Result<Server> {
        let version = Version::parse(answer).ok_or_else(|| {
            Failure::new(Kind::NoServer, format!("`postgres --version` answered {answer:?}"))
        })?;
        let size = |name: &str| {
            let path = bin.join(format!("{name}{EXE_SUFFIX}"));
            let file = fs::metadata(&path);
            file.map(|file| file.len())
                .context(Kind::NoServer, || format!("cannot read {}", path.display()))
        };
        let (files, bytes) = weigh(tree);
        let manifest = Manifest {
            format: FORMAT,
            client: package.client.to_owned(),
            package: package.name.clone(),
            integrity: package.integrity.clone(),
            fetched_at_unix_s: SystemTime::UNIX_EPOCH.elapsed().map_or(0, |age| age.as_secs()),
            platform: machine::platform(),
            answer: answer.to_owned(),
            bin: bin.strip_prefix(tree).unwrap_or(bin).to_owned(),
            postgres_bytes: size("postgres")?,
            initdb_bytes: size("initdb")?,
            files,
            bytes,
        };
        let path = tree.join(MANIFEST);
        let text = serde_json::to_vec_pretty(&manifest)
            .context(Kind::Bug, || "cannot write a manifest as JSON".into())?;
        fs::write(&path, text).map_err(|error| unwritable(&path, error))?;
        archive::open_up(tree)?;

        let place =
            self.folder.join(format!("{version}-{}-{}", package.client, machine::platform()));
        if place.exists() {
            self.discard(lock, &place)?;
        }
        fs::rename(tree, &place).map_err(|error| unwritable(&place, error))?;
        match inspect(&place) {
            State::Complete(server) => Ok(*server),
            State::Foreign | State::Broken => Err(Failure::new(
                Kind::Bug,
                format!("{} is not complete although it was just made", place.display()),
            )),
        }
    }

    /// Removes a server: out of sight first, so that an interruption leaves a
    /// leftover and never half a server.
    pub(super) fn discard(&self, _lock: &Lock, folder: &Path) -> Result<()> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let aside = self.temporary(&name);
        fs::rename(folder, &aside).map_err(|error| unwritable(folder, error))?;
        crate::folders::remove(&aside)
    }
}

impl Server {
    /// The client it came through: `npm` or `pip`.
    pub(super) fn client(&self) -> &str {
        &self.manifest.client
    }

    /// Whether all files are there, by number and size: a cache restored or
    /// cleaned by other tools may have lost some.
    pub(super) fn intact(&self) -> bool {
        let (files, bytes) = weigh(&self.folder);
        let own = fs::metadata(self.folder.join(MANIFEST)).map_or(0, |file| file.len());
        (files, bytes) == (self.manifest.files + 1, self.manifest.bytes + own)
    }
}

fn inspect(folder: &Path) -> State {
    let temporary = folder.extension().is_some_and(|end| end.to_string_lossy().starts_with("tmp-"));
    let Some(manifest) = fs::read(folder.join(MANIFEST))
        .ok()
        .filter(|_| !temporary)
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
    else {
        return State::Broken;
    };
    if manifest["format"] != FORMAT || manifest["platform"] != machine::platform() {
        return State::Foreign;
    }
    let Ok(manifest) = serde_json::from_value::<Manifest>(manifest) else { return State::Broken };
    let (Some(version), Ok(bin)) = (Version::parse(&manifest.answer), links::inside(&manifest.bin))
    else {
        return State::Broken;
    };
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let binaries = Binaries {
        origin: Origin::Embedded,
        bin_dir: folder.join(bin),
        version,
        // Two packages of one version differ in their libraries, so in what a
        // cluster may depend on (collations): the package is part of the identity.
        build: format!("{} {} {}", manifest.answer, machine::machine(), manifest.package),
    };
    let has = |path: PathBuf, bytes: u64| fs::metadata(path).is_ok_and(|file| file.len() == bytes);
    if has(binaries.postgres(), manifest.postgres_bytes)
        && has(binaries.initdb(), manifest.initdb_bytes)
    {
        State::Complete(Box::new(Server { folder, binaries, manifest }))
    } else {
        State::Broken
    }
}

/// Number and bytes of the plain files below a folder; links are not followed.
fn weigh(folder: &Path) -> (u64, u64) {
    WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .fold((0, 0), |(files, bytes), entry| {
            (files + 1, bytes + entry.metadata().map_or(0, |file| file.len()))
        })
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::new(Kind::Environment, format!("cannot write {}", path.display()))
        .because(error)
        .hint("SEEDBED_CACHE_DIR=/path/you/can/write")
}
