//! How much memory Seedbed itself takes: the peaks of `seedbed run` and of its
//! reaper, without the server.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::processes;

/// How long a run may take to hand over.
const READY_BOUND: Duration = Duration::from_secs(30);
/// Pause between two looks while it cleans up.
const LOOK: Duration = Duration::from_millis(1);

/// Peaks in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peaks {
    /// Of `seedbed run`.
    pub(crate) run: u64,
    /// Of its reaper.
    pub(crate) reaper: u64,
}

/// Runs `seedbed run -- cat` and looks at both until they have ended; the
/// kernel keeps the peak, so nothing between two looks is missed but the last.
pub(crate) fn peaks(mut run: Command) -> Result<Peaks> {
    run.args(["run", "--", "cat"]).stdin(Stdio::piped());
    let mut child = run.spawn().context("cannot run seedbed")?;
    let children = |name: &str| {
        processes::children(child.id().cast_signed()).into_iter().find(|one| one.name == name)
    };
    let began = seedbed_server::until(READY_BOUND, LOOK, || children("cat"));
    let reaper = children("seedbed").map(|process| process.pid.cast_unsigned());
    // The end of its input ends the command.
    drop(child.stdin.take());
    let mut peaks = Peaks::default();
    let ended = seedbed_server::until(READY_BOUND, LOOK, || {
        let peak = |pid: u32| processes::status_bytes(pid, "VmHWM").unwrap_or(0);
        peaks.run = peaks.run.max(peak(child.id()));
        peaks.reaper = peaks.reaper.max(reaper.map_or(0, peak));
        child.try_wait().ok().flatten()
    });
    match (began, ended) {
        (Some(_), Some(status)) if status.success() && peaks.run > 0 && peaks.reaper > 0 => {
            Ok(peaks)
        }
        (_, Some(status)) => bail!("the run whose memory was looked at ended with {status}"),
        (_, None) => bail!("the run whose memory was looked at does not end"),
    }
}
