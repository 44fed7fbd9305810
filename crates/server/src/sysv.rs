//! The System V segment of a killed postmaster.
//!
//! Every postmaster takes one tiny System V shared memory segment as its
//! interlock (PostgreSQL manual, "Shared Memory and Semaphores"). A postmaster
//! ended by SIGKILL leaves it behind for ever. Its key and id stand in line 7
//! of `postmaster.pid`. Ids are given anew after a reboot, and that file may be
//! older, so the segment is removed only when it has that key, was made by that
//! postmaster and nobody is attached.

use std::fs;
use std::path::Path;

/// What `postmaster.pid` says of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    key: i64,
    id: i32,
    /// The postmaster that made it.
    maker: i32,
}

/// Removes the segment that `<data>/postmaster.pid` names, if it is the one
/// that postmaster made and nobody is attached.
pub(crate) fn remove_segment(data: &Path) {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else { return };
    if let Some(segment) = Segment::read(&text) {
        segment.remove();
    }
}

impl Segment {
    /// Line 1 is the process, line 7 `key id`.
    fn read(postmaster_pid: &str) -> Option<Self> {
        let mut lines = postmaster_pid.lines();
        // A server without postmaster, as initdb runs it, writes its number
        // with a minus.
        let maker: i32 = lines.next()?.trim().parse().ok()?;
        let maker = maker.abs();
        let mut words = lines.nth(5)?.split_whitespace();
        Some(Self { maker, key: words.next()?.parse().ok()?, id: words.next()?.parse().ok()? })
    }

    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "shmctl has no safe wrapper in a crate we already use")]
    fn remove(self) {
        // SAFETY: shmctl fills the structure we own; IPC_RMID takes no pointer.
        // An id that does not exist fails with EINVAL and changes nothing.
        unsafe {
            let mut info: libc::shmid_ds = std::mem::zeroed();
            if libc::shmctl(self.id, libc::IPC_STAT, &raw mut info) == 0
                && info.shm_nattch == 0
                && info.shm_cpid == self.maker
                && i64::from(info.shm_perm.__key.cast_unsigned()) == self.key & 0xffff_ffff
            {
                libc::shmctl(self.id, libc::IPC_RMID, std::ptr::null_mut());
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn remove(self) {
        // ipcrm refuses a segment of another user; a segment in use is only
        // marked and goes with its last user. By its key, so that an id given
        // anew is not meant.
        let _ = std::process::Command::new("ipcrm").args(["-M", &self.key.to_string()]).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segment_is_on_line_seven() {
        let text = "123\n/data\n1700000000\n5432\n/sock\n127.0.0.1\n  5432001    98305\nready   \n";
        let segment = Segment { key: 5_432_001, id: 98305, maker: 123 };
        assert_eq!(Segment::read(text), Some(segment));
        assert_eq!(Segment::read(&format!("-{text}")), Some(segment));
        assert_eq!(Segment::read("123\n/data\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_segment_of_that_postmaster_goes() {
        let made = std::process::Command::new("ipcmk").args(["-M", "64"]).output().unwrap();
        let text = String::from_utf8(made.stdout).unwrap();
        let id: i32 = text.rsplit(' ').next().unwrap().trim().parse().unwrap();
        let table = || fs::read_to_string("/proc/sysvipc/shm").unwrap();
        // Columns of proc_sysvipc(5): key, shmid, perms, size, cpid.
        let field = |index: usize| -> Option<i64> {
            let lines = table();
            let mine = |line: &&str| line.split_whitespace().nth(1) == Some(&id.to_string());
            let line = lines.lines().find(mine)?;
            line.split_whitespace().nth(index)?.parse().ok()
        };
        let (key, maker) = (field(0).unwrap(), i32::try_from(field(4).unwrap()).unwrap());
        for stranger in [Segment { key, id, maker: maker + 1 }, Segment { key: key + 1, id, maker }]
        {
            stranger.remove();
            assert_eq!(field(0), Some(key), "{stranger:?}");
        }
        Segment { key, id, maker }.remove();
        assert_eq!(field(0), None);
    }
}
