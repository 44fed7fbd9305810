//! One lane: a process that does a share of the rounds and tells each as a
//! line of JSON.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use super::options::{Kind, Options};
use super::report::Finding;
use super::{chaos, cycles};

/// What a lane is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// What to do.
    pub(crate) kind: Kind,
    /// As the person asked.
    pub(crate) options: Options,
    /// The program under test.
    pub(crate) program: PathBuf,
    /// Which lane this is, of how many.
    pub(crate) lane: u64,
    /// How many there are.
    pub(crate) lanes: u64,
    /// Whether memory folders and System V memory are ours alone.
    pub(crate) private: bool,
}

/// The lane's whole life.
pub(crate) fn run(order: &str) -> Result<bool> {
    let order: Order = serde_json::from_str(order)?;
    if order.private {
        hide_memory()?;
    }
    match order.kind {
        Kind::Chaos => chaos::play(&order)?,
        Kind::Cycles => cycles::play(&order)?,
    }
    Ok(true)
}

impl Order {
    /// When to stop, where a time was given.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.options.time.map(|time| Instant::now() + time)
    }
}

/// Tells the parent.
pub(crate) fn tell(finding: &Finding) -> Result<()> {
    println!("{}", serde_json::to_string(finding)?);
    Ok(())
}

/// Puts an empty `/dev/shm` over the common one, in our mount namespace only.
fn hide_memory() -> Result<()> {
    let status = Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/dev/shm"]).status()?;
    if !status.success() {
        bail!("mount ended with {status}");
    }
    Ok(())
}
