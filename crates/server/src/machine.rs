//! What the machine has: memory and file systems.

use std::fs;
use std::path::Path;

/// Memory this process may use, in bytes: the machine's, or the container's
/// limit where that is lower.
#[must_use]
pub(crate) fn memory_bytes() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = field_kib(&meminfo, "MemTotal:").map_or(4 << 30, |kib| kib * 1024);
    let limit = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .into_iter()
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok())
        .min()
        .unwrap_or(u64::MAX);
    total.min(limit)
}

/// Memory that could be used now without swapping, in bytes.
#[must_use]
pub(crate) fn available_bytes() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    field_kib(&meminfo, "MemAvailable:").map_or(1 << 30, |kib| kib * 1024).min(memory_bytes())
}

fn field_kib(meminfo: &str, name: &str) -> Option<u64> {
    meminfo
        .lines()
        .find_map(|line| line.strip_prefix(name))?
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()
}

/// Bytes free for us on the file system that holds `path` or its nearest
/// existing ancestor; 0 when that cannot be told.
#[must_use]
pub(crate) fn free_bytes(path: &Path) -> u64 {
    path.ancestors()
        .find_map(|dir| rustix::fs::statvfs(dir).ok())
        .map_or(0, |stat| stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Whether `path` (or its nearest existing ancestor) lies in memory (tmpfs).
#[must_use]
pub(crate) fn is_memory(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        // TMPFS_MAGIC of statfs(2).
        const TMPFS: u64 = 0x0102_1994;
        path.ancestors()
            .find_map(|dir| rustix::fs::statfs(dir).ok())
            .is_some_and(|stat| u64::try_from(stat.f_type) == Ok(TMPFS))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read_in_kibibytes() {
        assert_eq!(
            field_kib("MemTotal:       24684092 kB\nMemFree: 1 kB\n", "MemTotal:"),
            Some(24_684_092)
        );
        assert_eq!(field_kib("garbage", "MemTotal:"), None);
    }
}
