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
mod isolation;
mod machine;
mod memory;
mod options;
mod peers;
mod report;
mod start;
mod wire;

use anyhow::{Result, bail};

use options::Options;

/// `cargo xtask bench …`.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    let (name, rest) = words.split_first().unwrap_or((&"", &[]));
    let options = Options::read(rest)?;
    let report = match *name {
        "start" => start::measure(&options)?,
        "isolation" => isolation::measure(&options)?,
        "" => bail!("bench needs a name; there are: start, isolation"),
        other => bail!("no benchmark is named {other}; there are: start, isolation"),
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
    isolation::smoke()
}

/// A runtime of one thread.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
