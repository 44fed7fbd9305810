//! The server process of a run, seen from outside: found by its files, killed
//! without mercy.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::patience::until;
use crate::project::Project;

/// The postmaster of a claim.
pub(crate) struct Postmaster {
    pub(crate) pid: i64,
    pub(crate) data: PathBuf,
}

impl Postmaster {
    /// The one of this claim; notes its System V segment in the ledger.
    pub(crate) fn of(project: &Project, claim: &str) -> Self {
        let record = record(project, claim);
        let folder = record["directories"][0].as_str().expect("the run has a folder");
        let data = Path::new(folder).join("data");
        let text = fs::read_to_string(data.join("postmaster.pid")).unwrap();
        project.ledger().note_segment(&data);
        Self { pid: text.lines().next().unwrap().parse().unwrap(), data }
    }

    pub(crate) fn kill(&self) {
        kill(self.pid);
    }

    pub(crate) fn alive(&self) -> bool {
        alive(&self.pid.to_string())
    }
}

/// Whether a process runs; one that ended and waits for its parent does not.
pub(crate) fn alive(pid: &str) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// The state of a process: `T` when it is stopped (proc(5), `stat`).
pub(crate) fn state(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// SIGKILL, by number.
pub(crate) fn kill(pid: i64) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// Waits until the latest claim has a server that builds the schema.
#[track_caller]
pub(crate) fn building(project: &Project) -> String {
    let look = || {
        let claim = project.ledger().claims().pop()?;
        let record = fs::read(project.runs().join(&claim).join("record.json")).ok()?;
        let record: serde_json::Value = serde_json::from_slice(&record).ok()?;
        let data = Path::new(record["directories"][0].as_str()?).join("data");
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        text.contains("ready").then_some(claim)
    };
    until(Duration::from_secs(20), look).expect("no schema is being built")
}

/// What a claim says of itself.
pub(crate) fn record(project: &Project, claim: &str) -> serde_json::Value {
    let path = project.runs().join(claim).join("record.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The reaper that watches over a claim.
pub(crate) fn reaper(project: &Project, claim: &str) -> i64 {
    let folder = project.runs().join(claim);
    let folder = fs::canonicalize(&folder).unwrap().to_str().unwrap().to_owned();
    let found = until(Duration::from_secs(10), || {
        fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
            let arguments = fs::read(entry.path().join("cmdline")).ok()?;
            let arguments = String::from_utf8_lossy(&arguments).into_owned();
            let words: Vec<&str> = arguments.split('\0').collect();
            let ours = words.get(1) == Some(&"reaper") && words.get(2) == Some(&folder.as_str());
            ours.then(|| entry.file_name().to_str()?.parse().ok())?
        })
    });
    found.expect("every claim has a reaper")
}
