//! Images: whole stopped clusters in the cache, each under the fingerprint of
//! everything that went into it.
//!
//! ```text
//! <cache>/images/<key>/data/…       the files, never changed once there
//! <cache>/images/<key>/manifest     their sizes and checksums
//! <cache>/images/<key>.lock         builders hold it alone, readers share it
//! <cache>/images/.new-<key>-<pid>/  being written; renamed when whole
//! ```
//!
//! An image exists when its folder does: the rename is the commit. A damaged
//! one is thrown away and built again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use seedbed_api::{Context, Kind, Result};

use crate::account::Account;
use crate::cluster::{self, Copied, Part};
use crate::folders;
use crate::lock::Lock;
use crate::manifest::Manifest;

/// How long one process waits for another that builds the same image.
const BUILD_BOUND: Duration = Duration::from_secs(30 * 60);

/// Images kept by [`Images::trim`]; the least recently used go first.
pub const MOST_IMAGES: usize = 40;

/// The store of images.
#[derive(Clone, Debug)]
pub struct Images {
    root: PathBuf,
}

/// One image, protected from removal while this value lives.
#[derive(Debug)]
pub struct Image {
    dir: PathBuf,
    manifest: Manifest,
    _reader: Option<Lock>,
}

/// The right to build the image of one key.
#[derive(Debug)]
pub struct Builder {
    key: String,
    _lock: Lock,
}

impl Images {
    /// Opens the store, creating its folder.
    ///
    /// # Errors
    /// [`Kind::Environment`] when the cache cannot be written.
    pub fn open(root: PathBuf) -> Result<Self> {
        folders::ensure(&root, 0o755)?;
        Ok(Self { root })
    }

    fn dir(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    fn lock_path(&self, key: &str) -> PathBuf {
        self.root.join(format!("{key}.lock"))
    }

    /// The image of a key, if it is there and its manifest is whole.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Image> {
        let dir = self.dir(key);
        if !dir.is_dir() {
            return None;
        }
        // A builder holds the lock alone only while there is no image or the
        // image is being replaced; then it is not there for us. A read-only
        // cache cannot be locked, nor removed under us.
        let reader = match Lock::try_shared(&self.lock_path(key)) {
            Ok(Some(lock)) => Some(lock),
            Ok(None) => return None,
            Err(_) => None,
        };
        Self::read(dir, reader)
    }

    fn read(dir: PathBuf, reader: Option<Lock>) -> Option<Image> {
        let path = dir.join("manifest");
        let manifest = Manifest::from_text(&fs::read_to_string(&path).ok()?)?;
        // Its age decides what is trimmed first.
        let _ = fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        Some(Image { dir, manifest, _reader: reader })
    }

    /// Takes the right to build; waits while another process builds the same.
    /// Look again with [`Images::get_as`] before building.
    ///
    /// # Errors
    /// [`Kind::Timeout`] after half an hour, [`Kind::Environment`].
    pub fn build(&self, key: &str, waiting: impl FnOnce()) -> Result<Builder> {
        let lock = Lock::exclusive(&self.lock_path(key), BUILD_BOUND, waiting)?;
        Ok(Builder { key: key.to_owned(), _lock: lock })
    }

    /// The right to build if nobody has it or reads the image.
    ///
    /// # Errors
    /// [`Kind::Environment`].
    pub fn try_build(&self, key: &str) -> Result<Option<Builder>> {
        let lock = Lock::try_exclusive(&self.lock_path(key))?;
        Ok(lock.map(|lock| Builder { key: key.to_owned(), _lock: lock }))
    }

    /// The manifest that cannot be read of an image that is there.
    #[must_use]
    pub fn broken(&self, builder: &Builder) -> Option<PathBuf> {
        let dir = self.dir(&builder.key);
        (dir.is_dir() && self.get_as(builder).is_none()).then(|| dir.join("manifest"))
    }

    /// The image of the key we hold the right to build, if somebody else
    /// finished it while we waited.
    #[must_use]
    pub fn get_as(&self, builder: &Builder) -> Option<Image> {
        let dir = self.dir(&builder.key);
        dir.is_dir().then(|| Self::read(dir, None))?
    }

    /// Stores a cleanly stopped cluster; files equal to those of `parent` cost
    /// nothing.
    ///
    /// # Errors
    /// [`Kind::Environment`], for instance when the disk is full; nothing
    /// half-written stays.
    pub fn save(&self, builder: &Builder, data: &Path, parent: Option<&Image>) -> Result<Image> {
        let stage = self.root.join(format!(".new-{}-{}", builder.key, std::process::id()));
        folders::remove(&stage)?;
        let outcome = self.save_staged(builder, data, parent, &stage);
        if outcome.is_err() {
            let _ = folders::remove(&stage);
        }
        outcome
    }

    fn save_staged(
        &self,
        builder: &Builder,
        data: &Path,
        parent: Option<&Image>,
        stage: &Path,
    ) -> Result<Image> {
        folders::ensure(&cluster::data_of(stage), 0o700)?;
        let parent_data = parent.map(|image| (cluster::data_of(&image.dir), &image.manifest));
        let manifest = cluster::store(
            data,
            &cluster::data_of(stage),
            parent_data.as_ref().map(|(dir, manifest)| (dir.as_path(), *manifest)),
        )?;
        fs::write(stage.join("manifest"), manifest.to_text())
            .context(Kind::Environment, || format!("cannot write {}", stage.display()))?;
        let dir = self.dir(&builder.key);
        folders::remove(&dir)?;
        fs::rename(stage, &dir)
            .context(Kind::Environment, || format!("cannot create {}", dir.display()))?;
        Ok(Image { dir, manifest, _reader: None })
    }

