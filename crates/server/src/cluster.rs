//! A cluster at rest: its files, checked while they are copied.
//!
//! Its manifest lists every file with size and CRC-32. Copying verifies it, so
//! a damaged cache is found before a server starts on it. Where the file
//! system can share blocks (btrfs, xfs, apfs) files are cloned, else copied
//! by a few threads through a small buffer each.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use seedbed_api::{Context, Failure, Kind, Result};

use crate::account::{Account, give};
use crate::manifest::{Entry, Manifest};

/// How a verified copy ended.
#[derive(Debug)]
pub enum Copied {
    /// Every byte arrived as listed.
    Whole,
    /// The source does not match its manifest; why, naming the file.
    Damaged(String),
}

/// Read and write in pieces of this size.
const BUFFER_BYTES: usize = 256 << 10;

/// More threads than this gain nothing on one file system.
const MOST_THREADS: usize = 4;

/// Files a cluster recreates by itself and that must not be copied: locks,
/// logs, and shared memory of the server that wrote them.
fn is_left_out(path: &str) -> bool {
    matches!(path, "postmaster.pid" | "postmaster.opts")
        || ["pg_dynshmem/", "pg_stat_tmp/", "base/pgsql_tmp/", "pg_notify/"]
            .iter()
            .any(|folder| path.starts_with(folder))
}

/// What there is to store.
#[derive(Default)]
struct Survey {
    folders: Vec<String>,
    /// Paths with sizes in bytes.
    files: Vec<(String, u64)>,
}

/// Lists a stopped cluster: folders and files, tablespace links followed.
fn survey(data: &Path) -> Result<Survey> {
    let Survey { mut folders, mut files } = Survey::default();
    for entry in walkdir::WalkDir::new(data).follow_links(true).min_depth(1).sort_by_file_name() {
        let entry =
            entry.context(Kind::Environment, || format!("cannot read {}", data.display()))?;
        let Ok(path) = entry.path().strip_prefix(data) else { continue };
        let Some(path) = path.to_str() else { continue };
        if entry.file_type().is_dir() {
            if path != "base/pgsql_tmp" {
                folders.push(path.to_owned());
            }
        } else if entry.file_type().is_file() && !is_left_out(path) {
            let size = entry
                .metadata()
                .context(Kind::Environment, || format!("cannot inspect {path}"))?
                .len();
            files.push((path.to_owned(), size));
        }
    }
    files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(Survey { folders, files })
}

/// What the files of a stopped cluster take that would be stored, in bytes.
///
/// # Errors
/// [`Kind::Environment`] when they cannot be looked at.
pub(crate) fn bytes(data: &Path) -> Result<u64> {
    Ok(survey(data)?.files.iter().map(|(_, size)| size).sum())
}

/// Stores a stopped cluster in `target` and returns its manifest. Files that
/// are byte for byte those of `parent` become hard links to them: images are
/// never changed in place, so a chain of them costs what differs.
///
/// # Errors
/// [`Kind::Environment`], for instance when the disk is full.
pub(crate) fn store(
    data: &Path,
    target: &Path,
    parent: Option<(&Path, &Manifest)>,
) -> Result<Manifest> {
    let Survey { folders, files } = survey(data)?;
    make_folders(target, &folders, None)?;
    let known: std::collections::HashMap<&str, &Entry> = parent
        .map(|(_, manifest)| manifest.files.iter().map(|file| (file.path.as_str(), file)).collect())
        .unwrap_or_default();
    let done = Mutex::new(Vec::with_capacity(files.len()));
    in_parallel(files.len(), |index, buffer| {
        let (path, size) = &files[index];
        let source = data.join(path);
        let twin = known.get(path.as_str()).filter(|twin| twin.size == *size);
        if let (Some(twin), Some((dir, _))) = (twin, parent)
            && same_content(&source, &dir.join(path))
            && fs::hard_link(dir.join(path), target.join(path)).is_ok()
        {
            push(&done, (*twin).clone());
            return Ok(());
        }
        let (size, crc) = copy_plain(&source, &target.join(path), 0o600, None, buffer)?;
        push(&done, Entry { path: path.clone(), size, crc });
        Ok(())
    })?;
    let mut files = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    files.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
    Ok(Manifest { folders, files })
}

