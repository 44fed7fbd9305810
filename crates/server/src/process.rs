//! Processes of ours, told apart from strangers that reuse their number.
//!
//! A process is identified by its number *and* the instant it started (clock
//! ticks since boot) *and* the boot it lives in. It is signalled through a
//! pidfd opened before that identity is checked, so the number cannot change
//! hands in between.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

use crate::wait;

/// Identity of a process across reuse of its number and across reboots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Process number.
    pub pid: i32,
    /// Start time in clock ticks since boot (field 22 of proc(5) `stat`).
    pub start: u64,
    /// Identity of the boot the number belongs to.
    pub boot: String,
}

impl ProcessId {
    /// Reads the identity of a living process.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        Some(Self { pid, start: start_of(pid)?, boot: boot() })
    }

    /// Our own identity.
    #[must_use]
    pub fn me() -> Self {
        let pid = std::process::id().cast_signed();
        Self::of(pid).unwrap_or(Self { pid, start: 0, boot: boot() })
    }

    /// Whether exactly this process still runs (a zombie does not).
    #[must_use]
    pub fn alive(&self) -> bool {
        self.boot == boot() && start_of(self.pid) == Some(self.start)
    }

    /// Sends a signal to exactly this process; false when it is gone.
    pub fn signal(&self, signal: Signal) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else { return false };
        #[cfg(target_os = "linux")]
        {
            let Ok(handle) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())
            else {
                return false;
            };
            self.alive() && rustix::process::pidfd_send_signal(handle, signal).is_ok()
        }
        #[cfg(not(target_os = "linux"))]
        {
            self.alive() && rustix::process::kill_process(pid, signal).is_ok()
        }
    }

    /// Sends a signal to the group this process leads. Once it has ended, its
    /// number may name somebody else's group, whose leader may have ended too.
    /// A group number stays taken while any member lives, so it is still ours
    /// if one of `members`, processes known to be ours, is in it.
    pub fn signal_group(&self, signal: Signal, members: &[Self]) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else { return false };
        let holds_it = |member: &Self| {
            group_of(&Path::new("/proc").join(member.pid.to_string())) == Some(self.pid)
                && member.alive()
        };
        // Without procfs nobody can be known by his mark.
        let unknown =
            !cfg!(target_os = "linux") && self.boot == boot() && start_of(self.pid).is_none();
        if !(self.alive() || unknown || members.iter().any(holds_it)) {
            return false;
        }
        rustix::process::kill_process_group(pid, signal).is_ok()
    }

    /// Waits until the process is gone, at most `bound`; true when it is.
    pub fn wait_gone(&self, bound: Duration) -> bool {
        wait::until(bound, Duration::from_millis(5), || (!self.alive()).then_some(())).is_some()
    }
}

/// Ends a process: `gentle` first, then SIGKILL once `grace` has passed.
pub fn end(process: &ProcessId, gentle: Signal, grace: Duration) {
    if process.signal(gentle) && !process.wait_gone(grace) {
        process.signal(Signal::KILL);
        process.wait_gone(Duration::from_secs(5));
    }
}

/// Whether a process group has a living member. A zombie is none: who adopts
/// orphans may take seconds to collect them, or never does (the first process
/// of many containers).
#[must_use]
pub fn group_alive(group: Pid) -> bool {
    if rustix::process::test_kill_process_group(group).is_err() {
        return false;
    }
    let group = group.as_raw_nonzero().get();
    !cfg!(target_os = "linux") || !processes(|proc| group_of(proc) == Some(group)).is_empty()
}

/// The process group of a process, field 5 of proc(5) `stat`.
fn group_of(proc: &Path) -> Option<i32> {
    let stat = fs::read_to_string(proc.join("stat")).ok()?;
    stat.get(stat.rfind(')')? + 2..)?.split(' ').nth(2)?.parse().ok()
}

/// Every living process whose working directory is `dir`: a postmaster and
/// its children, which PostgreSQL runs inside their data directory.
#[must_use]
pub(crate) fn working_in(dir: &Path) -> Vec<ProcessId> {
    let dir = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    // The link of a removed directory reads `/path (deleted)`.
    let mut gone = dir.clone().into_os_string();
    gone.push(" (deleted)");
    let gone = PathBuf::from(gone);
    processes(|proc| fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd == dir || cwd == gone))
}

