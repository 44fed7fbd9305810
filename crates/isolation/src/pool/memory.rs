//! What was measured, remembered between runs in a small JSON file. It only
//! saves time: a file that cannot be read counts as empty, and whoever writes
//! last wins.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

use seedbed_api::{Context as _, Kind, Result};
use seedbed_db::{Host, Session, Target, quote_literal};
use serde::{Deserialize, Serialize};

use super::strategy::{Strategy, has_fsync};

/// Version of the file; another one is ignored.
const VERSION: u32 = 1;
/// The oldest are forgotten.
const ENTRIES_MAX: usize = 64;

/// What a measurement depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Circumstances {
    /// Version of the server, such as `15.18`.
    server: String,
    pub(crate) fsync: bool,
    /// The file system: its device where we see it, else the data directory.
    place: String,
    /// The template's size in MB, rounded down to a power of two.
    megabytes: u64,
}

impl Circumstances {
    /// Asks the server.
    pub(crate) async fn of(session: &Session, admin: &Target, template: &str) -> Result<Self> {
        let (major, minor) = session.server_version();
        // SHOW data_directory is refused to most roles; the view is just empty.
        let query = "SELECT setting FROM pg_settings WHERE name = 'data_directory'";
        let folder = session.value(query).await?;
        let size = format!("SELECT pg_database_size({})", quote_literal(template));
        let bytes = session.value(&size).await?.and_then(|text| text.parse::<u64>().ok());
        Ok(Self {
            server: format!("{major}.{minor}"),
            fsync: has_fsync(session).await?,
            place: place(admin, folder.as_deref()),
            megabytes: bytes
                .and_then(|bytes| (bytes >> 20).checked_ilog2())
                .map_or(0, |log| 1 << log),
        })
    }
}

/// A server started for one run has a new data directory each time, on the
/// same file system; so that is what is remembered, if the server is here.
fn place(admin: &Target, folder: Option<&str>) -> String {
    let Some(folder) = folder else { return "unknown".to_owned() };
    let here = match &admin.host {
        Host::Socket(_) => true,
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
    };
    let device =
        || Path::new(folder).ancestors().find_map(|one| Some(fs::metadata(one).ok()?.dev()));
    match here.then(device).flatten() {
        Some(device) => format!("device {device}"),
        None => folder.to_owned(),
    }
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    circumstances: Circumstances,
    strategy: Strategy,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    version: u32,
    entries: Vec<Entry>,
}

/// The file.
#[derive(Clone, Debug)]
pub(crate) struct Memory(pub(crate) PathBuf);

impl Memory {
    /// The fastest way under these circumstances, if it was measured.
    pub(crate) fn recall(&self, circumstances: &Circumstances) -> Option<Strategy> {
        let entries = self.read();
        entries.iter().find(|one| one.circumstances == *circumstances).map(|one| one.strategy)
    }

    /// Writes down a result.
    pub(crate) fn note(&self, circumstances: &Circumstances, strategy: Strategy) -> Result<()> {
        let mut entries = self.read();
        entries.retain(|one| one.circumstances != *circumstances);
        let surplus = (entries.len() + 1).saturating_sub(ENTRIES_MAX);
        entries.drain(..surplus);
        entries.push(Entry { circumstances: circumstances.clone(), strategy });
        let text = serde_json::to_string_pretty(&Contents { version: VERSION, entries })
            .map_err(io::Error::from);
        text.and_then(|text| self.replace(&text))
            .context(Kind::Environment, || format!("cannot write {}", self.0.display()))
    }

    fn read(&self) -> Vec<Entry> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        match serde_json::from_str::<Contents>(&text) {
            Ok(contents) if contents.version == VERSION => contents.entries,
            _ => Vec::new(),
        }
    }

    /// A reader sees the old file or the new one, never half of one.
    fn replace(&self, text: &str) -> io::Result<()> {
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut beside = self.0.clone().into_os_string();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        beside.push(format!(".{}.{count}", std::process::id()));
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.0));
        if written.is_err() {
            // The first failure is the one to tell.
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circumstances(megabytes: u64) -> Circumstances {
        Circumstances { server: "15.18".into(), fsync: false, place: "device 7".into(), megabytes }
    }

    #[test]
    fn what_was_measured_is_remembered_and_rubbish_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory(folder.path().join("deep/clones.json"));
        assert_eq!(memory.recall(&circumstances(8)), None);
        memory.note(&circumstances(8), Strategy::WalLog).unwrap();
        memory.note(&circumstances(16), Strategy::FileCopy).unwrap();
        memory.note(&circumstances(8), Strategy::FileClone).unwrap();
        assert_eq!(memory.recall(&circumstances(8)), Some(Strategy::FileClone));
        assert_eq!(memory.recall(&circumstances(16)), Some(Strategy::FileCopy));
        assert_eq!(memory.recall(&circumstances(32)), None);
        let files = fs::read_dir(folder.path().join("deep")).unwrap().count();
        assert_eq!(files, 1, "nothing is left beside it");

        for rubbish in ["", "{", "[1]", "{\"version\":2,\"entries\":[]}", "\u{0}\u{1}"] {
            fs::write(&memory.0, rubbish).unwrap();
            assert_eq!(memory.recall(&circumstances(8)), None, "{rubbish}");
        }
        memory.note(&circumstances(8), Strategy::FileCopy).unwrap();
        assert_eq!(memory.recall(&circumstances(8)), Some(Strategy::FileCopy));
    }

    #[test]
    fn the_file_stays_small_and_a_folder_in_its_place_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory(folder.path().join("clones.json"));
        for megabytes in 0..100 {
            memory.note(&circumstances(megabytes), Strategy::WalLog).unwrap();
        }
        assert_eq!(memory.read().len(), ENTRIES_MAX);
        assert_eq!(memory.recall(&circumstances(99)), Some(Strategy::WalLog));
        assert_eq!(memory.recall(&circumstances(1)), None);
        let blocked = Memory(folder.path().to_owned());
        assert_eq!(
            blocked.note(&circumstances(1), Strategy::WalLog).unwrap_err().kind(),
            Kind::Environment
        );
        assert_eq!(
            fs::read_dir(folder.path().parent().unwrap())
                .unwrap()
                .filter(|one| {
                    let name = one.as_ref().unwrap().file_name();
                    name.to_string_lossy()
                        .starts_with(&*folder.path().file_name().unwrap().to_string_lossy())
                })
                .count(),
            1
        );
    }
}
