//! `seedbed logs`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use seedbed_api::{Context as _, Kind, Result};
use seedbed_engine::config::Flags;

use super::Context;
use crate::args::LogsArgs;

/// How often a followed log is looked at.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn logs(context: &Context, args: &LogsArgs) -> Result<()> {
    let config = context.config_in_silence(Flags::default())?;
    let path = seedbed_engine::log_file(&context.world()?, &config)?;
    let mut log = File::open(&path).context(Kind::Environment, || reading(&path))?;
    let end =
        seedbed_engine::tail(&mut log, args.lines).context(Kind::Environment, || reading(&path))?;
    let mut flow = context.printer.data(&end)?;
    // The file disappears when the server ends.
    while args.follow && flow.is_continue() && path.exists() {
        std::thread::park_timeout(LOOK);
        flow = context.printer.data(&read_on(&mut log, &path)?)?;
    }
    Ok(())
}

/// What was written since the last call.
fn read_on(log: &mut File, path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    log.read_to_end(&mut bytes).context(Kind::Environment, || reading(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn reading(path: &Path) -> String {
    format!("cannot read {}", path.display())
}
