//! One running server: spawned directly (not through `pg_ctl`, whose poll
//! costs 100 ms), watched, and ended.
//!
//! The postmaster is our child, in a process group of its own so that Ctrl-C
//! in the terminal does not reach it. On Linux it receives SIGQUIT ("immediate
//! shutdown") from the kernel when we end, by whatever means.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use seedbed_api::{Context, Failure, Kind, Result};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::process;
use crate::tail::tail_of;
use crate::{handshake, sysv, wait};

/// Role that owns every cluster we make.
pub const SUPERUSER: &str = "postgres";

/// How long a server may take from spawn to its first answer. Recovery after
/// a crash cannot happen here: only cleanly stopped clusters are started.
const START_BOUND: Duration = Duration::from_secs(60);

/// How long a server may take to stop by itself before it is killed.
const STOP_BOUND: Duration = Duration::from_secs(10);

/// Longest path of a unix socket: `sun_path` of `sockaddr_un` less the NUL.
const LONGEST_SOCKET_PATH: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// Ports tried before giving up.
const PORT_TRIES: usize = 8;

/// What to start.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Whose binaries.
    pub binaries: &'a Binaries,
    /// The data directory, owned by `account`.
    pub data: &'a Path,
    /// The folder for the socket, 0700 and owned by `account`.
    pub socket_dir: &'a Path,
    /// Where the server writes its log.
    pub log: &'a Path,
    /// As root: the account to run as.
    pub account: Option<&'a Account>,
    /// PostgreSQL parameters.
    pub parameters: &'a BTreeMap<String, String>,
}

/// How to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// Write a checkpoint and end cleanly: the data will be kept.
    Clean,
    /// End at once: the data will be thrown away.
    Discard,
}

/// A running server.
#[derive(Debug)]
pub struct Postmaster {
    child: Child,
    data: PathBuf,
    socket_dir: PathBuf,
    log: PathBuf,
    port: u16,
    stopped: bool,
}

