//! Lending the terminal to a child's process group and taking it back, as a
//! job-control shell does (glibc manual, "Implementing a Shell"). Without it
//! a debugger in the wrapped command could not read the keyboard.

use rustix::process::Pid;

/// The terminal on standard input, if we are its foreground job.
#[derive(Debug)]
pub struct Terminal {
    own_group: Pid,
}

impl Terminal {
    /// `None` when standard input is no terminal or belongs to another job.
    #[must_use]
    pub fn of_foreground_job() -> Option<Self> {
        let own_group = rustix::process::getpgrp();
        let holder = rustix::termios::tcgetpgrp(rustix::stdio::stdin()).ok()?;
        (holder == own_group).then_some(Self { own_group })
    }

    /// Makes `group` the foreground job.
    pub fn lend(&self, group: Pid) {
        set_foreground(group);
    }

    /// Makes us the foreground job again.
    pub fn take_back(&self) {
        set_foreground(self.own_group);
    }
}

/// A background job that sets the foreground job is stopped by SIGTTOU unless
/// it ignores that signal; ignoring it for longer would be inherited by the
/// commands we start.
#[expect(unsafe_code, reason = "no safe wrapper sets a signal to SIG_IGN and back")]
fn set_foreground(group: Pid) {
    // SAFETY: SIG_IGN is a valid disposition for SIGTTOU and the previous one
    // is put back; no handler of ours is involved.
    unsafe {
        let before = libc::signal(libc::SIGTTOU, libc::SIG_IGN);
        let _ = rustix::termios::tcsetpgrp(rustix::stdio::stdin(), group);
        libc::signal(libc::SIGTTOU, before);
    }
}
