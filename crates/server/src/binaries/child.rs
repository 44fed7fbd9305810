//! Running a foreign program within a bound. It gets its own process group,
//! nothing to read, and is killed with its whole group when time is up; what
//! it wrote to standard error is kept for the error message.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::wait;

/// More output than this is thrown away; `npm pack --json` lists a thousand
/// files in about 100 kB.
const OUTPUT_LIMIT_BYTES: u64 = 16 << 20;
/// Lines an error message shows of a long standard error: npm names the
/// cause in its first lines, pip and the loader in their last.
const FIRST_LINES: usize = 4;
const LAST_LINES: usize = 4;
/// How long the pipes may stay open after the program ended: a descendant
/// that left the group can hold them.
const DRAIN_BOUND: Duration = Duration::from_secs(2);
const BUSY_BOUND: Duration = Duration::from_secs(2);

/// How a program ended, and what it said.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Why a program did not do what was asked.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It could not be started.
    Spawn(io::Error),
    /// It was killed after this time.
    TimedOut(Duration, String),
    /// It ended by itself, not with 0.
    Exit(ExitStatus, String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stderr = match self {
            Self::Spawn(error) => return write!(f, "it cannot be started: {error}"),
            Self::TimedOut(bound, stderr) => {
                write!(f, "it did not end within {} s and was killed", bound.as_secs())?;
                stderr
            }
            Self::Exit(status, stderr) => {
                write!(f, "it ended with {status}")?;
                stderr
            }
        };
        match excerpt(stderr) {
            text if text.is_empty() => Ok(()),
            text => write!(f, ": {text}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// Runs `command` to its end; a status other than 0 is returned as it is.
pub(super) fn run(command: &mut Command, bound: Duration) -> Result<Ended, Trouble> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = spawn(command).map_err(Trouble::Spawn)?;
    let stdout = child.stdout.take().map(collect);
    let stderr = child.stderr.take().map(collect);
    let pid = Pid::from_child(&child);

    // NOWAIT leaves the ended child unreaped, so its number, and with it the
    // group's, stays taken until the group has been signalled.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let ended =
        wait::until(bound, Duration::from_millis(20), || match waitid(WaitId::Pid(pid), options) {
            Ok(None) | Err(rustix::io::Errno::INTR) => None,
            Ok(Some(_)) | Err(_) => Some(()),
        });
    // Also after a normal end: helpers it left behind must not outlive it.
    // The only possible error is that the group is gone already.
    let _ = kill_process_group(pid, Signal::KILL);
    let status = child.wait().map_err(Trouble::Spawn)?;
    let (stdout, stderr) = (text_of(stdout), text_of(stderr));
    match ended {
        Some(()) => Ok(Ended { status, stdout, stderr }),
        None => Err(Trouble::TimedOut(bound, stderr)),
    }
}

/// Runs `command` to its end; returns its standard output if it succeeded.
pub(super) fn answer(command: &mut Command, bound: Duration) -> Result<String, Trouble> {
    let ended = run(command, bound)?;
    if ended.status.success() {
        Ok(ended.stdout)
    } else {
        Err(Trouble::Exit(ended.status, ended.stderr))
    }
}

/// A program that was written a moment ago is "busy" while another thread's
/// half-started child still holds it open for writing; that passes by itself
/// (<https://github.com/golang/go/issues/22315>).
fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut busy = None;
    let spawned = wait::until(BUSY_BOUND, Duration::from_millis(20), || match command.spawn() {
        Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
            busy = Some(error);
            None
        }
        outcome => Some(outcome),
    });
    spawned.unwrap_or_else(|| Err(busy.unwrap_or_else(|| io::ErrorKind::ExecutableFileBusy.into())))
}

fn collect(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        // A pipe that breaks ends like one that is closed; the status tells.
        let _ = pipe.by_ref().take(OUTPUT_LIMIT_BYTES).read_to_end(&mut kept);
        let _ = io::copy(&mut pipe, &mut io::sink());
        let _ = sender.send(kept);
    });
    receiver
}

fn text_of(pipe: Option<Receiver<Vec<u8>>>) -> String {
    let bytes = pipe.and_then(|pipe| pipe.recv_timeout(DRAIN_BOUND).ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a program wrote, shortened and on one line.
fn excerpt(stderr: &str) -> String {
    let mut lines: Vec<&str> =
        stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() > FIRST_LINES + LAST_LINES {
        lines.splice(FIRST_LINES..lines.len() - LAST_LINES, ["…"]);
    }
    lines.iter().map(|line| without_credentials(line)).collect::<Vec<_>>().join(" | ")
}

/// Hides `USER:PASSWORD@` in URLs: a registry's credentials may be in its URL.
fn without_credentials(line: &str) -> String {
    let hide = |word: &str| {
        let (scheme, rest) = word.split_once("://")?;
        let authority = rest.split('/').next()?;
        let (credentials, _) = authority.rsplit_once('@')?;
        Some(format!("{scheme}://***{}", &rest[credentials.len()..]))
    };
    line.split(' ')
        .map(|word| hide(word).unwrap_or_else(|| word.to_owned()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_and_status_come_back() {
        let ended =
            run(&mut shell("echo out; echo err >&2; exit 3"), Duration::from_secs(10)).unwrap();
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(ended.status.code(), Some(3));
        let trouble =
            answer(&mut shell("echo why >&2; exit 3"), Duration::from_secs(10)).unwrap_err();
        assert!(trouble.to_string().ends_with("3: why"), "{trouble}");
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_descendants() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; echo busy >&2; wait", mark.display());
        let started = Instant::now();
        let trouble = run(&mut shell(&script), Duration::from_millis(500)).unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(60));
        assert!(trouble.to_string().contains("killed: busy"), "{trouble}");
        let pid: i32 = std::fs::read_to_string(&mark).unwrap().trim().parse().unwrap();
        let gone = wait::until(Duration::from_secs(10), Duration::from_millis(20), || {
            // Its new parent may not have reaped it yet; a zombie runs nothing.
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            (state.is_empty() || state.contains(") Z ")).then_some(())
        });
        assert!(gone.is_some(), "process {pid} survived");
    }

    #[test]
    fn credentials_in_urls_are_hidden() {
        for (line, shown) in [
            ("GET https://me:secret@host/x failed", "GET https://***@host/x failed"),
            ("see https://host/a@b", "see https://host/a@b"),
            ("no url: me@host", "no url: me@host"),
        ] {
            assert_eq!(excerpt(line), shown);
        }
    }

    #[test]
    fn long_complaints_keep_both_ends() {
        let long: String = (1..=20).map(|line| format!("line {line}\n")).collect();
        assert_eq!(
            excerpt(&long),
            "line 1 | line 2 | line 3 | line 4 | … | line 17 | line 18 | line 19 | line 20"
        );
    }

    #[test]
    fn much_output_does_not_block_the_child() {
        let ended = run(&mut shell("head -c 3000000 /dev/zero"), Duration::from_secs(30)).unwrap();
        assert_eq!(ended.stdout.len(), 3_000_000);
    }
}
