//! What runs on this machine, read from proc(5).

use std::path::PathBuf;

use seedbed_server::ProcessId;

/// One living process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) pid: i32,
    /// Number of the process that started it, or adopted it.
    pub(crate) parent: i32,
    /// Its short name.
    pub(crate) name: String,
}

impl Process {
    /// Its command line; empty when it is just ending.
    pub(crate) fn words(&self) -> Vec<String> {
        split(&self.read("cmdline"))
    }

    /// Its environment as it was started; empty when we may not read it.
    pub(crate) fn environment(&self) -> Vec<String> {
        split(&self.read("environ"))
    }

    /// Its working folder.
    pub(crate) fn folder(&self) -> PathBuf {
        std::fs::read_link(format!("/proc/{}/cwd", self.pid)).unwrap_or_default()
    }

    /// Its identity, `None` when it has ended.
    pub(crate) fn id(&self) -> Option<ProcessId> {
        ProcessId::of(self.pid)
    }

    fn read(&self, what: &str) -> Vec<u8> {
        std::fs::read(format!("/proc/{}/{what}", self.pid)).unwrap_or_default()
    }
}

/// Every process that is not a zombie.
pub(crate) fn all() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| of(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// One process, `None` if it has ended.
pub(crate) fn of(pid: i32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse(pid, &stat)
}

/// Identity of the mount namespace of a process.
pub(crate) fn mount_namespace(pid: i32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/ns/mnt")).ok()
}

/// Direct children of a process.
pub(crate) fn children(of: i32) -> Vec<Process> {
    all().into_iter().filter(|process| process.parent == of).collect()
}

/// The number and those of everything below it.
pub(crate) fn family(top: i32) -> Vec<i32> {
    let all = all();
    let mut family = vec![top];
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        family.extend(all.iter().filter(|one| one.parent == parent).map(|one| one.pid));
        at += 1;
    }
    family
}

/// A figure of `/proc/<pid>/status` that is given in kB, in bytes.
pub(crate) fn status_bytes(pid: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

fn parse(pid: i32, stat: &str) -> Option<Process> {
    // The name in parentheses may itself hold spaces and parentheses.
    let (open, close) = (stat.find('(')?, stat.rfind(')')?);
    let mut fields = stat.get(close + 2..)?.split(' ');
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    let parent = fields.next()?.parse().ok()?;
    Some(Process { pid, parent, name: stat[open + 1..close].to_owned() })
}

fn split(bytes: &[u8]) -> Vec<String> {
    let parts = bytes.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_name() {
        let process = parse(7, "7 (a) b) S 3 7 7 0").unwrap();
        assert_eq!((process.parent, process.name.as_str()), (3, "a) b"));
        assert!(parse(7, "7 (gone) Z 3 7 7 0").is_none());
        assert!(parse(7, "").is_none());
    }

    #[test]
    fn we_are_among_them() {
        let me = std::process::id().cast_signed();
        let own = of(me).unwrap();
        assert!(!own.words().is_empty());
        assert!(family(own.parent).contains(&me));
        assert!(status_bytes(me.cast_unsigned(), "VmHWM").unwrap() > 1 << 20);
    }
}
