//! The reaper: a second process that survives its owner and cleans up after
//! it. It blocks on the lock the owner holds; the kernel hands it over when
//! the owner ends, by whatever means.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use seedbed_api::{Context, Kind, Result};

use crate::claim::{Claim, Orphan};
use crate::folders::Folders;
use crate::sweep::RUN_MARK;

/// The hidden subcommand that runs a reaper; its argument is the claim's folder.
pub const COMMAND: &str = "reaper";

/// A running reaper, told to go when its owner has cleaned up itself.
#[derive(Debug)]
pub struct Reaper(Child);

impl Reaper {
    /// Starts the reaper of a claim.
    ///
    /// # Errors
    /// [`Kind::Environment`] when no process can be started.
    pub fn start(program: &Path, claim: &Claim) -> Result<Self> {
        Command::new(program)
            .arg(COMMAND)
            .arg(claim.dir())
            // Inside another run the outer one's sweep must not end us.
            .env_remove(RUN_MARK)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .spawn()
            .map(Self)
            .context(Kind::Environment, || format!("cannot start {}", program.display()))
    }

    /// Ends the reaper: nothing is left to clean.
    pub fn dismiss(mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The reaper's whole life: leave the terminal, ignore polite signals, wait
/// until the owner is gone. `None` when the owner cleaned up itself.
#[must_use]
pub fn wait_for_owner(folders: &Folders, claim_dir: &Path) -> Option<Orphan> {
    let _ = rustix::process::setsid();
    let ignored = Arc::new(AtomicBool::new(false));
    for signal in
        [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
    {
        let _ = signal_hook::flag::register(signal, Arc::clone(&ignored));
    }
    Orphan::await_owner(folders, claim_dir.to_owned())
}