/// What of a cluster to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All folders, and every file a server reads before it accepts its first
    /// session: control file, WAL, transaction status, shared catalogs.
    Vital,
    /// The files of the databases. A cleanly stopped cluster that starts
    /// touches none of them before somebody connects: no WAL is replayed, and
    /// the search for left-over temporary files only lists folders.
    Databases,
}

impl Part {
    fn has(self, path: &str) -> bool {
        (self == Self::Databases) == path.starts_with("base/")
    }
}

/// Copies a part of a stored cluster to `target`, owned by `account`, and
/// verifies it.
///
/// # Errors
/// [`Kind::Environment`] when the target cannot be written (disk full).
/// Damage of the source is not an error but [`Copied::Damaged`].
pub(crate) fn restore(
    source: &Path,
    manifest: &Manifest,
    target: &Path,
    account: Option<&Account>,
    part: Part,
) -> Result<Copied> {
    if part == Part::Vital {
        make_folder(target, account)?;
        make_folders(target, &manifest.folders, account)?;
    }
    let files: Vec<&Entry> = manifest.files.iter().filter(|file| part.has(&file.path)).collect();
    let damage = Mutex::new(None);
    let shares_blocks = AtomicBool::new(true);
    in_parallel(files.len(), |index, buffer| {
        let file = files[index];
        let (from, to) = (source.join(&file.path), target.join(&file.path));
        let found = if shares_blocks.load(Ordering::Relaxed) {
            match copy_shared(&from, &to, account, buffer)? {
                Some(found) => Ok(found),
                None => {
                    shares_blocks.store(false, Ordering::Relaxed);
                    copy_checked(&from, &to, account, buffer)?
                }
            }
        } else {
            copy_checked(&from, &to, account, buffer)?
        };
        let trouble = match found {
            Ok(found) if found == (file.size, file.crc) => return Ok(()),
            Ok(_) => format!("{} does not match its checksum", from.display()),
            Err(error) => format!("{}: {error}", from.display()),
        };
        *damage.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(trouble);
        Ok(())
    })?;
    let damage = damage.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(damage.map_or(Copied::Whole, Copied::Damaged))
}

fn push(list: &Mutex<Vec<Entry>>, entry: Entry) {
    list.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(entry);
}

/// Runs `work` for every index on a few threads; the first error wins.
fn in_parallel(
    count: usize,
    work: impl Fn(usize, &mut Vec<u8>) -> Result<()> + Sync,
) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let worker = || {
        let mut buffer = vec![0u8; BUFFER_BYTES];
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count || failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            if let Err(failure) = work(index, &mut buffer) {
                failed.store(true, Ordering::Relaxed);
                return Err(failure);
            }
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mut outcome = worker();
        for other in others {
            let ended = other
                .join()
                .unwrap_or_else(|_| Err(Failure::new(Kind::Bug, "a copying thread panicked")));
            outcome = outcome.and(ended);
        }
        outcome
    })
}

fn make_folders(target: &Path, folders: &[String], account: Option<&Account>) -> Result<()> {
    folders.iter().try_for_each(|folder| make_folder(&target.join(folder), account))
}

/// A folder with the mode PostgreSQL demands of a data directory.
fn make_folder(dir: &Path, account: Option<&Account>) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .context(Kind::Environment, || format!("cannot create {}", dir.display()))?;
    give(dir, account)
}

type Found = std::result::Result<(u64, u32), std::io::Error>;

/// Clones the file's blocks; `None` where the file system cannot.
fn copy_shared(
    from: &Path,
    to: &Path,
    account: Option<&Account>,
    buffer: &mut [u8],
) -> Result<Option<(u64, u32)>> {
    let Ok(mut source) = File::open(from) else { return Ok(None) };
    if reflink_copy::reflink(from, to).is_err() {
        let _ = fs::remove_file(to);
        return Ok(None);
    }
    give(to, account)?;
    let Ok(found) = read_through(&mut source, buffer, |_| Ok(())) else { return Ok(None) };
    Ok(Some(found))
}

