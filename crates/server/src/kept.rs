//! Clusters kept for a person: what a failed test left, after the server it
//! was on has ended.
//!
//! ```text
//! <state>/kept/<id>/…             a whole stopped cluster, stored like an image
//! <state>/kept/<id>.json          which databases of it were kept, and from what
//! <state>/kept/<id>.lock          held alone while it is stored or removed
//! ```
//!
//! One is there when both the folder and the text are: the text is written
//! first, the folder is renamed into its place when it is whole, and the text
//! goes first when it is removed.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use seedbed_api::{Context, Failure, Kind, Result};
use serde::{Deserialize, Serialize};

use crate::folders::{self, Folders};
use crate::image::{Builder, Image, Images};
use crate::{cluster, lock};

/// At most so many clusters are kept; the oldest go first.
const MOST: usize = 10;

/// They take at most this much together, 2 GiB.
const MOST_BYTES: u64 = 2 << 30;

/// What is known of a kept cluster. Unknown fields of later versions are
/// ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCluster {
    /// The run or service it belonged to.
    pub id: String,
    /// When it was stored, in seconds since 1970.
    pub created_s: u64,
    /// What its files take.
    pub bytes: u64,
    /// Server version, such as `15.18`.
    pub version: String,
    /// Kind of binaries, `local` or `embedded`.
    pub origin: String,
    /// Identity of the server's build.
    pub build: String,
    /// The unprivileged role its command connected as.
    pub role: Option<String>,
    /// PostgreSQL parameters of the person's.
    pub settings: BTreeMap<String, String>,
    /// The databases that were kept.
    pub databases: Vec<KeptInside>,
}

/// A database of a kept cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptInside {
    /// Its name.
    pub name: String,
    /// Identity of the test whose data it holds.
    pub test: Option<String>,
    /// The project's folder.
    pub project: Option<String>,
    /// When it was kept, in seconds since 1970.
    pub created_s: u64,
}

/// The store of kept clusters.
#[derive(Clone, Debug)]
pub struct KeptClusters {
    root: PathBuf,
    images: Images,
}

impl KeptClusters {
    /// Opens the store, creating its folder, which is nobody else's to read.
    ///
    /// # Errors
    /// [`Kind::Environment`] or [`Kind::Refused`] if the folder is unusable.
    pub fn open(folders: &Folders) -> Result<Self> {
        folders::ensure_private(&folders.state, 0o700)?;
        let root = folders.kept();
        folders::ensure_private(&root, 0o700)?;
        Ok(Self { images: Images::open(root.clone())?, root })
    }

    /// The store, if anything was ever kept.
    ///
    /// # Errors
    /// As [`KeptClusters::open`].
    pub fn existing(folders: &Folders) -> Result<Option<Self>> {
        if folders.kept().is_dir() { Self::open(folders).map(Some) } else { Ok(None) }
    }

