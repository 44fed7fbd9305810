//! What the tests stand on: a shared cache of fetched servers, faulty wrappers
//! around the real clients, and a server that is started and asked.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process};
use seedbed_api::{Event, Listener};
use seedbed_server::Account;
use seedbed_server::binaries::{Binaries, Choice, Finder, Wanted};
use tempfile::TempDir;

/// Remembers what it hears.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Vec<Event>>);

impl Listener for Heard {
    fn on(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Heard {
    pub(super) fn text(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }
}

/// As root: the account servers run under.
pub(super) fn os_user() -> Option<(u32, u32)> {
    Account::choose(None).unwrap().map(|account| (account.uid, account.gid))
}

pub(super) fn real_path() -> OsString {
    std::env::var_os("PATH").unwrap()
}

/// A folder that the server's account can reach, gone at the end.
pub(super) fn open_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("seedbed-it-").tempdir_in(base()).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Cargo's folder for tests; the system's where the account cannot enter
/// that one (a checkout in root's home).
fn base() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let inside = fs::canonicalize(&target).unwrap();
    let reachable = inside
        .ancestors()
        .all(|part| fs::metadata(part).unwrap().permissions().mode() & 0o001 != 0);
    if os_user().is_none() || reachable { target } else { std::env::temp_dir() }
}

/// The cache all tests share, so that each version is fetched once.
pub(super) fn shared_cache() -> PathBuf {
    base().join("seedbed-it-embedded")
}

/// A finder that sees nothing of the machine but what `path` shows.
pub(super) fn finder<'a>(cache: &'a Path, path: &OsStr, heard: &'a Heard) -> Finder<'a> {
    let mut finder = Finder::new(cache, path.to_owned(), heard);
    finder.os_user = os_user();
    finder.folders = Vec::new();
    finder
}

pub(super) fn wanted(choice: Choice, version: impl Into<Option<u16>>) -> Wanted {
    Wanted { choice, version: version.into() }
}

/// An embedded server from the shared cache.
pub(super) fn embedded(major: u16) -> Binaries {
    let (cache, heard) = (shared_cache(), Heard::default());
    finder(&cache, &real_path(), &heard).install(Some(major)).unwrap()
}

/// Writes an executable file.
pub(super) fn program(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The real client on the machine's search path.
pub(super) fn real(name: &str) -> PathBuf {
    std::env::split_paths(&real_path())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("these tests need {name} on PATH"))
}

/// The search path with `folder` in front.
pub(super) fn path_with(folder: &Path) -> OsString {
    let mut parts = vec![folder.to_owned()];
    parts.extend(std::env::split_paths(&real_path()));
    std::env::join_paths(parts).unwrap()
}

/// The real npm, which reaches no registry.
pub(super) fn npm_without_network(folder: &Path) {
    let npm = real("npm");
    let script = format!(
        "#!/bin/sh\nexport npm_config_registry=http://127.0.0.1:9/ npm_config_fetch_retries=0\n\
         export npm_config_prefer_online=true\nexec {} \"$@\"\n",
        npm.display()
    );
    program(folder, "npm", script);
}

/// The real pip, which reaches no index.
pub(super) fn pip_without_network(folder: &Path) {
    let pip = real("pip");
    let script = format!(
        "#!/bin/sh\nunset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL\n\
         export PIP_INDEX_URL=http://127.0.0.1:9/simple PIP_RETRIES=0 PIP_NO_CACHE_DIR=1\n\
         exec {} \"$@\"\n",
        pip.display()
    );
    program(folder, "pip", script);
}

/// A server that runs in a folder of its own until it is dropped.
#[derive(Debug)]
pub(super) struct Running {
    process: Child,
    folder: TempDir,
    _log: BufReader<ChildStderr>,
}

impl Running {
    /// `initdb` and start, as an unprivileged account.
    pub(super) fn start(binaries: &Binaries) -> Self {
        let folder = tempfile::Builder::new().prefix("sb-").tempdir_in("/tmp").unwrap();
        if let Some((uid, gid)) = os_user() {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let data = folder.path().join("data");
        let initdb = unprivileged(&binaries.initdb(), folder.path())
            .args(["-A", "trust", "-U", "postgres", "-N", "--no-locale", "-E", "UTF8", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        let mut process = unprivileged(&binaries.postgres(), folder.path())
            .args(["-F", "-h", "", "-k"])
            .arg(folder.path())
            .arg("-D")
            .arg(&data)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("ready to accept connections") {
            let read = log.read_line(&mut said).unwrap();
            assert_ne!(read, 0, "the server ended: {said}");
        }
        Self { process, folder, _log: log }
    }

    /// The first column of the first row, by the simple query protocol
    /// (PostgreSQL manual, "Message Flow").
    pub(super) fn ask(&self, sql: &str) -> String {
        let mut stream = UnixStream::connect(self.folder.path().join(".s.PGSQL.5432")).unwrap();
        let startup = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
        let length = u32::try_from(startup.len() + 4).unwrap();
        stream.write_all(&[&length.to_be_bytes(), &startup[..]].concat()).unwrap();
        until_ready(&mut stream);
        let length = u32::try_from(sql.len() + 5).unwrap();
        stream
            .write_all(&[b"Q", &length.to_be_bytes()[..], sql.as_bytes(), b"\0"].concat())
            .unwrap();
        let row = until_ready(&mut stream).expect("a row");
        // Number of columns (2 bytes), length of the first (4), the text.
        String::from_utf8(row[6..].to_vec()).unwrap()
    }
}

/// Reads up to ReadyForQuery; returns the DataRow among the messages.
fn until_ready(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut row = None;
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; length as usize - 4];
        stream.read_exact(&mut body).unwrap();
        match head[0] {
            b'E' => panic!("{}", String::from_utf8_lossy(&body)),
            b'D' => row = Some(body),
            b'Z' => return row,
            _ => {}
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown.
        let _ = kill_process(Pid::from_child(&self.process), Signal::INT);
        let _ = self.process.wait();
    }
}

fn unprivileged(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear();
    if let Some((uid, gid)) = os_user() {
        command.uid(uid).gid(gid);
    }
    command
}

/// Names in the folder of embedded servers, sorted.
pub(super) fn servers_in(cache: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(cache.join("servers"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Cuts a file to a third.
pub(super) fn truncate(path: &Path) {
    let size = fs::metadata(path).unwrap().len();
    File::options().write(true).open(path).unwrap().set_len(size / 3).unwrap();
}
