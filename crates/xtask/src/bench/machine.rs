//! The machine under the figures.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use seedbed_server::Account;
use seedbed_server::binaries::{Binaries, Choice, Finder, Wanted};

/// The server that `seedbed run` would use.
pub(crate) fn binaries(cache: &Path, account: Option<&Account>) -> Result<Binaries> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let finder = Finder {
        os_user: account.map(|account| (account.uid, account.gid)),
        ..Finder::new(cache, path, &seedbed_api::Silent)
    };
    Ok(finder.find(&Wanted { choice: Choice::Auto, version: None })?)
}

/// Facts that a reader of the figures needs.
pub(crate) fn facts(
    binaries: &Binaries,
    cache: &Path,
    data: &Path,
) -> Result<Vec<(&'static str, String)>> {
    let cores = std::thread::available_parallelism()?;
    let memory = memory_mb().map_or("unknown".to_owned(), |megabytes| megabytes.to_string());
    let system = rustix::system::uname();
    let kernel = [system.sysname(), system.release(), system.machine()]
        .map(|part| part.to_string_lossy().into_owned())
        .join(" ");
    Ok(vec![
        ("machine", format!("{cores} cores, {memory} MB of memory, {kernel}")),
        ("load", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()),
        ("cache on", file_system(cache)),
        ("servers on", file_system(data)),
        ("server", format!("PostgreSQL {} ({})", binaries.version, binaries.origin.word())),
    ])
}

/// Memory of the machine, where the system tells it in /proc.
fn memory_mb() -> Option<u64> {
    let table = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = table.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib >> 10)
}

/// Type of the file system that holds a folder, as `df` tells it.
pub(crate) fn file_system(folder: &Path) -> String {
    let output = Command::new("df").arg("-PT").arg(folder).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let kind = text
        .ok()
        .and_then(|text| text.lines().nth(1)?.split_whitespace().nth(1).map(ToOwned::to_owned));
    kind.unwrap_or_else(|| "unknown".to_owned())
}