    /// What is kept, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<KeptCluster> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut all: Vec<KeptCluster> = entries
            .filter_map(|entry| {
                let id = entry.file_name().to_str()?.strip_suffix(".json")?.to_owned();
                let known: KeptCluster =
                    serde_json::from_slice(&fs::read(entry.path()).ok()?).ok()?;
                (known.id == id && self.root.join(&id).is_dir()).then_some(known)
            })
            .collect();
        all.sort_by(|a, b| (a.created_s, &a.id).cmp(&(b.created_s, &b.id)));
        all
    }

    /// Stores a cleanly stopped cluster, whatever its size: it is what a person
    /// asked for last. Returns what had to go for it.
    ///
    /// # Errors
    /// [`Kind::Environment`], for instance when the disk is full. Nothing of it
    /// stays then.
    pub fn store(&self, data: &Path, mut known: KeptCluster) -> Result<Vec<KeptCluster>> {
        known.bytes = cluster::bytes(data)?;
        let builder = self.images.build(&known.id, || {})?;
        let stored =
            self.write(&known).and_then(|()| self.images.save(&builder, data, None).map(drop));
        if let Err(failure) = stored {
            let _ = fs::remove_file(self.text(&known.id));
            return Err(failure);
        }
        drop(builder);
        self.trim(&known.id)
    }

    /// The files of a kept cluster, protected from removal while the value
    /// lives. `None` if they are being removed, or damaged.
    #[must_use]
    pub fn image(&self, known: &KeptCluster) -> Option<Image> {
        self.images.get(&known.id)
    }

    /// Forgets a database of a kept cluster; the cluster goes with the last.
    ///
    /// # Errors
    /// [`Kind::Refused`] while somebody has it open; [`Kind::Environment`].
    pub fn forget(&self, id: &str, database: &str) -> Result<()> {
        let builder = self.images.try_build(id)?.ok_or_else(|| {
            Failure::new(Kind::Refused, format!("`{database}` is open"))
                .hint("seedbed ps   # who has it open")
        })?;
        let Some(mut known) = self.list().into_iter().find(|known| known.id == id) else {
            return Ok(());
        };
        known.databases.retain(|inside| inside.name != database);
        if known.databases.is_empty() { self.remove(builder, id) } else { self.write(&known) }
    }

    /// Removes what processes that were killed left half stored or half
    /// removed. Returns how many clusters went.
    ///
    /// # Errors
    /// [`Kind::Environment`] when something cannot be removed.
    pub fn sweep(&self) -> Result<usize> {
        let mut swept = 0;
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(id) = name.strip_suffix(".new") {
                if let Some(_builder) = self.images.try_build(id)? {
                    let _ = fs::remove_file(entry.path());
                }
                continue;
            }
            let id = name.strip_suffix(".json").unwrap_or(&name);
            let is_half = |this: &Self| this.text(id).exists() != this.root.join(id).is_dir();
            if name.starts_with('.') || name.ends_with(".lock") {
                continue;
            }
            if is_half(self)
                && let Some(builder) = self.images.try_build(id)?
                && is_half(self)
            {
                self.remove(builder, id)?;
                swept += 1;
            }
        }
        // Its own leavings; what is whole stays.
        self.images.trim(usize::MAX)?;
        Ok(swept)
    }

    /// Removes the oldest beyond the budget, but not `newest`, nor what is open.
    fn trim(&self, newest: &str) -> Result<Vec<KeptCluster>> {
        let mut gone = Vec::new();
        let all = self.list();
        let mut count = all.len();
        let mut bytes: u64 = all.iter().map(|known| known.bytes).sum();
        for known in all {
            if (count <= MOST && bytes <= MOST_BYTES) || known.id == newest {
                continue;
            }
            let Some(builder) = self.images.try_build(&known.id)? else { continue };
            self.remove(builder, &known.id)?;
            count -= 1;
            bytes -= known.bytes;
            gone.push(known);
        }
        Ok(gone)
    }

    fn remove(&self, builder: Builder, id: &str) -> Result<()> {
        match fs::remove_file(self.text(id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::new(
                    Kind::Environment,
                    format!("cannot remove {}", self.text(id).display()),
                )
                .because(error));
            }
            _ => {}
        }
        self.images.discard(&builder)?;
        drop(builder);
        if let Some(lock) = lock::Lock::try_exclusive(&self.root.join(format!("{id}.lock")))? {
            lock.remove();
        }
        Ok(())
    }

    fn text(&self, id: &str) -> PathBuf {
        self.root.join(format!("{id}.json"))
    }

    /// Writes what is known, whole or not at all.
    fn write(&self, known: &KeptCluster) -> Result<()> {
        let (path, new) = (self.text(&known.id), self.root.join(format!("{}.new", known.id)));
        let write = || {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(true)
                .write(true)
                .mode(0o600)
                .open(&new)?;
            file.write_all(&serde_json::to_vec(known).map_err(std::io::Error::other)?)?;
            drop(file);
            fs::rename(&new, &path)
        };
        write().context(Kind::Environment, || format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ground {
        base: tempfile::TempDir,
        kept: KeptClusters,
    }

    fn ground() -> Ground {
        let base = tempfile::tempdir().unwrap();
        let folders = Folders {
            cache: base.path().join("c"),
            state: base.path().join("s"),
            runtime: base.path().join("r"),
            memory: None,
        };
        assert!(KeptClusters::existing(&folders).unwrap().is_none());
        let kept = KeptClusters::open(&folders).unwrap();
        Ground { base, kept }
    }

    impl Ground {
        fn known(&self, id: &str, created_s: u64) -> KeptCluster {
            KeptCluster {
                id: id.into(),
                created_s,
                bytes: 0,
                version: "15.1".into(),
                origin: "local".into(),
                build: "b".into(),
                role: None,
                settings: BTreeMap::new(),
                databases: ["x", "y"]
                    .map(|name| KeptInside {
                        name: format!("{id}_{name}"),
                        test: None,
                        project: None,
                        created_s,
                    })
                    .into(),
            }
        }

        fn store(&self, id: &str, created_s: u64) -> Result<Vec<KeptCluster>> {
            let data = self.base.path().join("data");
            fs::create_dir_all(data.join("base")).unwrap();
            fs::write(data.join("base/1"), id).unwrap();
            self.kept.store(&data, self.known(id, created_s))
        }

        fn ids(&self) -> Vec<String> {
            self.kept.list().into_iter().map(|known| known.id).collect()
        }

        fn files(&self) -> usize {
            fs::read_dir(&self.kept.root).unwrap().count()
        }
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let ground = ground();
        for number in 0..MOST as u64 {
            assert!(ground.store(&format!("k{number}"), 100 - number).unwrap().is_empty());
        }
        let open = ground.kept.image(&ground.known("k9", 0)).unwrap();
        let gone = ground.store("new", 1).unwrap();
        // k9 is the oldest but open; the newest one's clock may be wrong.
        assert_eq!(gone.iter().map(|known| known.id.as_str()).collect::<Vec<_>>(), ["k8"]);
        assert!(
            ground.ids().contains(&"k9".to_owned()) && ground.ids().contains(&"new".to_owned())
        );
        drop(open);
        assert_eq!(ground.kept.list()[0].bytes, 3);
    }

    #[test]
    fn a_cluster_goes_with_its_last_database() {
        let ground = ground();
        ground.store("k1", 1).unwrap();
        ground.kept.forget("k1", "k1_x").unwrap();
        assert_eq!(ground.kept.list()[0].databases.len(), 1);
        let open = ground.kept.image(&ground.known("k1", 1)).unwrap();
        assert_eq!(ground.kept.forget("k1", "k1_y").unwrap_err().kind(), Kind::Refused);
        drop(open);
        ground.kept.forget("k1", "k1_y").unwrap();
        assert_eq!(ground.files(), 0);
    }

    #[test]
    fn what_was_left_half_way_is_not_there_and_is_swept() {
        let ground = ground();
        ground.store("whole", 1).unwrap();
        ground.store("removed", 2).unwrap();
        fs::remove_file(ground.kept.text("removed")).unwrap();
        ground.kept.write(&ground.known("begun", 3)).unwrap();
        fs::create_dir_all(ground.kept.root.join(".new-begun-1/data")).unwrap();
        fs::write(ground.kept.root.join("begun.new"), "{").unwrap();
        assert_eq!(ground.ids(), ["whole"]);

        let storing = ground.kept.images.build("begun", || {}).unwrap();
        assert_eq!(ground.kept.sweep().unwrap(), 1, "what is being stored is left alone");
        drop(storing);
        assert_eq!(ground.kept.sweep().unwrap(), 1);
        assert_eq!(ground.ids(), ["whole"]);
        assert_eq!(ground.files(), 3, "folder, text and lock");
    }

    #[test]
    fn a_failed_store_leaves_nothing() {
        let ground = ground();
        let missing = ground.base.path().join("nowhere");
        assert!(ground.kept.store(&missing, ground.known("k1", 1)).is_err());
        assert!(ground.ids().is_empty());
        ground.kept.sweep().unwrap();
        assert_eq!(ground.files(), 0);
    }
}
