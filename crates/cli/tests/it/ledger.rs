//! The leak ledger: who ran in a project, and what of it is still there.
//!
//! Every claim is a folder in `<state>/runs`; inotify tells of each one, even
//! of those that lived for a moment only. Whatever carries the name of a claim
//! or of the test's folder afterwards (a process, a folder in memory or on
//! disk, a half-written image) is a leak.

use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rustix::fs::inotify;

use crate::patience::until;

/// What to look for when a test ends.
pub(crate) struct Ledger {
    around: PathBuf,
    watch: OwnedFd,
    claims: Mutex<Vec<String>>,
    segments: Mutex<Vec<String>>,
}

impl Ledger {
    /// Opens the ledger of the test in this folder.
    pub(crate) fn open(around: PathBuf) -> Self {
        let runs = around.join("state/runs");
        fs::create_dir_all(&runs).unwrap();
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC);
        let watch = watch.unwrap();
        inotify::add_watch(&watch, &runs, inotify::WatchFlags::CREATE).unwrap();
        Self { around, watch, claims: Mutex::default(), segments: Mutex::default() }
    }

    /// Every claim there ever was.
    pub(crate) fn claims(&self) -> Vec<String> {
        let mut claims = self.claims.lock().unwrap();
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.watch, &mut buffer);
        while let Ok(event) = reader.next() {
            claims.extend(event.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
        claims.clone()
    }

    /// Remembers the System V segment of the server in this data folder
    /// (line 7 of `postmaster.pid`): a killed server leaves it behind.
    pub(crate) fn note_segment(&self, data: &Path) {
        let text = fs::read_to_string(data.join("postmaster.pid")).unwrap();
        let line = text.lines().nth(6).unwrap();
        let id = line.split_whitespace().nth(1).unwrap().to_owned();
        assert!(segments().contains(&id), "the server has no segment {id}");
        self.segments.lock().unwrap().push(id);
    }

    /// Waits until nothing is left; for tests that kill who would clean up.
    #[track_caller]
    pub(crate) fn settle(&self) {
        until(Duration::from_secs(20), || self.leaks().is_empty().then_some(()));
        let leaks = self.leaks();
        assert!(leaks.is_empty(), "left behind:\n{}", leaks.join("\n"));
    }

    /// What is left.
    pub(crate) fn leaks(&self) -> Vec<String> {
        let claims = self.claims();
        let mut leaks = listing(&self.around.join("state/runs"));
        leaks.extend(listing(&self.around.join("run")));
        let images = listing(&self.around.join("cache/images"));
        leaks.extend(images.into_iter().filter(|image| image.contains("/.new-")));
        let kept = listing(&self.around.join("state/kept"));
        leaks.extend(kept.into_iter().filter(|kept| kept.contains("/.new-")));
        for memory in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            let found = claims.iter().map(|claim| memory.path().join(claim));
            leaks.extend(found.filter(|dir| dir.exists()).map(|dir| dir.display().to_string()));
        }
        leaks.extend(self.processes(&claims));
        let present = segments();
        let noted = self.segments.lock().unwrap();
        let segments = noted.iter().filter(|id| present.contains(id));
        leaks.extend(segments.map(|id| format!("System V segment {id}")));
        leaks
    }

    /// Processes that carry a claim's or the folder's name in their arguments,
    /// environment or working directory.
    fn processes(&self, claims: &[String]) -> Vec<String> {
        let mut names: Vec<&str> = claims.iter().map(String::as_str).collect();
        names.push(self.around.to_str().unwrap());
        let own = std::process::id().to_string();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let pid = entry.file_name().into_string().unwrap();
            if !pid.bytes().all(|byte| byte.is_ascii_digit()) || pid == own {
                continue;
            }
            let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            let environment = String::from_utf8_lossy(&read("environ")).into_owned();
            let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            let texts = [arguments.as_str(), &environment, &cwd.to_string_lossy()];
            if names.iter().any(|name| texts.iter().any(|text| text.contains(name))) {
                found.push(format!("process {pid}: {arguments}"));
            }
        }
        found
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let leaks = self.leaks();
            assert!(leaks.is_empty(), "left behind:\n{}", leaks.join("\n"));
        }
    }
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().display().to_string()).collect()
}

/// Numbers of all System V segments (second column).
fn segments() -> Vec<String> {
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap();
    let id = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
    table.lines().skip(1).filter_map(id).collect()
}
