//! The wrapped command: its own process group, signals forwarded, its exit
//! code passed through.
//!
//! - SIGINT, SIGTERM, SIGHUP, SIGQUIT and the two user signals go on to the
//!   command's group, unless we were started with them ignored (`nohup`); the
//!   second SIGINT (or SIGTERM) kills it.
//! - On a terminal the command becomes the foreground job, so that it can read
//!   the keyboard and receives Ctrl-C directly; Ctrl-Z stops it and us.
//! - What the command leaves running in its group ends with it: its database
//!   is about to vanish.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions};
use seedbed_api::{Context, Failure, Kind, Result};
use seedbed_server::{ProcessId, Terminal};
use signal_hook::consts::{
    SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2,
};
use signal_hook::iterator::Signals;

/// Time members of the command's group have to end once it has ended.
const GRACE: Duration = Duration::from_secs(2);

/// Finds the program before any work is done: a typing error should not cost
/// a server's start.
///
/// # Errors
/// [`Kind::NotFound`] or [`Kind::NotExecutable`], as `env` distinguishes them.
pub(crate) fn locate(program: &OsStr, path: &OsStr, directory: &Path) -> Result<PathBuf> {
    let shown = program.to_string_lossy();
    let candidates: Vec<PathBuf> = if program.as_encoded_bytes().contains(&b'/') {
        vec![directory.join(program)]
    } else {
        std::env::split_paths(path).map(|dir| directory.join(dir).join(program)).collect()
    };
    let mut blocked = None;
    for candidate in candidates {
        let Ok(metadata) = std::fs::metadata(&candidate) else { continue };
        if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 {
            return Ok(candidate);
        }
        blocked = blocked.or(Some(candidate));
    }
    Err(match blocked {
        Some(file) => Failure::new(
            Kind::NotExecutable,
            format!("the command `{shown}` cannot be executed: {}", file.display()),
        )
        .hint(format!("chmod +x {}", file.display())),
        None => Failure::new(Kind::NotFound, format!("the command `{shown}` does not exist"))
            .hint(format!("which {shown}")),
    })
}

/// Signals that are caught from now on until this process ends. Made before
/// the command starts, so that none is lost, and kept through the clean-up,
/// which a second Ctrl-C must not cut short.
pub(crate) struct Caught(Signals);

impl Caught {
    pub(crate) fn all() -> Result<Self> {
        let passed_on = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2];
        let heard = passed_on.into_iter().filter(|signal| !seedbed_server::is_ignored(*signal));
        Signals::new(heard.chain([SIGCHLD]))
            .map(Self)
            .context(Kind::Environment, || "cannot catch signals".into())
    }
}

/// Starts the command; it leads its own process group.
///
/// # Errors
/// [`Kind::NotFound`] or [`Kind::NotExecutable`].
pub(crate) fn start(mut command: Command, argv: &[OsString]) -> Result<Running> {
    let shown = argv.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let terminal = Terminal::of_foreground_job();
    let child = command.process_group(0).spawn().map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => Kind::NotFound,
            _ => Kind::NotExecutable,
        };
        Failure::new(kind, format!("cannot run the command `{shown}`")).because(error)
    })?;
    let pid = Pid::from_child(&child);
    if let Some(terminal) = &terminal {
        terminal.lend(pid);
    }
    Ok(Running { pid, id: ProcessId::of(pid.as_raw_nonzero().get()), terminal, interrupts: 0 })
}

/// A running command.
pub(crate) struct Running {
    pid: Pid,
    id: Option<ProcessId>,
    terminal: Option<Terminal>,
    interrupts: u32,
}

impl Running {
    /// The leader of its process group.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Identity of the command, for the record.
    pub(crate) fn id(&self) -> Option<ProcessId> {
        self.id.clone()
    }

    /// Waits for the end; returns the exit code, 128+n for signal n.
    pub(crate) fn wait(mut self, caught: &mut Caught) -> Result<i32> {
        // It may have ended before the signals were asked for the first time.
        let mut code = self.look()?;
        while code.is_none() {
            let signals: Vec<i32> = caught.0.wait().collect();
            for signal in signals.iter().filter(|signal| **signal != SIGCHLD) {
                self.forward(*signal);
            }
            code = self.look()?;
        }
        if let Some(terminal) = &self.terminal {
            terminal.take_back();
        }
        self.end_rest();
        Ok(code.unwrap_or_default())
    }

    fn forward(&mut self, signal: i32) {
        let Some(mut signal) = Signal::from_named_raw(signal) else { return };
        if signal == Signal::INT || signal == Signal::TERM {
            self.interrupts += 1;
            if self.interrupts > 1 {
                signal = Signal::KILL;
            }
        }
        let _ = rustix::process::kill_process_group(self.pid, signal);
    }

    /// Looks whether the command ended or was stopped.
    fn look(&mut self) -> Result<Option<i32>> {
        loop {
            let waited = rustix::process::waitpid(
                Some(self.pid),
                WaitOptions::NOHANG | WaitOptions::UNTRACED,
            );
            let status = match waited {
                Ok(Some((_, status))) => status,
                Ok(None) => return Ok(None),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => {
                    return Err(Failure::new(Kind::Bug, "cannot wait for the command")
                        .because(std::io::Error::from(error)));
                }
            };
            if let Some(code) = status.exit_status() {
                return Ok(Some(code));
            }
            if let Some(signal) = status.terminating_signal() {
                return Ok(Some(128 + signal));
            }
            if let Some(signal) = status.stopping_signal() {
                self.stopped(signal);
            }
        }
    }

    /// The command was stopped: by the keyboard (then we stop with it), or
    /// because it touched the terminal before it was lent.
    fn stopped(&self, signal: i32) {
        let Some(terminal) = &self.terminal else { return };
        if signal != SIGTTIN && signal != SIGTTOU {
            terminal.take_back();
            let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::STOP);
        }
        terminal.lend(self.pid);
        let _ = rustix::process::kill_process_group(self.pid, Signal::CONT);
    }

    /// Ends what the command left in its group.
    fn end_rest(&self) {
        let any = || seedbed_server::group_alive(self.pid);
        if !any() {
            return;
        }
        let _ = rustix::process::kill_process_group(self.pid, Signal::TERM);
        let step = Duration::from_millis(20);
        if seedbed_server::until(GRACE, step, || (!any()).then_some(())).is_none() {
            let _ = rustix::process::kill_process_group(self.pid, Signal::KILL);
            seedbed_server::until(GRACE, step, || (!any()).then_some(()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_a_shell_would() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tool");
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        let path = dir.path().as_os_str();
        let missing = locate(OsStr::new("nothing-like-it"), path, Path::new("/")).unwrap_err();
        assert_eq!(missing.kind(), Kind::NotFound);
        let blocked = locate(OsStr::new("tool"), path, Path::new("/")).unwrap_err();
        assert_eq!(blocked.kind(), Kind::NotExecutable);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(locate(OsStr::new("tool"), path, Path::new("/")).unwrap(), file);
        assert_eq!(
            locate(OsStr::new("./tool"), OsStr::new(""), dir.path()).unwrap(),
            dir.path().join("./tool")
        );
    }
}
