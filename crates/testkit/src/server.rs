//! One PostgreSQL server of a test binary.
//!
//! A shell owns it: it runs `initdb` and `pg_ctl start`, then waits for the
//! end of its standard input, stops the server and removes the folder. The
//! other end of that pipe is ours, so the server ends with the test binary
//! however that ends: by a drop, by returning from `main` with the server in
//! a `static`, or by SIGKILL.
//!
//! ```text
//! seedbed-testkit-XXXXXX/   0700, owned by the account that runs the server
//!   data/                   the cluster
//!   log                     what the server said
//!   .s.PGSQL.<port>         the socket
//! ```

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use crate::account::Account;

/// Names a folder of server programs to use instead of the newest found.
const BIN_VARIABLE: &str = "SEEDBED_TESTKIT_PG_BIN";
/// A free port can be taken by another process before the server binds it.
const START_ATTEMPTS: usize = 3;

/// Arguments: programs, folder, port, settings.
const KEEPER: &str = r#"
cd "$2" || exit 1
trap '' INT TERM HUP
if "$1/initdb" -D data -U postgres -A trust -E UTF8 --no-locale -N >log 2>&1 &&
   "$1/pg_ctl" -D data -l log -w -t 60 -o "-p $3 -k $2 -h 127.0.0.1 -F $4" start >>log 2>&1
then echo ready; else echo failed; fi
cat >/dev/null
"$1/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1
cd / && rm -rf "$2"
"#;

/// A running server: superuser `postgres`, no password, durability off.
/// Ended and removed on drop, or when this process ends.
pub struct Server {
    keeper: Child,
    client: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// Makes and starts a server.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("-c max_connections=60 -c shared_buffers=16MB -c max_wal_size=256MB")
    }

    /// The same with other arguments for `postgres`.
    #[must_use]
    pub fn start_with(arguments: &str) -> Self {
        let programs = programs();
        let mut log = String::new();
        for _ in 0..START_ATTEMPTS {
            match attempt(&programs, arguments) {
                Ok(server) => return server,
                Err(said) => log = said,
            }
        }
        panic!("the test server does not start:\n{log}")
    }

    /// The folder with the socket; tests may put files of their own here.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Port of the socket and on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// User and group the server runs as, where they are not ours.
    #[must_use]
    pub fn owner(&self) -> Option<(u32, u32)> {
        Account::needed().map(|account| (account.user, account.group))
    }

    /// URL of a database as a role, over TCP.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        format!("postgresql://{role}@127.0.0.1:{}/{database}", self.port)
    }

    /// URL of a database as a role, over the unix socket.
    #[must_use]
    pub fn socket_url(&self, role: &str, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgresql:///{database}?host={folder}&port={}&user={role}", self.port)
    }

    /// Runs SQL as superuser through `psql`, an implementation independent of
    /// ours, and returns what it printed, unaligned and without headers.
    #[must_use]
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(&self.client)
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &self.url("postgres", database)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql starts");
        let mut input = psql.stdin.take().expect("standard input is a pipe");
        input.write_all(sql.as_bytes()).expect("psql reads");
        drop(input);
        let output = psql.wait_with_output().expect("psql ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "psql failed: {said}\n{sql}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Whether the keeper succeeded no longer matters to anyone.
        let _ = self.keeper.wait();
    }
}

fn attempt(programs: &Path, arguments: &str) -> Result<Server, String> {
    let parent = ["/dev/shm"].into_iter().map(PathBuf::from).find(|folder| folder.is_dir());
    let folder = tempfile::Builder::new()
        .prefix("seedbed-testkit-")
        .tempdir_in(parent.unwrap_or_else(env::temp_dir))
        .expect("a folder for the test server")
        // The keeper removes it.
        .keep();
    let port = free_port();
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", KEEPER, "keeper"])
        .args([programs, folder.as_path()])
        .args([&port.to_string(), arguments])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Ctrl-C ends the tests, whose end then ends the server.
        .process_group(0);
    if let Some(account) = Account::needed() {
        chown(&folder, Some(account.user), Some(account.group)).expect("root may chown");
        shell.uid(account.user).gid(account.group);
    }
    let mut keeper = shell.spawn().expect("/bin/sh starts");
    let output = keeper.stdout.take().expect("standard output is a pipe");
    let mut answer = String::new();
    BufReader::new(output).read_line(&mut answer).expect("the keeper answers");
    let log = folder.join("log");
    let server = Server { keeper, client: client(programs), folder, port };
    if answer.trim() == "ready" {
        return Ok(server);
    }
    Err(fs::read_to_string(log).unwrap_or_else(|error| error.to_string()))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// The folder with `postgres`, `initdb` and `pg_ctl`.
fn programs() -> PathBuf {
    if let Some(folder) = env::var_os(BIN_VARIABLE) {
        return folder.into();
    }
    let complete = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "psql"].iter().all(|program| folder.join(program).is_file())
    };
    folders()
        .into_iter()
        .find(complete)
        .unwrap_or_else(|| panic!("no PostgreSQL server found; set {BIN_VARIABLE}"))
}

/// `psql` beside the server, or the first found: packages of a server alone
/// do not carry one.
fn client(programs: &Path) -> PathBuf {
    std::iter::once(programs.to_owned())
        .chain(folders())
        .map(|folder| folder.join("psql"))
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("psql is not installed"))
}

/// Folders of the PATH, then Debian's, newest version first.
fn folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    packaged.sort();
    env::split_paths(&path).chain(packaged.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn nothing_of_a_server_outlives_it() {
        let server = Server::start();
        assert_eq!(server.psql("postgres", "select current_user"), "postgres");
        let (folder, port) = (server.folder().to_owned(), server.port());
        drop(server);
        assert!(!folder.exists());
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}
