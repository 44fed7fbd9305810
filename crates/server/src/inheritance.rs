//! What a parent left us. Ignored and blocked signals and open files are
//! inherited across `exec`, so what we rely on has to be put right first.

/// Makes sure that we hear of the end of our children. A parent that ignores
/// SIGCHLD has its children's children collected by the kernel, so that nobody
/// could wait for them; one that blocks it would let us wait for ever.
///
/// To be called before any thread is started.
#[expect(unsafe_code, reason = "no safe wrapper sets a signal's disposition or mask")]
pub fn hear_of_children() {
    // SAFETY: SIG_DFL is a valid disposition; the set is initialised by
    // sigemptyset before it is read.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
    }
}

/// Whether a signal is ignored, as `nohup` does with SIGHUP and a shell with
/// SIGINT of a job in the background.
#[must_use]
#[expect(unsafe_code, reason = "no safe wrapper asks for a signal's disposition")]
pub fn is_ignored(signal: i32) -> bool {
    // SAFETY: sigaction fills the structure we own and changes nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

/// Closes every descriptor but the standard three. A process that outlives its
/// parent must not hold a pipe open that somebody reads to its end.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe wrapper closes descriptors nobody owns")]
pub fn close_inherited_files() {
    // SAFETY: called first in a program's life, before it opened anything.
    // On kernels before 5.9 the call fails and changes nothing.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0);
    }
}

/// Elsewhere there is no such call.
#[cfg(not(target_os = "linux"))]
pub fn close_inherited_files() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "plays the parent that ignores and blocks signals")]
    fn what_a_parent_ignored_or_blocked_is_put_right() {
        // SAFETY: as above; the mask is this thread's own.
        let blocked = unsafe {
            let mut set: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut set);
            libc::sigaddset(&raw mut set, libc::SIGCHLD);
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
            hear_of_children();
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &raw mut set);
            libc::sigismember(&raw const set, libc::SIGCHLD)
        };
        assert_eq!(blocked, 0);
        assert!(!is_ignored(libc::SIGCHLD));
        // Rust's runtime ignores this one.
        assert!(is_ignored(libc::SIGPIPE));
    }
}
