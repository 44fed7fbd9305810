//! The process at the other end of a unix socket. A child it has forked may
//! keep the socket open long after it has ended; the lease ends with the
//! process that asked for it.
//!
//! The kernel tells the process number that connected (SO_PEERCRED, unix(7));
//! a descriptor of it (pidfd_open(2), Linux 5.3) is taken as soon as the
//! connection is accepted and cannot come to mean another process later.
//! SO_PEERPIDFD (Linux 6.5) would close even that gap, but no safe wrapper of
//! it exists; should the number have been given to another process in it, a
//! lease lives until its connection ends, or ends too early with that process.
//! A number of 0 means a process in a foreign pid namespace: then, as where
//! there are no such descriptors, the connection alone counts.

use std::future::pending;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

/// The process at the other end.
pub(crate) enum Peer {
    /// Cannot be watched; only its connection is.
    Unknown,
    /// It ended before it could be looked at.
    Ended,
    /// Its descriptor becomes readable when it ends.
    Watched(AsyncFd<OwnedFd>),
}

impl Peer {
    pub(crate) fn of(stream: &UnixStream) -> Self {
        let pid = stream.peer_cred().ok().and_then(|credentials| credentials.pid());
        match pid.and_then(rustix::process::Pid::from_raw) {
            Some(pid) => Self::watch(pid),
            None => Self::Unknown,
        }
    }

    #[cfg(target_os = "linux")]
    fn watch(pid: rustix::process::Pid) -> Self {
        match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
            Ok(process) => {
                #[expect(
                    deprecated,
                    reason = "sound for an OwnedFd, which nobody else can close; what replaces it is unsafe to call"
                )]
                let watched = AsyncFd::with_interest(process, Interest::READABLE);
                watched.map_or(Self::Unknown, Self::Watched)
            }
            Err(rustix::io::Errno::SRCH) => Self::Ended,
            Err(_) => Self::Unknown,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn watch(_: rustix::process::Pid) -> Self {
        Self::Unknown
    }

    /// Returns when the process has ended.
    pub(crate) async fn ended(&self) {
        match self {
            Self::Ended => {}
            // An error of the reactor leaves the connection to be watched alone.
            Self::Watched(process) if process.readable().await.is_ok() => {}
            Self::Watched(_) | Self::Unknown => pending().await,
        }
    }
}
