//! PostgreSQL parameters of the servers we start. The data is thrown away, so
//! everything that only protects it against a crash is off (PostgreSQL manual,
//! "Non-Durable Settings"); the rest is sized to the machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::binaries::Version;
use crate::machine;

/// `wal_level` of every server we start. The undo journal of the rewind lane
/// needs nothing; should an engine built on logical decoding ever need
/// `logical`, this is the one place.
pub(crate) const WAL_LEVEL: &str = "minimal";

/// Connections a server accepts. The default of 100 is what parallel suites
/// run into first.
pub(crate) const MAX_CONNECTIONS: u16 = 300;

/// WAL segment size given to `initdb`, in megabytes: a cluster is copied for
/// every run, and 1 MB segments make it 15 MB smaller than the default.
pub(crate) const WAL_SEGMENT_MB: u8 = 1;

/// Parameters for a server of `version`, the person's own last.
///
/// A parameter the person sets replaces ours; nothing is ever dropped silently.
#[must_use]
pub fn parameters(version: &Version, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = [
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("wal_level", WAL_LEVEL),
        ("max_wal_senders", "0"),
        ("wal_writer_delay", "10s"),
        ("min_wal_size", "2MB"),
        ("max_wal_size", "1GB"),
        ("checkpoint_timeout", "1d"),
        ("autovacuum", "off"),
        // Every process a server starts is time before the first session.
        ("max_logical_replication_workers", "0"),
        ("bgwriter_lru_maxpages", "0"),
        ("jit", "off"),
        ("huge_pages", "off"),
        ("shared_memory_type", "mmap"),
        // Files inside the data directory: POSIX segments of a killed server
        // would stay in /dev/shm for ever.
        ("dynamic_shared_memory_type", "mmap"),
        ("max_locks_per_transaction", "256"),
        ("logging_collector", "off"),
        ("log_destination", "stderr"),
        ("log_line_prefix", "%m [%p] %q%a %u@%d "),
        ("log_timezone", "UTC"),
        // We read some of its messages.
        ("lc_messages", "C"),
        ("timezone", "UTC"),
        ("password_encryption", "md5"),
        ("restart_after_crash", "on"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    all.insert("max_connections".into(), MAX_CONNECTIONS.to_string());
    all.insert(
        "shared_buffers".into(),
        format!("{}MB", shared_buffers_mb(machine::memory_bytes())),
    );
    if version.major >= 18 {
        // md5 is chosen on purpose (see `password`); its warning is not news.
        all.insert("md5_password_warnings".into(), "off".into());
        // The default starts three more processes.
        all.insert("io_method".into(), "sync".into());
    }
    for (name, value) in own {
        all.insert(name.to_ascii_lowercase(), value.clone());
    }
    all
}

/// Whether a server on this data may open sessions of its own as soon as it
/// runs: background workers of a preloaded library, autovacuum, replication.
#[must_use]
pub fn has_own_sessions(parameters: &BTreeMap<String, String>, data: &Path) -> bool {
    const PRELOADED: &str = "shared_preload_libraries";
    let is = |name: &str, value: &str| parameters.get(name).is_some_and(|set| set == value);
    // What ALTER SYSTEM wrote counts where the command line is silent.
    let altered = || {
        let text = fs::read_to_string(data.join("postgresql.auto.conf")).unwrap_or_default();
        text.lines().any(|line| line.trim_start().starts_with(PRELOADED))
    };
    !is("autovacuum", "off")
        || !is("max_logical_replication_workers", "0")
        || parameters.get(PRELOADED).map_or_else(altered, |libraries| !libraries.is_empty())
}

/// A thirty-second of memory, at least 32 MB, at most 256 MB: test databases
/// are small, and DROP DATABASE walks every buffer.
fn shared_buffers_mb(memory: u64) -> u64 {
    ((memory / 32) >> 20).clamp(32, 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_wins() {
        let own = BTreeMap::from([("FSYNC".to_owned(), "on".to_owned())]);
        let all = parameters(&Version { major: 15, minor: 1 }, &own);
        assert_eq!(all["fsync"], "on");
        assert_eq!(all["wal_level"], WAL_LEVEL);
        assert!(!all.contains_key("md5_password_warnings"));
    }

    #[test]
    fn a_server_that_opens_sessions_is_recognised() {
        let data = tempfile::tempdir().unwrap();
        let version = Version { major: 15, minor: 1 };
        for (name, value, expected) in [
            ("work_mem", "8MB", false),
            ("shared_preload_libraries", "", false),
            ("shared_preload_libraries", "pg_cron", true),
            ("Autovacuum", "on", true),
            ("max_logical_replication_workers", "4", true),
        ] {
            let own = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            let found = has_own_sessions(&parameters(&version, &own), data.path());
            assert_eq!(found, expected, "{name} = {value}");
        }
        fs::write(data.path().join("postgresql.auto.conf"), "shared_preload_libraries = 'x'\n")
            .unwrap();
        assert!(has_own_sessions(&parameters(&version, &BTreeMap::new()), data.path()));
    }

    #[test]
    fn buffers_follow_the_machine_within_bounds() {
        assert_eq!(shared_buffers_mb(512 << 20), 32);
        assert_eq!(shared_buffers_mb(4 << 30), 128);
        assert_eq!(shared_buffers_mb(256 << 30), 256);
    }
}
