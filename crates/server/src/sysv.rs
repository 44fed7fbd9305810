//! The System V segment of a killed postmaster.
//!
//! Every postmaster takes one tiny System V shared memory segment as its
//! interlock (PostgreSQL manual, "Shared Memory and Semaphores"). A postmaster
//! ended by SIGKILL leaves it behind for ever. Its id stands in line 7 of
//! `postmaster.pid`; it is removed only when nobody is attached.

use std::fs;
use std::path::Path;

/// Removes the segment that `<data>/postmaster.pid` names, if it is ours
/// and nobody is attached.
pub(crate) fn remove_segment(data: &Path) {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else { return };
    if let Some(id) = segment_id(&text) {
        remove(id);
    }
}

/// Line 7 is `key id`.
fn segment_id(postmaster_pid: &str) -> Option<i32> {
    postmaster_pid.lines().nth(6)?.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "shmctl has no safe wrapper in a crate we already use")]
fn remove(id: i32) {
    // SAFETY: shmctl fills the structure we own; IPC_RMID takes no pointer.
    // An id that is not ours fails with EINVAL or EPERM and changes nothing.
    unsafe {
        let mut info: libc::shmid_ds = std::mem::zeroed();
        if libc::shmctl(id, libc::IPC_STAT, &raw mut info) == 0 && info.shm_nattch == 0 {
            libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn remove(id: i32) {
    // ipcrm refuses a segment of another user; a segment in use is only
    // marked and goes with its last user.
    let _ = std::process::Command::new("ipcrm").args(["-m", &id.to_string()]).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segment_is_on_line_seven() {
        let text = "123\n/data\n1700000000\n5432\n/sock\n127.0.0.1\n  5432001    98305\nready   \n";
        assert_eq!(segment_id(text), Some(98305));
        assert_eq!(segment_id("123\n/data\n"), None);
    }
}
