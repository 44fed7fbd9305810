//! A place to work: a claim, its reaper, and one folder that both guard.
//!
//! The order matters. The claim exists before the reaper, the reaper before
//! the folder, the record names the folder before it is made. At the end it
//! goes the other way round, and only when everything is gone is the reaper
//! dismissed: if closing fails, the reaper tries again once we have ended.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use seedbed_api::{Context, Kind, Result};
use seedbed_server::{Account, Claim, ClaimKind, DATA, Reaper, Storage};

use crate::world::World;

/// An owned working place.
pub(crate) struct Site {
    claim: Claim,
    reaper: Reaper,
    dir: Option<PathBuf>,
}

impl Site {
    /// Claims a place for a job on the project in `root`.
    pub(crate) fn open(
        world: &World<'_>,
        kind: ClaimKind,
        root: &Path,
        title: &str,
    ) -> Result<Self> {
        let claim = Claim::make(&world.folders, kind, root, title)?;
        match Reaper::start(&world.program, &claim) {
            Ok(reaper) => Ok(Self { claim, reaper, dir: None }),
            Err(failure) => {
                claim.release()?;
                Err(failure)
            }
        }
    }

    /// The claim.
    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The claim, to note something in it.
    pub(crate) fn claim_mut(&mut self) -> &mut Claim {
        &mut self.claim
    }

    /// Makes the folder for data of about `bytes`, in memory or on disk.
    pub(crate) fn make_dir(
        &mut self,
        world: &World<'_>,
        storage: Storage,
        bytes: u64,
        account: Option<&Account>,
    ) -> Result<()> {
        let parent = storage.place(&world.folders, bytes)?;
        // 0711: the server's account must pass through, nobody may list.
        seedbed_server::ensure_private(&parent, 0o711)?;
        let dir = parent.join(self.claim.id());
        self.claim.note(|record| record.directories.push(dir.clone()))?;
        self.dir = Some(dir.clone());
        // Somebody's clean-up may remove the empty parent between two lines.
        let made = || {
            seedbed_server::ensure_private(&parent, 0o711)?;
            fs::DirBuilder::new()
                .mode(0o700)
                .create(&dir)
                .context(Kind::Environment, || format!("cannot create {}", dir.display()))
        };
        made().or_else(|_| made())?;
        self.make_owned(&self.socket_dir(), account)?;
        seedbed_server::give(&dir, account)
    }

    fn make_owned(&self, dir: &Path, account: Option<&Account>) -> Result<()> {
        fs::DirBuilder::new()
            .mode(0o700)
            .create(dir)
            .context(Kind::Environment, || format!("cannot create {}", dir.display()))?;
        seedbed_server::give(dir, account)
    }

    /// A folder for a socket of ours, 0700.
    pub(crate) fn socket_folder(&mut self, world: &World<'_>) -> Result<PathBuf> {
        if self.dir.is_none() {
            let parent = &world.folders.runtime;
            seedbed_server::ensure_private(parent, 0o711)?;
            let dir = parent.join(self.claim.id());
            self.claim.note(|record| record.directories.push(dir.clone()))?;
            fs::DirBuilder::new()
                .mode(0o700)
                .create(&dir)
                .context(Kind::Environment, || format!("cannot create {}", dir.display()))?;
            self.dir = Some(dir);
        }
        Ok(self.dir().to_owned())
    }

    /// The folder, once made.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.as_deref().unwrap_or(Path::new("/nonexistent"))
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir().join(DATA)
    }

    /// The databases' files, most of the data directory.
    pub(crate) fn databases(&self) -> PathBuf {
        self.data().join("base")
    }

    /// The folder of the unix socket, 0700.
    pub(crate) fn socket_dir(&self) -> PathBuf {
        self.dir().join("s")
    }

    /// The server's log.
    pub(crate) fn log(&self) -> PathBuf {
        self.dir().join("log")
    }

    /// Where tablespaces of a recipe go while it is built.
    pub(crate) fn tablespaces(&self) -> PathBuf {
        crate::shared::tablespace_folder(self.dir())
    }

    /// Removes everything; the server must have stopped.
    pub(crate) fn close(self) -> Result<()> {
        seedbed_server::remove_files(self.claim.record())?;
        self.claim.release()?;
        self.reaper.dismiss();
        Ok(())
    }
}
