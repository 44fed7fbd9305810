//! Whoever started a service and waits for it: `seedbed up`, at the other end
//! of the pipe on standard error. If it goes away before the service is ready
//! (Ctrl-C during a long build), nobody would know of the service: it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;

/// The one who waits.
pub(crate) struct Caller {
    knows: Arc<AtomicBool>,
}

impl Caller {
    /// Ends this process by SIGTERM as soon as the reader of its standard
    /// error is gone. What it owns is its reaper's.
    pub(crate) fn watch() -> Self {
        let knows = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&knows);
        std::thread::spawn(move || {
            let pipe = rustix::stdio::stderr();
            let mut ends = [PollFd::new(&pipe, PollFlags::empty())];
            // Without a wanted event only the loss of the reader is told.
            while poll(&mut ends, None) == Err(rustix::io::Errno::INTR) {}
            if !known.load(Ordering::SeqCst) {
                let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::TERM);
            }
        });
        Self { knows }
    }

    /// From now on the service may outlive its caller. Call it before the
    /// caller is told, because it leaves at once.
    pub(crate) fn may_leave(&self) {
        self.knows.store(true, Ordering::SeqCst);
    }
}