    /// Throws an image away; used when it turned out to be damaged.
    ///
    /// # Errors
    /// [`Kind::Environment`] when it cannot be removed.
    pub fn discard(&self, builder: &Builder) -> Result<()> {
        folders::remove(&self.dir(&builder.key))
    }

    /// Every image with its size on its own (shared files counted each time)
    /// and the time of its last use, most recent first.
    #[must_use]
    pub fn list(&self) -> Vec<(String, SystemTime)> {
        let mut images: Vec<(String, SystemTime)> = fs::read_dir(&self.root)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let key = entry.file_name().into_string().ok()?;
                if key.starts_with('.') || !entry.path().is_dir() {
                    return None;
                }
                let manifest = fs::metadata(entry.path().join("manifest"));
                // One without a manifest is of no use: the first to go.
                let used = manifest.and_then(|file| file.modified()).unwrap_or(UNIX_EPOCH);
                Some((key, used))
            })
            .collect();
        images.sort_by_key(|(_, used)| std::cmp::Reverse(*used));
        images
    }

    /// Removes half-written images of dead builders and all but the `keep`
    /// most recently used images; those in use stay. Returns how many went.
    ///
    /// # Errors
    /// [`Kind::Environment`] when something cannot be removed.
    pub fn trim(&self, keep: usize) -> Result<usize> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(rest) = name.strip_prefix(".new-") else { continue };
            let Some((key, _)) = rest.split_once('-') else { continue };
            // Whoever writes it holds the builder's lock.
            if let Some(_lock) = Lock::try_exclusive(&self.lock_path(key))? {
                folders::remove(&entry.path())?;
            }
        }
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(key) = name.strip_suffix(".lock") else { continue };
            // Left by a build that failed.
            if !self.dir(key).exists()
                && let Some(lock) = Lock::try_exclusive(&entry.path())?
            {
                lock.remove();
            }
        }
        for (key, _) in self.list().into_iter().skip(keep) {
            if let Some(lock) = Lock::try_exclusive(&self.lock_path(&key))? {
                folders::remove(&self.dir(&key))?;
                lock.remove();
                removed += 1;
            }
        }
        Ok(removed)
    }
}

impl Image {
    /// Bytes a copy of it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.manifest.bytes()
    }

    /// Copies it to `data`, verifying every byte.
    ///
    /// # Errors
    /// [`Kind::Environment`] when `data` cannot be written.
    pub fn restore(&self, data: &Path, account: Option<&Account>) -> Result<Copied> {
        match self.begin_restore(data, account)? {
            Copied::Whole => self.finish_restore(data, account),
            damaged @ Copied::Damaged(_) => Ok(damaged),
        }
    }

    /// Copies what a server needs to start; [`Image::finish_restore`] may run
    /// while it does, and must have ended before anybody connects.
    ///
    /// # Errors
    /// [`Kind::Environment`] when `data` cannot be written.
    pub fn begin_restore(&self, data: &Path, account: Option<&Account>) -> Result<Copied> {
        self.restore_part(data, account, Part::Vital)
    }

    /// Copies the databases.
    ///
    /// # Errors
    /// [`Kind::Environment`] when `data` cannot be written.
    pub fn finish_restore(&self, data: &Path, account: Option<&Account>) -> Result<Copied> {
        self.restore_part(data, account, Part::Databases)
    }

    fn restore_part(&self, data: &Path, account: Option<&Account>, part: Part) -> Result<Copied> {
        cluster::restore(&cluster::data_of(&self.dir), &self.manifest, data, account, part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(base: &Path, content: &str) -> PathBuf {
        let data = base.join(format!("data-{content}"));
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("PG_VERSION"), content).unwrap();
        data
    }

    #[test]
    fn an_image_is_there_once_it_is_whole() {
        let base = tempfile::tempdir().unwrap();
        let images = Images::open(base.path().join("images")).unwrap();
        assert!(images.get("k1").is_none());
        let builder = images.build("k1", || panic!("nobody else builds")).unwrap();
        assert!(images.get_as(&builder).is_none());
        images.save(&builder, &data(base.path(), "a"), None).unwrap();
        assert!(images.get_as(&builder).is_some());
        drop(builder);
        let image = images.get("k1").unwrap();
        assert!(matches!(image.restore(&base.path().join("out"), None), Ok(Copied::Whole)));
    }

    #[test]
    fn trimming_spares_images_in_use_and_clears_half_written_ones() {
        let base = tempfile::tempdir().unwrap();
        let images = Images::open(base.path().join("images")).unwrap();
        for key in ["k1", "k2", "k3"] {
            let builder = images.build(key, || {}).unwrap();
            images.save(&builder, &data(base.path(), key), None).unwrap();
        }
        fs::create_dir_all(base.path().join("images/.new-k9-1/data")).unwrap();
        let held = images.get("k1").unwrap();
        assert_eq!(images.trim(0).unwrap(), 2);
        assert!(!base.path().join("images/.new-k9-1").exists());
        drop(held);
        assert!(images.get("k1").is_some());
        assert_eq!(images.trim(0).unwrap(), 1);
    }
}