/// Every living process that carries `NAME=value` in the environment it was
/// started with, whatever its group or session: descendants of a command.
#[must_use]
pub(crate) fn carrying(name: &str, value: &str) -> Vec<ProcessId> {
    let wanted = format!("{name}={value}");
    let me = std::process::id();
    processes(|proc| {
        proc.file_name().is_none_or(|pid| pid != me.to_string().as_str())
            && fs::read(proc.join("environ"))
                .is_ok_and(|env| env.split(|b| *b == 0).any(|entry| entry == wanted.as_bytes()))
    })
}

fn processes(wanted: impl Fn(&Path) -> bool) -> Vec<ProcessId> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(std::result::Result::ok)
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            wanted(&entry.path()).then(|| ProcessId::of(pid))?
        })
        .collect()
}

/// Start time of a process that is not a zombie.
#[cfg(target_os = "linux")]
fn start_of(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may itself hold spaces and parentheses.
    let after_name = &stat[stat.rfind(')')? + 2..];
    let mut fields = after_name.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Without procfs: `ps` prints the start instant; its text is hashed so that
/// it compares like a number.
#[cfg(not(target_os = "linux"))]
fn start_of(pid: i32) -> Option<u64> {
    let output = std::process::Command::new("ps")
        .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (state, started) = text.trim().split_once(' ')?;
    if state.starts_with('Z') {
        return None;
    }
    let hash = blake3::hash(started.trim().as_bytes());
    hash.as_bytes().first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

/// The boot, and the process namespace: containers share the first, and their
/// process numbers mean other processes.
fn boot() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {}", boot.trim(), space.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn a_reused_number_is_another_process() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = ProcessId::of(child.id().cast_signed()).unwrap();
        assert!(id.alive());
        let stranger = ProcessId { start: id.start + 1, ..id.clone() };
        assert!(!stranger.alive());
        assert!(!stranger.signal(Signal::KILL));
        assert!(!stranger.signal_group(Signal::KILL, &[]));
        let other_boot = ProcessId { boot: "another".into(), ..id };
        assert!(!other_boot.signal(Signal::KILL));
        assert!(child.try_wait().unwrap().is_none(), "the stranger's signal must not arrive");
        assert!(id.signal(Signal::KILL));
        child.wait().unwrap();
        assert!(!id.alive());
    }

    #[test]
    fn a_group_whose_leader_has_ended_is_ours_only_by_a_member() {
        let mut leader = Command::new("sh")
            .args(["-c", "sleep 60 & echo $!"])
            .stdout(std::process::Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let id = ProcessId::of(leader.id().cast_signed()).unwrap();
        let mut line = String::new();
        let mut said = std::io::BufReader::new(leader.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        leader.wait().unwrap();
        let member = ProcessId::of(line.trim().parse().unwrap()).unwrap();
        assert!(!id.signal_group(Signal::KILL, &[ProcessId::me()]));
        assert!(member.alive(), "it could have been anybody's");
        assert!(id.signal_group(Signal::KILL, std::slice::from_ref(&member)));
        assert!(member.wait_gone(Duration::from_secs(5)));
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id().cast_signed();
        wait::until(Duration::from_secs(5), Duration::from_millis(5), || {
            ProcessId::of(pid).is_none().then_some(())
        })
        .expect("a finished child counts as gone before it is reaped");
        child.wait().unwrap();
    }

    #[test]
    fn a_group_of_zombies_is_not_alive() {
        let mut child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let group = Pid::from_child(&child);
        assert!(group_alive(group));
        child.kill().unwrap();
        wait::until(Duration::from_secs(5), Duration::from_millis(5), || {
            (!group_alive(group)).then_some(())
        })
        .expect("nobody has collected the child, yet its group is gone");
        child.wait().unwrap();
    }

    #[test]
    fn descendants_are_found_by_their_environment() {
        let mark = format!("t{}", std::process::id());
        let mut child = Command::new("sh")
            .args(["-c", "sleep 60"])
            .env("SEEDBED_TEST_MARK", &mark)
            .process_group(0)
            .spawn()
            .unwrap();
        let found = wait::until(Duration::from_secs(5), Duration::from_millis(5), || {
            let found = carrying("SEEDBED_TEST_MARK", &mark);
            (!found.is_empty()).then_some(found)
        })
        .unwrap();
        for process in found {
            process.signal(Signal::KILL);
        }
        child.wait().unwrap();
        assert!(carrying("SEEDBED_TEST_MARK", "something else").is_empty());
    }
}