impl Postmaster {
    /// Starts the server and waits until it accepts sessions; nobody has
    /// connected yet.
    ///
    /// # Errors
    /// [`Kind::ServerFailed`] with the tail of the server's log;
    /// [`Kind::Environment`] when the socket path is too long.
    pub fn start(plan: &Plan<'_>) -> Result<Self> {
        check_socket_path(plan.socket_dir)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let mut server = Self::spawn(plan)?;
            match server.wait_ready() {
                Ok(()) => return Ok(server),
                // Somebody took the port between our look and the server's bind.
                Err(_) if tries < PORT_TRIES && server.lost_its_port() => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Connects as superuser and runs `sql` in `database`: the proof that the
    /// server answers.
    ///
    /// # Errors
    /// [`Kind::ServerFailed`] with the server's own words.
    pub fn first_query(&self, database: &str, sql: &str) -> Result<()> {
        handshake::first_query(&self.socket(), SUPERUSER, database, sql, START_BOUND)
    }

    fn spawn(plan: &Plan<'_>) -> Result<Self> {
        let port = free_port()?;
        let log = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(plan.log)
            .context(Kind::Environment, || format!("cannot write {}", plan.log.display()))?;
        let mut command = Command::new(plan.binaries.postgres());
        command
            .arg("-D")
            .arg(plan.data)
            .arg("-p")
            .arg(port.to_string())
            .arg("-c")
            .arg(format!("unix_socket_directories={}", escape_list_item(plan.socket_dir)))
            .args(["-c", "listen_addresses=127.0.0.1"]);
        for (name, value) in plan.parameters {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        own_environment(&mut command);
        command
            .stdin(Stdio::null())
            .stdout(clone_file(&log)?)
            .stderr(Stdio::from(log))
            .current_dir("/")
            .process_group(0);
        run_as(&mut command, plan.account);
        end_with_us(&mut command, Signal::QUIT);
        let child = command.spawn().map_err(|error| {
            let failure = Failure::new(
                Kind::ServerFailed,
                format!("cannot start {}", plan.binaries.postgres().display()),
            );
            match (&error.kind(), plan.account) {
                (std::io::ErrorKind::PermissionDenied, Some(account)) => failure.hint(format!(
                    "let the account {} reach that file, or name another one: os_user = \"nobody\"",
                    account.name
                )),
                _ => failure,
            }
            .because(error)
        })?;
        Ok(Self {
            child,
            data: plan.data.to_owned(),
            socket_dir: plan.socket_dir.to_owned(),
            log: plan.log.to_owned(),
            port,
            stopped: false,
        })
    }

    /// Looks at the status line of `postmaster.pid` (as `pg_ctl` does): a
    /// connection attempt before that would cost the server a process.
    fn wait_ready(&mut self) -> Result<()> {
        let status_file = self.data.join("postmaster.pid");
        let outcome = wait::until(START_BOUND, Duration::from_millis(1), || {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(Err(format!("ended with {status} while starting")));
            }
            let text = fs::read_to_string(&status_file).ok()?;
            text.lines().nth(7).is_some_and(|line| line.trim() == "ready").then_some(Ok(()))
        });
        let trouble = match outcome {
            Some(Ok(())) => return Ok(()),
            Some(Err(trouble)) => trouble,
            None => {
                self.end(Stop::Discard, || {});
                format!("was not ready within {} s", START_BOUND.as_secs())
            }
        };
        Err(Failure::new(Kind::ServerFailed, format!("the PostgreSQL server {trouble}"))
            .detail(self.log_tail(12)))
    }

    fn lost_its_port(&self) -> bool {
        self.log_tail(20).contains("Address already in use")
    }

    /// The last lines of the server's log.
    fn log_tail(&self, lines: usize) -> String {
        tail_of(&self.log, lines)
    }

    /// The unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{}", self.port))
    }

    /// Its port on loopback and in the socket's name.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the server ended, if it did behind our back.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Stops the server so that its data can be kept, and waits for its end.
    ///
    /// # Errors
    /// [`Kind::ServerFailed`] when it did not write its last checkpoint.
    pub fn stop(mut self) -> Result<()> {
        if self.end(Stop::Clean, || {}) {
            return Ok(());
        }
        Err(Failure::new(Kind::ServerFailed, "the server did not stop cleanly")
            .detail(self.log_tail(12)))
    }

    /// Ends the server whose data is thrown away; does something useful, such
    /// as removing that data, while it ends.
    pub fn discard(mut self, meanwhile: impl FnOnce()) {
        self.end(Stop::Discard, meanwhile);
    }

    /// True when the server ended by itself with status 0.
    fn end(&mut self, how: Stop, meanwhile: impl FnOnce()) -> bool {
        self.stopped = true;
        if let Ok(Some(status)) = self.child.try_wait() {
            // It ended behind our back; its children may not have noticed yet.
            end_processes(&self.data);
            return status.success();
        }
        // SIGINT is "fast", SIGQUIT "immediate" (manual, "Shutting Down the Server").
        let signal = match how {
            Stop::Clean => Signal::INT,
            Stop::Discard => Signal::QUIT,
        };
        // Our own child, not yet waited for: its number is nobody else's.
        let _ = rustix::process::kill_process(Pid::from_child(&self.child), signal);
        meanwhile();
        let status = wait::until(STOP_BOUND, Duration::from_millis(1), || {
            self.child.try_wait().ok().flatten()
        });
        if let Some(status) = status {
            // It was killed before our signal came, and is not done cleaning up.
            if status.code().is_none() {
                end_processes(&self.data);
            }
            return status.success();
        }
        end_processes(&self.data);
        let _ = self.child.wait();
        false
    }
}

impl Drop for Postmaster {
    /// The second line only: `stop` is the first, the reaper the third.
    fn drop(&mut self) {
        if !self.stopped {
            self.end(Stop::Discard, || {});
        }
    }
}

/// Ends every process of the server whose data directory this is, whether or
/// not its postmaster still lives, and frees its interlock.
pub(crate) fn end_processes(data: &Path) {
    let members = process::working_in(data);
    let postmaster = fs::read_to_string(data.join("postmaster.pid"))
        .ok()
        .and_then(|text| text.lines().next()?.trim().parse::<i32>().ok())
        .and_then(|pid| members.iter().find(|member| member.pid == pid));
    if let Some(postmaster) = postmaster {
        postmaster.signal(Signal::QUIT);
        postmaster.wait_gone(Duration::from_secs(5));
    }
    // Children that outlived their postmaster, and a postmaster that hangs.
    let deadline = Duration::from_secs(5);
    wait::until(deadline, Duration::from_millis(10), || {
        let left = process::working_in(data);
        for member in &left {
            member.signal(Signal::KILL);
        }
        left.is_empty().then_some(())
    });
    sysv::remove_segment(data);
}

fn check_socket_path(dir: &Path) -> Result<()> {
    let length = dir.as_os_str().len() + "/.s.PGSQL.65535".len();
    if length <= LONGEST_SOCKET_PATH {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Environment,
        format!(
            "the socket path under {} would have {length} bytes; the system allows {LONGEST_SOCKET_PATH}",
            dir.display()
        ),
    )
    .hint("export SEEDBED_RUNTIME_DIR=/tmp/seedbed"))
}

