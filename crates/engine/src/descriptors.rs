//! File descriptors for the clients of a lease service. A process may have
//! 1,024 by default, and every client takes one. What the wrapped command may
//! have stays as it was: programs that close all they could have open, or that
//! use `select`, expect no more.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};

/// As many as a service with every client it takes could need.
const WANTED: u64 = 8_192;

/// What this process was allowed before.
pub(crate) struct Descriptors(Option<Rlimit>);

impl Descriptors {
    /// Raises the limit of this process as far as it may go. A service with
    /// fewer descriptors takes fewer clients; that is no failure.
    pub(crate) fn raise() -> Self {
        let before = getrlimit(Resource::Nofile);
        let allowed = before.maximum.unwrap_or(u64::MAX).min(WANTED);
        if before.current.is_none_or(|current| current >= allowed) {
            return Self(None);
        }
        let raised = Rlimit { current: Some(allowed), maximum: before.maximum };
        Self(setrlimit(Resource::Nofile, raised).is_ok().then_some(before))
    }

    /// Gives the command what this process had. Where the system cannot say so
    /// for another process, the command may have more, and no less.
    #[cfg(target_os = "linux")]
    pub(crate) fn restore_for(&self, command: Pid) {
        if let Some(before) = &self.0 {
            let _ = rustix::process::prlimit(Some(command), Resource::Nofile, *before);
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn restore_for(&self, _command: Pid) {}
}
