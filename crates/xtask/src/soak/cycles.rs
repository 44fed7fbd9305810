//! Again and again: what grows with the number of runs is a leak, however
//! small.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use seedbed_server::Record;
use walkdir::WalkDir;

use super::lane::{Order, tell};
use super::ledger::Ledger;
use super::report::{Finding, Outcome};
use super::theatre::{Job, Theatre};
use crate::processes;

/// Runs before the first measurement: caches and pools fill up once.
const WARM_UP: u64 = 4;
/// Runs at the same time.
const SIDE_BY_SIDE: u64 = 4;
/// How long cleaning up may take.
const CLEAN_BOUND: Duration = Duration::from_secs(10);
/// What memory of the service may differ by without having grown.
const MEMORY_SLACK_BYTES: u64 = 2 << 20;
/// Files of a living server come and go by themselves.
const SERVER_FILES_SLACK: usize = 40;
/// A tmpfs on which no cluster fits.
const SMALL_DISK: &str = "size=24m,mode=755";

/// What must not grow.
#[derive(Debug)]
struct Size {
    files: usize,
    server_files: usize,
    memory: u64,
    descriptors: usize,
}

/// Plays all cycles.
pub(crate) fn play(order: &Order) -> Result<()> {
    let theatre = Theatre::open(&order.program, order.private)?;
    let ledger = Ledger::open(&theatre.stage, order.private)?;
    let rounds = order.options.rounds;
    let half = rounds.div_ceil(2);
    theatre.run().context("the first run")?;
    cycle(&theatre, &ledger, "plain runs", half, 1)?;
    report("disk full", "cold run", disk_full(&theatre, &ledger, order.private))?;
    cycle(&theatre, &ledger, "plain runs", rounds - half, 1)?;
    cycle(&theatre, &ledger, "plain runs, four at a time", rounds, SIDE_BY_SIDE)?;
    theatre.succeed("up", theatre.words(&["up"]))?;
    cycle(&theatre, &ledger, "runs on up", rounds, 1)?;
    cycle(&theatre, &ledger, "runs on up, four at a time", rounds, SIDE_BY_SIDE)?;
    let began = Instant::now();
    theatre.succeed("down", theatre.words(&["down"]))?;
    let last = wait_clean(&theatre, &ledger).map(|()| (vec![began.elapsed()], String::new()));
    report("down", "nothing left", last)
}

/// Runs `count` times, so many side by side, and compares before and after.
fn cycle(theatre: &Theatre, ledger: &Ledger, name: &str, count: u64, width: u64) -> Result<()> {
    let outcome = || -> Result<(Vec<Duration>, String)> {
        for _ in 0..WARM_UP.min(count) {
            theatre.run()?;
        }
        let before = size(theatre)?;
        let mut times = Vec::new();
        let mut left = count;
        while left > 0 {
            let now = left.min(width);
            times.extend(together(theatre, now)?);
            left -= now;
        }
        wait_clean(theatre, ledger)?;
        let after = size(theatre)?;
        compare(&before, &after)?;
        Ok((times, growth(&before, &after)))
    };
    report(name, "runs", outcome())
}

/// Starts so many runs at once and waits for all.
fn together(theatre: &Theatre, width: u64) -> Result<Vec<Duration>> {
    let began = Instant::now();
    let mut jobs: Vec<Job> = (0..width)
        .map(|_| theatre.spawn(theatre.words(&["run", "--", "true"])))
        .collect::<Result<_>>()?;
    let mut times = Vec::new();
    for job in &mut jobs {
        let status = job.end()?;
        if !status.success() {
            bail!("a run ended with {status}: {}", theatre.said());
        }
        times.push(began.elapsed());
    }
    Ok(times)
}

fn report(row: &str, column: &str, outcome: Result<(Vec<Duration>, String)>) -> Result<()> {
    let one = |outcome| tell(&Finding { row: row.into(), column: column.into(), outcome });
    match outcome {
        Ok((times, note)) => {
            for took in times {
                one(Outcome::Good { kills: 0, took })?;
            }
            if !note.is_empty() {
                one(Outcome::Note(note))?;
            }
            Ok(())
        }
        Err(error) => one(Outcome::Fault(format!("{error:#}"))),
    }
}

/// Runs on a disk that is too small, then on one without a free byte, then
/// with room again.
fn disk_full(theatre: &Theatre, ledger: &Ledger, private: bool) -> Result<(Vec<Duration>, String)> {
    if !private {
        return Ok((Vec::new(), "needs root, to mount a small disk".into()));
    }
    let disk = theatre.stage.dir().join("small");
    std::fs::create_dir(&disk)?;
    mount(&disk)?;
    let began = Instant::now();
    let outcome = (|| {
        fails_for_space(theatre, &disk)?;
        let filler = disk.join("filler");
        let mut zeros = File::open("/dev/zero")?;
        if std::io::copy(&mut zeros, &mut File::create(&filler)?).is_ok() {
            bail!("a small disk took every byte there is");
        }
        fails_for_space(theatre, &disk)?;
        std::fs::remove_file(&filler)?;
        fails_for_space(theatre, &disk)
    })();
    let status = Command::new("umount").arg(&disk).status()?;
    outcome?;
    if !status.success() {
        bail!("umount ended with {status}: something still uses the full disk");
    }
    std::fs::remove_dir(&disk)?;
    wait_clean(theatre, ledger)?;
    theatre.run().context("after the disk was full")?;
    Ok((vec![began.elapsed()], String::new()))
}