/// A port nobody listens on now. It is free again before the server binds it,
/// so the caller must be ready to try another.
fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context(Kind::Environment, || "no free TCP port on 127.0.0.1".into())
}

/// Items of a list parameter are split at commas unless quoted.
fn escape_list_item(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('"', "\"\""))
}

fn clone_file(file: &File) -> Result<Stdio> {
    Ok(Stdio::from(
        file.try_clone().context(Kind::Environment, || "no file descriptor left".into())?,
    ))
}

/// What a program of the server needs to find its libraries, locales and
/// helpers.
const PASSED_ON: [&str; 9] = [
    "PATH",
    "HOME",
    "USER",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "LOCALE_ARCHIVE",
    "LOCPATH",
    "ICU_DATA",
];

/// Lets glibc's allocator keep what a statement gave back. By default it
/// returns anything above 128 kB to the kernel when the statement ends and the
/// next one faults it in again, page by page: about a tenth of a short
/// statement's time. Other C libraries do not look at these (mallopt(3)).
const KEPT_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_TRIM_THRESHOLD_", "16777216"),
    ("MALLOC_TOP_PAD_", "1048576"),
    // Naming one of the three ends the automatic growth of this one.
    ("MALLOC_MMAP_THRESHOLD_", "4194304"),
];

/// What the server does depends on its parameters alone, and the person's
/// secrets are not for it: as root it runs under another account, and any
/// superuser of a database can read its environment.
pub(crate) fn own_environment(command: &mut Command) {
    command.env_clear();
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("LC_ALL", "C").env("TZ", "UTC");
    command.envs(KEPT_MEMORY);
}

/// Drops root for an unprivileged account; std also drops all other groups.
pub(crate) fn run_as(command: &mut Command, account: Option<&Account>) {
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
        command.env("HOME", "/nonexistent").env("USER", &account.name);
    }
}

/// Asks the kernel to send `signal` to the child when this process ends, and
/// leaves it no file but the standard three.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "pre_exec is the only way to do this in the child")]
pub(crate) fn end_with_us(command: &mut Command, signal: Signal) {
    let parent = rustix::process::getpid();
    // SAFETY: the closure runs between fork and exec and makes three system
    // calls without allocating or locking. std runs it after it changed the
    // user, which would have cleared the death signal.
    unsafe {
        command.pre_exec(move || {
            // Files we inherited are for the wrapped command, not for a server
            // that may outlive it. Kernels before 5.11 cannot, and do not matter.
            libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
            rustix::process::set_parent_process_death_signal(Some(signal))?;
            // We may have died before the line above took effect.
            if rustix::process::getppid() == Some(parent) {
                Ok(())
            } else {
                Err(std::io::ErrorKind::Interrupted.into())
            }
        });
    }
}

/// Elsewhere the reaper alone ends the server.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with_us(_command: &mut Command, _signal: Signal) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_socket_path_is_refused_before_anything_starts() {
        let failure = check_socket_path(Path::new(&format!("/{}", "x".repeat(100)))).unwrap_err();
        assert!(failure.to_string().contains("116 bytes"), "{failure}");
        check_socket_path(Path::new("/tmp/seedbed-0/abcdefghij/socket")).unwrap();
    }

    #[test]
    fn a_server_does_not_see_our_environment() {
        let mut command = Command::new("env");
        own_environment(&mut command);
        let seen = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert!(seen.contains("LC_ALL=C"), "{seen}");
        // Cargo sets this one for every test.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert!(!seen.contains("CARGO_MANIFEST_DIR"), "{seen}");
    }
}
