//! What a claim owns, written ahead of what it names.
//!
//! A record is an order to delete. It is believed only if its claim's folder
//! bears a claim's name, and if it names nothing but folders of that same name.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use seedbed_api::{Failure, Kind};
use serde::{Deserialize, Serialize};

use crate::folders::Folders;
use crate::password::is_random_word;
use crate::process::ProcessId;

/// What a claim is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// One `seedbed run`.
    Run,
    /// A server kept by `seedbed up`.
    Up,
    /// One `seedbed lease`: a command on another process's database.
    Lease,
}

/// How to reach a lease service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// Its address on loopback, such as `http://127.0.0.1:4711`.
    pub address: String,
    /// Its unix socket.
    pub socket: PathBuf,
    /// The token each request carries. The record is 0600.
    pub token: String,
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
    /// Its lease service.
    #[serde(default)]
    pub api: Option<Api>,
    /// Version of Seedbed that it is of.
    #[serde(default)]
    pub seedbed: String,
    /// Fingerprint of the recipe its slots were made by.
    #[serde(default)]
    pub recipe: String,
    /// How many slots it has.
    #[serde(default)]
    pub slots: usize,
    /// After how long without use it ends, in seconds; `None`: never.
    #[serde(default)]
    pub idle_s: Option<u64>,
    /// Whether `seedbed service` started it for whoever asked, and no person.
    #[serde(default)]
    pub on_demand: bool,
    /// What it said when it was last asked to make room.
    #[serde(default)]
    pub refusal: Option<Refusal>,
}

/// A service was asked to end if nobody uses it, and somebody does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// How often it has refused, so that each refusal is told from the one before.
    pub count: u64,
    /// Who uses it.
    pub users: String,
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

/// Version of the record's format.
pub(crate) const FORMAT: u32 = 1;

/// Characters of a claim's identity, the name of every folder it owns.
pub(crate) const ID_LENGTH: usize = 10;

impl Record {
    /// What is known of a claim whose record is lost: every folder it owns
    /// bears its name, every process of its command carries it.
    pub(crate) fn guessed(folders: &Folders, id: &str) -> Self {
        let places = std::iter::once(&folders.runtime).chain(&folders.memory);
        Self {
            format: FORMAT,
            kind: ClaimKind::Run,
            id: id.to_owned(),
            owner: ProcessId { pid: 0, start: 0, boot: String::new() },
            created_s: 0,
            project: PathBuf::new(),
            title: String::new(),
            directories: places.map(|place| place.join(id)).collect(),
            command: None,
            service: None,
            foreign: None,
        }
    }

    /// A failure for a record that should exist.
    #[must_use]
    pub fn missing(what: &str) -> Failure {
        Failure::new(Kind::Bug, format!("the record of this run names no {what}"))
    }
}

/// The identity of the claim in a folder; `None` if no claim has such a name.
pub(crate) fn id_of(dir: &Path) -> Option<&str> {
    dir.file_name()?.to_str().filter(|name| is_random_word(name, ID_LENGTH))
}

/// Reads the record of a claim's folder.
pub(crate) fn read_record(dir: &Path) -> std::io::Result<Record> {
    let bytes = fs::read(dir.join("record.json"))?;
    let record: Record = serde_json::from_slice(&bytes)?;
    let own = |folder: &PathBuf| folder.is_absolute() && id_of(folder) == Some(&record.id);
    if id_of(dir) == Some(&record.id) && record.directories.iter().all(own) {
        return Ok(record);
    }
    // It names what a claim in this folder cannot own.
    Err(ErrorKind::InvalidData.into())
}

/// Whether a record was read and is none.
pub(crate) fn is_damage(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
}

/// Writes the record of a claim's folder, whole or not at all.
pub(crate) fn write_record(dir: &Path, record: &Record) -> std::io::Result<()> {
    let new = dir.join("record.json.new");
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(record).map_err(std::io::Error::other)?)?;
    drop(file);
    fs::rename(new, dir.join("record.json"))
}
