//! Cleaning up after an owner that is gone. Every step may be repeated: the
//! cleaner itself can be killed between any two of them.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use seedbed_api::Result;

use crate::process::{self, ProcessId};
use crate::record::Record;
use crate::{cluster, folders, postmaster, wait};

/// The environment variable that marks every process of a run.
pub const RUN_MARK: &str = "SEEDBED_RUN";

/// Time a command has to end by itself once its owner is gone.
const GRACE: Duration = Duration::from_secs(2);

/// Name of the data directory in a run's folder.
pub const DATA: &str = "data";

/// Ends every process the record names: the command with all its
/// descendants, then the server.
pub fn end_processes(record: &Record) {
    end_command(record);
    end_servers(record);
}

/// Ends every server process that works in a folder of the record, also when
/// somebody has removed that folder under it.
fn end_servers(record: &Record) {
    for dir in &record.directories {
        postmaster::end_processes(&dir.join(DATA));
    }
}

/// Removes every folder the record names.
///
/// # Errors
/// `Kind::Environment` naming the folder that resists.
pub fn remove_files(record: &Record) -> Result<()> {
    for dir in &record.directories {
        cluster::empty_outside_tablespaces(&dir.join(DATA))?;
        folders::remove(dir)?;
        remove_if_empty(dir.parent());
    }
    Ok(())
}

/// Ends a command's process group gently, then by force, and whatever else
/// still carries the mark of its run: daemons in sessions of their own.
pub fn end_command(record: &Record) {
    let everyone = || {
        let mut all = process::carrying(RUN_MARK, &record.id);
        all.retain(ProcessId::alive);
        all
    };
    let tell = |signal, everyone: &[ProcessId]| {
        if let Some(command) = &record.command {
            command.signal_group(signal, everyone);
        }
        for process in everyone {
            process.signal(signal);
        }
    };
    for signal in [Signal::TERM, Signal::KILL] {
        let left = everyone();
        tell(signal, &left);
        let gone = || everyone().is_empty().then_some(());
        if left.is_empty() || wait::until(GRACE, Duration::from_millis(20), gone).is_some() {
            return;
        }
    }
}

/// The folder that holds the runs' folders goes with the last of them.
fn remove_if_empty(dir: Option<&Path>) {
    if let Some(dir) = dir {
        let _ = std::fs::remove_dir(dir);
    }
}
