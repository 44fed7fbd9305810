//! What the parts of one connection know of each other: the bytes (`wire`),
//! the request in progress (`handler`), the whole (`connection`). They run in
//! one task, so every order of memory is strong enough.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::stream::Stream;

/// One connection.
pub(crate) struct Line {
    pub(crate) stream: Stream,
    requests: AtomicU64,
    busy: AtomicBool,
    unread: AtomicBool,
    head_too_slow: AtomicBool,
}

impl Line {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            requests: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            head_too_slow: AtomicBool::new(false),
        }
    }

    /// A request's head is complete; it is in progress until this is dropped.
    pub(crate) fn begin(&self) -> Busy<'_> {
        self.requests.fetch_add(1, Relaxed);
        self.busy.store(true, Relaxed);
        Busy(self)
    }

    /// How many heads have been complete.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// Whether a request is in progress.
    pub(crate) fn busy(&self) -> bool {
        self.busy.load(Relaxed)
    }

    /// A body is left unread; the connection ends after the reply.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    pub(crate) fn is_unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    pub(crate) fn tell_head_too_slow(&self) {
        self.head_too_slow.store(true, Relaxed);
    }

    pub(crate) fn is_head_too_slow(&self) -> bool {
        self.head_too_slow.load(Relaxed)
    }
}

/// A request in progress.
pub(crate) struct Busy<'a>(&'a Line);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Relaxed);
    }
}