/// A cold run with all folders on `disk` fails, says why, and leaves nothing
/// there but an empty cache.
fn fails_for_space(theatre: &Theatre, disk: &Path) -> Result<()> {
    let mut command = theatre.words(&["run", "--storage", "disk", "--", "true"]);
    for (name, folder) in [
        ("SEEDBED_CACHE_DIR", "cache"),
        ("SEEDBED_STATE_DIR", "state"),
        ("SEEDBED_RUNTIME_DIR", "run"),
    ] {
        command.env(name, disk.join(folder));
    }
    let status = theatre.spawn(command)?.end()?;
    let said = theatre.said();
    if status.success() {
        bail!("a run on a full disk succeeded");
    }
    if !said.contains("No space left") && !said.contains("os error 28") {
        bail!("a run on a full disk does not say so: {said}");
    }
    let left: Vec<PathBuf> = WalkDir::new(disk)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name != "filler" && name != "binaries.json" && !name.ends_with(".lock")
        })
        .collect();
    if !left.is_empty() {
        bail!("left on the full disk: {left:?}");
    }
    Ok(())
}

fn mount(disk: &Path) -> Result<()> {
    let status = Command::new("mount")
        .args(["-t", "tmpfs", "-o", SMALL_DISK, "tmpfs"])
        .arg(disk)
        .status()?;
    if !status.success() {
        bail!("mount ended with {status}");
    }
    Ok(())
}

fn wait_clean(theatre: &Theatre, ledger: &Ledger) -> Result<()> {
    let mut last = Vec::new();
    let clean = seedbed_server::until(CLEAN_BOUND, Duration::from_millis(20), || {
        let service = theatre.service().ok()?;
        last = ledger.leaks(service.as_ref());
        last.is_empty().then_some(service)
    });
    let Some(service) = clean else { bail!("left after {CLEAN_BOUND:?}: {}", last.join("; ")) };
    let databases = service.as_ref().map(|record| ledger.database_leaks(record)).transpose()?;
    match databases.unwrap_or_default().as_slice() {
        [] => Ok(()),
        left => bail!("on the server: {}", left.join("; ")),
    }
}

fn size(theatre: &Theatre) -> Result<Size> {
    let service = theatre.service()?;
    let server = service.as_ref().map(|record| record.directories.clone()).unwrap_or_default();
    let count = |folder: &Path| WalkDir::new(folder).into_iter().flatten().count();
    Ok(Size {
        files: count(theatre.stage.dir())
            - server
                .iter()
                .filter(|dir| dir.starts_with(theatre.stage.dir()))
                .map(|dir| count(dir))
                .sum::<usize>(),
        server_files: server.iter().map(|dir| count(dir)).sum(),
        memory: service.as_ref().map_or(0, memory),
        descriptors: service
            .as_ref()
            .map_or(0, |record| count(&PathBuf::from(format!("/proc/{}/fd", record.owner.pid)))),
    })
}

/// Resident memory of a service and its reaper; not of its server.
fn memory(record: &Record) -> u64 {
    let rss = |pid: i32| processes::status_bytes(pid.cast_unsigned(), "VmRSS").unwrap_or(0);
    let children = processes::children(record.owner.pid);
    let reaper = children.iter().find(|process| process.name != "postgres");
    rss(record.owner.pid) + reaper.map_or(0, |process| rss(process.pid))
}

fn compare(before: &Size, after: &Size) -> Result<()> {
    let grown = after.files > before.files
        || after.server_files > before.server_files + SERVER_FILES_SLACK
        || after.memory > before.memory + MEMORY_SLACK_BYTES
        || after.descriptors > before.descriptors;
    if grown {
        bail!("something grows: {}", growth(before, after));
    }
    Ok(())
}

fn growth(before: &Size, after: &Size) -> String {
    let mut parts = vec![format!("files {} → {}", before.files, after.files)];
    if after.memory > 0 {
        parts.push(format!("files of the server {} → {}", before.server_files, after.server_files));
        parts.push(format!("service {} → {} kB", before.memory >> 10, after.memory >> 10));
        parts.push(format!("its descriptors {} → {}", before.descriptors, after.descriptors));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_an_error() {
        let size = |files, memory| Size { files, server_files: 900, memory, descriptors: 9 };
        assert!(compare(&size(10, 5 << 20), &size(10, 6 << 20)).is_ok());
        assert!(compare(&size(10, 5 << 20), &size(11, 5 << 20)).is_err());
        assert!(compare(&size(10, 5 << 20), &size(10, 8 << 20)).is_err());
    }
}
