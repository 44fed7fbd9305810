//! `cargo xtask soak`: the program under fire, for as long as one likes.
//!
//! *Chaos* kills every participant at random points and then reads the ledger:
//! nothing may be left. *Cycles* runs the program again and again and sees
//! that nothing grows. Both work in lanes, processes of their own that have,
//! where we are root, their own `/dev/shm` and their own System V memory:
//! what is found there can only be theirs.

mod chaos;
mod client;
mod cycles;
mod digest;
mod evidence;
mod factories;
mod holding;
mod lane;
mod leases;
mod ledger;
mod options;
mod participant;
mod report;
mod rewind;
mod round;
mod scene;
pub(crate) mod suite;
mod theatre;
mod version;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::root;
use lane::Order;
use options::{Kind, Options};
use report::{Finding, Report};

/// Lanes side by side where they cannot see each other.
const LANES: u64 = 2;

/// `cargo xtask soak …`.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    match words {
        ["client", rest @ ..] => client::run(rest),
        ["lane", order] => lane::run(order),
        ["holder", rest @ ..] => holding::run(rest),
        ["factories", rest @ ..] => factories::run(rest),
        ["leases", rest @ ..] => leases::run(rest),
        ["rewind", rest @ ..] => rewind::run(rest),
        ["suite", rest @ ..] => suite::run(rest),
        _ => {
            let options = Options::read(words)?;
            match &options.program {
                Some(program) => soak(&options, program),
                None => soak(&options, &root::seedbed_release()?),
            }
        }
    }
}

/// The shortest form that kills everybody, for every push.
pub(crate) fn short() -> Result<bool> {
    let options = Options::read(&["chaos", "--rounds", "2"])?;
    let good = soak(&options, &root::seedbed()?)?;
    Ok(good & leases::short()? & rewind::short()? & factories::short()?)
}

fn soak(options: &Options, program: &Path) -> Result<bool> {
    if !Path::new("/proc/self/stat").exists() {
        bail!("soak reads the process list from /proc, which this system does not have");
    }
    let began = Instant::now();
    let private = can_be_private();
    let mut good = true;
    let own = if private { "with memory folders of their own" } else { "on disk, as not root" };
    println!("seed {} · lanes {own} · {}", options.seed, program.display());
    for kind in options.kinds() {
        let lanes = if private && *kind == Kind::Chaos { LANES } else { 1 };
        let orders = (0..lanes).map(|lane| Order {
            kind: *kind,
            options: options.clone(),
            program: program.to_owned(),
            lane,
            lanes,
            private,
        });
        let report = drive(orders.collect())?;
        print!("{report}");
        good &= report.is_good();
    }
    println!("took {} s", began.elapsed().as_secs());
    Ok(good)
}

/// Runs the lanes and gathers what they find; shows failures as they come.
fn drive(orders: Vec<Order>) -> Result<Report> {
    let (sender, findings) = mpsc::channel();
    std::thread::scope(|scope| {
        let lanes: Vec<_> = orders
            .into_iter()
            .map(|order| {
                let sender = sender.clone();
                scope.spawn(move || follow(&order, &sender))
            })
            .collect();
        drop(sender);
        let mut report = Report::default();
        for finding in findings {
            report.add(finding);
        }
        for lane in lanes {
            match lane.join() {
                Ok(outcome) => outcome?,
                Err(_) => bail!("a lane panicked"),
            }
        }
        Ok(report)
    })
}

fn follow(order: &Order, sender: &mpsc::Sender<Finding>) -> Result<()> {
    let own = std::env::current_exe()?;
    let mut command = if order.private {
        let mut command = Command::new("unshare");
        command.args(["--ipc", "--mount", "--"]).arg(own);
        command
    } else {
        Command::new(own)
    };
    let mut child = command
        .args(["soak", "lane", &serde_json::to_string(order)?])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start a lane")?;
    for line in BufReader::new(child.stdout.take().context("a lane has no output")?).lines() {
        let line = line?;
        let finding = serde_json::from_str(&line).with_context(|| format!("not ours: {line}"))?;
        sender.send(finding)?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("lane {} ended with {status}", order.lane);
    }
    Ok(())
}

/// Whether we may have a `/dev/shm` and System V memory of our own.
fn can_be_private() -> bool {
    let script = "mount -t tmpfs tmpfs /dev/shm";
    rustix::process::geteuid().is_root()
        && Command::new("unshare")
            .args(["--ipc", "--mount", "--", "sh", "-c", script])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}
