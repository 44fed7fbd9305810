//! What may be there between two jobs: nothing but the cache and, if one
//! runs, the service. Everything else is a leak and is named.
//!
//! In a private lane `/dev/shm`, System V memory and the processes of our mount
//! namespace are ours alone, and all of them are looked at. Elsewhere others
//! use them too: then servers lie on the stage's disk, and only the stage and
//! the processes that know of it are looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use seedbed_db::{Host, Session, Target};
use seedbed_server::{Record, SUPERUSER};

use super::client;
use crate::processes::{self, Process};
use crate::stage::Stage;

/// How long a server may take to answer; a crash's recovery is included.
const ANSWER_BOUND: Duration = Duration::from_secs(10);

/// The places to look into, and what was there before us.
pub(crate) struct Ledger {
    stage: PathBuf,
    runtime: PathBuf,
    state: PathBuf,
    tmp: PathBuf,
    images: PathBuf,
    /// In a private lane: our mount namespace, and the folder in memory.
    alone: Option<(PathBuf, PathBuf)>,
    /// What an earlier failed round left must not fail this one.
    known_segments: Vec<Segment>,
}

/// A System V shared memory segment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    id: i64,
    attached: u64,
}

impl Ledger {
    /// Opens the ledger of a stage on which nothing runs yet.
    pub(crate) fn open(stage: &Stage, private: bool) -> Result<Self> {
        let folders = stage.folders()?;
        let namespace = std::process::id().cast_signed();
        let alone = match (private, processes::mount_namespace(namespace), folders.memory.clone()) {
            (true, Some(namespace), Some(memory)) => Some((namespace, memory)),
            _ => None,
        };
        Ok(Self {
            stage: stage.dir().to_owned(),
            runtime: stage.runtime(),
            state: stage.state(),
            tmp: stage.tmp(),
            images: folders.images(),
            alone,
            known_segments: segments(),
        })
    }

    /// Everything that should not be there while `service` (or nothing) runs.
    pub(crate) fn leaks(&self, service: Option<&Record>) -> Vec<String> {
        let own = service.map(|record| record.id.as_str());
        let mut leaks = self.processes(service);
        leaks.extend(strangers(&self.runtime, |name| Some(name) == own));
        let runs = self.state.join("runs");
        leaks.extend(strangers(&runs, |name| Some(name) == own || is_bare(&runs.join(name))));
        leaks.extend(strangers(&self.state, |name| {
            matches!(name, "runs" | "runs.lock") || is_start_lock(name)
        }));
        leaks.extend(strangers(&self.tmp, |_| false));
        if let Some((_, memory)) = &self.alone {
            leaks.extend(strangers(memory, |name| Some(name) == own));
            let mut segments = segments();
            segments.retain(|segment| !self.known_segments.iter().any(|one| one.id == segment.id));
            leaks.extend(strange_segments(&segments, service.is_some()));
        }
        leaks
    }

    /// What is still there once `gc` has run: in the cache only whole images
    /// and their locks may be, and nothing that was left for the next command to find.
    pub(crate) fn leaks_after_gc(&self) -> Vec<String> {
        let whole = |name: &str| {
            let manifest = fs::read_to_string(self.images.join(name).join("manifest"));
            name.ends_with(".lock")
                || manifest
                    .is_ok_and(|text| text.lines().last().is_some_and(|l| l.starts_with("end ")))
        };
        let mut leaks = strangers(&self.images, whole);
        leaks.extend(strangers(&self.state, |name| !is_start_lock(name)));
        let runs = self.state.join("runs");
        leaks.extend(strangers(&runs, |name| !is_bare(&runs.join(name))));
        leaks
    }

    /// Databases on the service that belong to no template and no default.
    pub(crate) fn database_leaks(&self, record: &Record) -> Result<Vec<String>> {
        let Some(service) = &record.service else { return Ok(Vec::new()) };
        let admin = Target {
            host: Host::Socket(service.socket_dir.clone()),
            port: service.port,
            user: SUPERUSER.to_owned(),
            password: None,
            database: "postgres".to_owned(),
        };
        let query = "SELECT datname FROM pg_database \
                     WHERE datname NOT IN ('postgres', 'template0', 'template1') \
                     AND NOT (datistemplate AND NOT datallowconn)";
        let rows = client::runtime()?.block_on(async {
            let session = Session::connect(&admin, "soak", ANSWER_BOUND).await?;
            let rows = session.rows(query).await?;
            session.close().await;
            Ok::<_, seedbed_api::Failure>(rows)
        })?;
        let names = rows.into_iter().flatten().flatten();
        Ok(names.map(|name| format!("database {name}")).collect())
    }

