//! How much a client may take: of time, of memory, of descriptors.

use std::time::Duration;

/// Bytes of a request's body at most. A request is a few short texts; what is
/// larger is no request.
pub(crate) const LARGEST_BODY: usize = 1 << 20;
/// The same where a request may name each row of a batch.
pub(crate) const LARGEST_BATCH: usize = 16 << 20;
/// Bytes of a request's first line and headers at most.
pub(crate) const LARGEST_HEAD: usize = 16 << 10;
/// Bytes kept of what a client sends ahead, and of replies it does not read.
pub(crate) const BUFFER: usize = 64 << 10;
/// Connections beyond [`Limits::clients`] that are told so; more are closed
/// without a word.
pub(crate) const TOLD_FULL: usize = 256;
/// Descriptors left to the rest of the process.
const OTHER_DESCRIPTORS: u64 = 128;
/// Descriptors of one connection: its socket and its process.
const DESCRIPTORS: u64 = 2;

/// Bounds of the service. The default is what `seedbed` uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. Fewer if the process may not open two descriptors
    /// for each.
    pub clients: usize,
    /// How long a request's head may take from its first byte; also how long a
    /// new connection may take until its first request.
    pub head: Duration,
    /// How long a request's body may take.
    pub body: Duration,
    /// How long a client may leave a reply unread before it is given up.
    pub stall: Duration,
    /// How long requests in progress may take when the service stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 2_048,
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// [`Limits::clients`], or as many as this process has descriptors for:
    /// a refusal that is told is better than a connection nobody accepts.
    pub(crate) fn affordable_clients(&self) -> usize {
        let open = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        affordable(self.clients, open)
    }
}

fn affordable(clients: usize, descriptors: Option<u64>) -> usize {
    let Some(descriptors) = descriptors else { return clients };
    let most = descriptors.saturating_sub(OTHER_DESCRIPTORS) / DESCRIPTORS;
    usize::try_from(most).map_or(clients, |most| clients.min(most.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_let_in_without_descriptors() {
        assert_eq!(affordable(2_048, None), 2_048);
        assert_eq!(affordable(2_048, Some(1 << 20)), 2_048);
        assert_eq!(affordable(2_048, Some(1_024)), 448);
        assert_eq!(affordable(2_048, Some(64)), 1);
    }
}
