//! `cargo xtask bench NAME`: how fast the program is, beside the limit and
//! beside its peers.
//!
//! All benchmarks share one form. Limit, product and peers are measured in one
//! call, in turns, so that whatever else the machine does hits them alike.
//! Printed are medians with their range, and ratios with target; `--json`
//! prints the same as data, `--check` fails when a target is missed that is
//! asserted (`met`, `MISSED`). One that depends on the machine is compared, and
//! that is all (`PASS`, `MISS`).

mod bare;
mod contestant;
mod desk;
mod factories;
mod isolation;
mod machine;
mod memory;
mod options;
mod peers;
mod python;
mod report;
mod service;
mod start;
mod wire;

use anyhow::{Result, bail};

use options::Options;

/// All benchmarks.
const NAMES: &str = "start, isolation, factories, python";

/// `cargo xtask bench …`.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    let (name, rest) = words.split_first().unwrap_or((&"", &[]));
    let options = Options::read(rest)?;
    if *name == "factories"
        && let Some(is_good) = factories::optimised(rest)?
    {
        return Ok(is_good);
    }
    let report = match *name {
        "start" => start::measure(&options)?,
        "isolation" => isolation::measure(&options)?,
        "factories" => factories::measure(&options)?,
        "python" => python::measure(&options)?,
        "" => bail!("bench needs a name; there are: {NAMES}"),
        other => bail!("no benchmark is named {other}; there are: {NAMES}"),
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report.data())?);
    } else {
        print!("{report}");
    }
    Ok(!options.check || report.is_good())
}

/// The smallest form of every benchmark that has one, for the tests.
pub(crate) fn smoke() -> Result<bool> {
    Ok(isolation::smoke()? && factories::smoke()? && python::smoke()?)
}

/// A runtime of one thread.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
