//! The example project through `seedbed run`: the main job on real input; and
//! its variants, each test in a database of its own.

use std::process::Command;

use anyhow::Result;

use super::Length;
use super::step::{Step, say};
use super::tally::Tally;
use crate::soak::suite;
use crate::stage::Stage;
use crate::{root, runners};

/// Where it is.
const FOLDER: &str = "examples/shop";

/// Every example in Rust.
pub(crate) const WORKSPACES: [&str; 3] =
    [FOLDER, "examples/shop/variants", "examples/runners/nextest"];

/// Runs the example's tests on the server that `auto` finds; in the full form
/// on fetched binaries as well.
pub(crate) fn run(length: Length) -> Result<Tally> {
    let servers: &[&str] = match length {
        Length::Short => &["auto"],
        Length::Full => &["auto", "embedded"],
    };
    let program = match root::seedbed() {
        Ok(program) => program,
        Err(error) => {
            println!("FAIL example: {error:#}");
            return Ok(Tally::check(false));
        }
    };
    let folder = root::find()?.join(FOLDER);
    let mut tally = Tally::default();
    for server in servers {
        let mut command = Command::new(&program);
        command.arg("run").arg("-C").arg(&folder).args(["--server", server]);
        command.args(["--", "cargo", "test", "--quiet"]);
        tally.add(Step::new(format!("example on {server}"), command).counted()?);
    }
    let stage = Stage::open("suite", &program)?;
    tally.add(Step::new("variants of the example", suite::short(&stage)?).counted()?);
    // They take packages from the network.
    if length == Length::Full {
        tally.add(say("runners", || runners::run(&[])));
    }
    Ok(tally)
}