/// Errors of the source are damage (inner), of the target failures (outer).
fn copy_checked(
    from: &Path,
    to: &Path,
    account: Option<&Account>,
    buffer: &mut [u8],
) -> Result<Found> {
    match File::open(from) {
        Ok(_) => copy_plain(from, to, 0o600, account, buffer).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

fn copy_plain(
    from: &Path,
    to: &Path,
    mode: u32,
    account: Option<&Account>,
    buffer: &mut [u8],
) -> Result<(u64, u32)> {
    let mut source = File::open(from)
        .context(Kind::Environment, || format!("cannot read {}", from.display()))?;
    let writing = || format!("cannot write {}", to.display());
    let mut target = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(mode)
        .open(to)
        .map_err(|error| full_disk(error, to))?;
    let found = read_through(&mut source, buffer, |bytes| target.write_all(bytes))
        .map_err(|error| full_disk(error, to))?;
    if let Some(account) = account {
        std::os::unix::fs::fchown(&target, Some(account.uid), Some(account.gid))
            .context(Kind::Environment, writing)?;
    }
    Ok(found)
}

fn full_disk(error: std::io::Error, to: &Path) -> Failure {
    let full = error.kind() == std::io::ErrorKind::StorageFull;
    let failure =
        Failure::new(Kind::Environment, format!("cannot write {}", to.display())).because(error);
    if full {
        failure.hint("free space there, or move: export SEEDBED_CACHE_DIR=… SEEDBED_RUNTIME_DIR=…, seedbed run --storage disk -- …")
    } else {
        failure
    }
}

fn read_through(
    source: &mut File,
    buffer: &mut [u8],
    mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<(u64, u32)> {
    let mut crc = crc32fast::Hasher::new();
    let mut size = 0;
    loop {
        let length = source.read(buffer)?;
        if length == 0 {
            return Ok((size, crc.finalize()));
        }
        crc.update(&buffer[..length]);
        take(&buffer[..length])?;
        size += length as u64;
    }
}

fn same_content(a: &Path, b: &Path) -> bool {
    let (Ok(mut a), Ok(mut b)) = (File::open(a), File::open(b)) else { return false };
    let (mut left, mut right) = (vec![0u8; 64 << 10], vec![0u8; 64 << 10]);
    loop {
        let Ok(length) = a.read(&mut left) else { return false };
        if length == 0 {
            return matches!(b.read(&mut right), Ok(0));
        }
        if b.read_exact(&mut right[..length]).is_err() || left[..length] != right[..length] {
            return false;
        }
    }
}

/// Removes what tablespaces of a stopped cluster hold outside of it.
///
/// A location may be shared by clusters of several major versions, each with a
/// folder of its own there (`PG_15_…`; two of one version the server refuses):
/// the others belong to somebody else.
///
/// # Errors
/// [`Kind::Environment`] naming the folder.
pub(crate) fn empty_outside_tablespaces(data: &Path) -> Result<()> {
    let Ok(version) = fs::read_to_string(data.join("PG_VERSION")) else { return Ok(()) };
    let own = format!("PG_{}_", version.trim());
    for entry in fs::read_dir(data.join("pg_tblspc")).into_iter().flatten().flatten() {
        let Ok(location) = fs::read_link(entry.path()) else { continue };
        if location.starts_with(data) || location.is_relative() {
            continue;
        }
        let versioned = fs::read_dir(&location).into_iter().flatten().flatten();
        for inner in versioned.filter(|e| e.file_name().to_string_lossy().starts_with(&own)) {
            crate::folders::remove(&inner.path())?;
        }
    }
    Ok(())
}

/// Path of the data inside an image folder.
#[must_use]
pub(crate) fn data_of(image: &Path) -> PathBuf {
    image.join("data")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(base: &Path) -> PathBuf {
        let data = base.join("data");
        fs::create_dir_all(data.join("base/1")).unwrap();
        fs::create_dir_all(data.join("pg_notify")).unwrap();
        fs::write(data.join("base/1/100"), vec![7u8; 600_000]).unwrap();
        fs::write(data.join("base/1/101"), b"").unwrap();
        fs::write(data.join("PG_VERSION"), b"15\n").unwrap();
        fs::write(data.join("postmaster.pid"), b"1").unwrap();
        fs::write(data.join("pg_notify/0000"), b"x").unwrap();
        data
    }

    fn whole(source: &Path, manifest: &Manifest, target: &Path) -> Copied {
        match restore(source, manifest, target, None, Part::Vital).unwrap() {
            Copied::Whole => restore(source, manifest, target, None, Part::Databases).unwrap(),
            damaged @ Copied::Damaged(_) => damaged,
        }
    }

    #[test]
    fn a_stored_cluster_comes_back_whole() {
        let base = tempfile::tempdir().unwrap();
        let data = cluster(base.path());
        let manifest = store(&data, &base.path().join("image"), None).unwrap();
        assert_eq!(manifest.files[0].path, "base/1/100");
        assert!(manifest.files.iter().all(|file| file.path != "postmaster.pid"));
        assert!(manifest.folders.contains(&"pg_notify".to_owned()));
        let read = Manifest::from_text(&manifest.to_text()).unwrap();
        assert_eq!(read, manifest);
        let back = base.path().join("back");
        let copied = whole(&base.path().join("image"), &manifest, &back);
        assert!(matches!(copied, Copied::Whole));
        assert_eq!(fs::read(back.join("base/1/100")).unwrap(), vec![7u8; 600_000]);
        assert!(!back.join("pg_notify/0000").exists());
    }

    #[test]
    fn every_kind_of_damage_is_found() {
        let base = tempfile::tempdir().unwrap();
        let image = base.path().join("image");
        let manifest = store(&cluster(base.path()), &image, None).unwrap();
        let file = image.join("base/1/100");
        let damages: [(&str, &dyn Fn()); 3] = [
            ("a flipped bit", &|| {
                let mut bytes = fs::read(&file).unwrap();
                bytes[300_000] ^= 1;
                fs::write(&file, bytes).unwrap();
            }),
            ("a cut file", &|| fs::write(&file, vec![7u8; 599_999]).unwrap()),
            ("a missing file", &|| fs::remove_file(&file).unwrap()),
        ];
        for (index, (what, damage)) in damages.into_iter().enumerate() {
            damage();
            let copied = whole(&image, &manifest, &base.path().join(format!("b{index}")));
            assert!(matches!(copied, Copied::Damaged(_)), "{what}");
        }
    }

    #[test]
    fn tablespaces_of_other_versions_are_not_ours() {
        let base = tempfile::tempdir().unwrap();
        let data = cluster(base.path());
        let location = base.path().join("fast");
        for folder in ["PG_15_202209061/5", "PG_14_202107181/5"] {
            fs::create_dir_all(location.join(folder)).unwrap();
        }
        fs::create_dir(data.join("pg_tblspc")).unwrap();
        std::os::unix::fs::symlink(&location, data.join("pg_tblspc/16384")).unwrap();
        empty_outside_tablespaces(&data).unwrap();
        assert!(!location.join("PG_15_202209061").exists());
        assert!(location.join("PG_14_202107181/5").exists());
    }

    #[test]
    fn a_child_image_costs_what_differs() {
        use std::os::unix::fs::MetadataExt;
        let base = tempfile::tempdir().unwrap();
        let data = cluster(base.path());
        let parent_dir = base.path().join("parent");
        let parent = store(&data, &parent_dir, None).unwrap();
        fs::write(data.join("PG_VERSION"), b"16\n").unwrap();
        let child_dir = base.path().join("child");
        let child = store(&data, &child_dir, Some((&parent_dir, &parent))).unwrap();
        assert_eq!(child.files.len(), parent.files.len());
        assert_eq!(fs::metadata(child_dir.join("base/1/100")).unwrap().nlink(), 2);
        assert_eq!(fs::metadata(child_dir.join("PG_VERSION")).unwrap().nlink(), 1);
        let copied = whole(&child_dir, &child, &base.path().join("back"));
        assert!(matches!(copied, Copied::Whole));
    }
}
