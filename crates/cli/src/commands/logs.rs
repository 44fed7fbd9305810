//! `seedbed logs`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use seedbed_api::{Context as _, Kind, Result};
use seedbed_engine::config::Flags;

use super::Context;
use crate::args::LogsArgs;

/// How often `--follow` looks for more.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn logs(context: &Context, args: &LogsArgs) -> Result<()> {
    let config = context.config(Flags::default())?;
    let path = seedbed_engine::log_file(&context.world()?, &config)?;
    let tail = seedbed_engine::tail(&path, args.lines);
    let shown = if tail.is_empty() { String::new() } else { format!("{tail}\n") };
    let read = context.printer.data(&shown)?;
    if args.follow && read.is_continue() { follow(context, &path) } else { Ok(()) }
}

/// Prints what is added until the log is gone or nobody reads.
fn follow(context: &Context, path: &Path) -> Result<()> {
    let reading = || format!("cannot read {}", path.display());
    let mut file = File::open(path).context(Kind::Environment, reading)?;
    file.seek(SeekFrom::End(0)).context(Kind::Environment, reading)?;
    while path.exists() {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).context(Kind::Environment, reading)?;
        if !bytes.is_empty() && context.printer.data(&String::from_utf8_lossy(&bytes))?.is_break() {
            break;
        }
        std::thread::park_timeout(LOOK);
    }
    Ok(())
}