    /// Processes that began on this stage or work in a folder of it.
    fn processes(&self, service: Option<&Record>) -> Vec<String> {
        let mut expected = processes::family(std::process::id().cast_signed());
        if let Some(record) = service {
            expected.extend(processes::family(record.owner.pid));
        }
        let stage = self.stage.to_string_lossy().into_owned();
        let is_ours = |process: &Process| match &self.alone {
            Some((namespace, _)) => {
                processes::mount_namespace(process.pid).as_ref() == Some(namespace)
            }
            None => {
                process.folder().starts_with(&self.stage)
                    || process.words().iter().any(|word| word.contains(&stage))
                    || process.environment().iter().any(|entry| entry.contains(&stage))
            }
        };
        processes::all()
            .into_iter()
            .filter(|process| !expected.contains(&process.pid) && is_ours(process))
            // Several tests of one process take a moment, in which it may end.
            .filter(|process| process.id().is_some())
            .map(|process| {
                format!(
                    "process {} ({}), child of {}: {}",
                    process.pid,
                    process.name,
                    process.parent,
                    process.words().join(" ")
                )
            })
            .collect()
    }
}

/// A living service has one segment; any other was left by a server that was
/// killed.
fn strange_segments(segments: &[Segment], service: bool) -> Vec<String> {
    let left = segments.iter().filter(|segment| segment.attached == 0 || !service);
    left.map(|segment| format!("System V segment {}, {} attached", segment.id, segment.attached))
        .collect()
}

/// Harmless, and removed by `gc`: the lock of an `up` that was killed.
fn is_start_lock(name: &str) -> bool {
    name.starts_with("up-") && name.ends_with(".lock")
}

/// A claim that owns nothing: its owner was killed before it had a reaper, so
/// that the next command has to remove it.
fn is_bare(claim: &Path) -> bool {
    let Ok(text) = fs::read_to_string(claim.join("record.json")) else { return true };
    serde_json::from_str::<Record>(&text).is_ok_and(|record| {
        record.directories.is_empty() && record.command.is_none() && record.foreign.is_none()
    })
}

fn strangers(folder: &Path, expected: impl Fn(&str) -> bool) -> Vec<String> {
    let strange = names(folder).into_iter().filter(|name| !expected(name));
    strange.map(|name| folder.join(name).display().to_string()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Columns of `/proc/sysvipc/shm`: key shmid perms size cpid lpid nattch …
fn segments() -> Vec<Segment> {
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    table.lines().skip(1).filter_map(segment).collect()
}

fn segment(line: &str) -> Option<Segment> {
    let mut fields = line.split_whitespace();
    Some(Segment { id: fields.nth(1)?.parse().ok()?, attached: fields.nth(4)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> Stage {
        Stage::open("test", Path::new("/bin/true")).unwrap()
    }

    #[test]
    fn whatever_is_left_is_named() {
        let stage = stage();
        let ledger = Ledger::open(&stage, false).unwrap();
        assert_eq!(ledger.leaks(None), Vec::<String>::new());
        for left in ["runtime/abc", "state/runs/def", "tmp/file", "state/odd"] {
            let path = stage.dir().join(left);
            fs::create_dir_all(&path).unwrap();
            if left == "state/runs/def" {
                assert!(ledger.leaks(None).is_empty(), "the next command removes it");
                assert_eq!(ledger.leaks_after_gc(), [path.display().to_string()]);
                fs::write(path.join("record.json"), "{}").unwrap();
            }
            let leaks = ledger.leaks(None);
            assert_eq!(leaks, [path.display().to_string()]);
            fs::remove_dir_all(&path).unwrap();
        }
        let mut child = std::process::Command::new("setsid")
            .args(["sh", "-c", "sleep 60 & wait"])
            .current_dir(stage.tmp())
            .spawn()
            .unwrap();
        // A child of ours is expected; its orphan would not be.
        assert_eq!(ledger.leaks(None), Vec::<String>::new());
        let below = seedbed_server::until(ANSWER_BOUND, Duration::from_millis(5), || {
            processes::children(child.id().cast_signed()).pop()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        let leaks = ledger.leaks(None);
        assert!(leaks.len() == 1 && leaks[0].contains("sleep"), "{leaks:?}");
        below.unwrap().id().unwrap().signal(rustix::process::Signal::KILL);
    }

    #[test]
    fn half_an_image_is_a_leak() {
        let stage = stage();
        let ledger = Ledger::open(&stage, false).unwrap();
        let images = stage.cache().join("images");
        for name in ["aa", "bb", ".new-cc-1"] {
            fs::create_dir_all(images.join(name)).unwrap();
        }
        fs::write(images.join("aa.lock"), "").unwrap();
        fs::write(images.join("aa/manifest"), "seedbed manifest 1\nend 00000000\n").unwrap();
        fs::write(images.join("bb/manifest"), "seedbed manifest 1\nf 0").unwrap();
        let mut leaks = ledger.leaks_after_gc();
        leaks.sort();
        assert_eq!(leaks.len(), 2, "{leaks:?}");
        assert!(leaks[0].ends_with("/.new-cc-1") && leaks[1].ends_with("/bb"), "{leaks:?}");
    }

    #[test]
    fn segments_are_read_by_column() {
        let line = "         0      65538   600    56  812  813  2  101  104  101  104";
        assert_eq!(segment(line), Some(Segment { id: 65538, attached: 2 }));
        assert_eq!(segment(""), None);
        let lone = [Segment { id: 1, attached: 5 }];
        assert!(strange_segments(&lone, true).is_empty());
        assert_eq!(strange_segments(&lone, false).len(), 1);
        assert_eq!(strange_segments(&[Segment { id: 1, attached: 0 }], true).len(), 1);
    }
}
