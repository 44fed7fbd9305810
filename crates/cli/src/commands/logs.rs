//! `seedbed logs`.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use seedbed_api::{Context as _, Kind, Result};
use seedbed_engine::config::Flags;

use super::Context;
use crate::args::LogsArgs;

/// How far back the last lines are searched for.
const WINDOW_BYTES: u64 = 1024 * 1024;

/// How often a followed log is looked at.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn logs(context: &Context, args: &LogsArgs) -> Result<()> {
    let config = context.config_in_silence(Flags::default())?;
    let path = seedbed_engine::log_file(&context.world()?, &config)?;
    let mut log = File::open(&path).context(Kind::Environment, || reading(&path))?;
    let length = log.metadata().context(Kind::Environment, || reading(&path))?.len();
    log.seek(SeekFrom::Start(length.saturating_sub(WINDOW_BYTES)))
        .context(Kind::Environment, || reading(&path))?;
    let window = read_on(&mut log, &path)?;
    let mut flow = context.printer.data(last_lines(&window, args.lines))?;
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

/// The last `count` lines, with their ends.
fn last_lines(text: &str, count: usize) -> &str {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let start = match count {
        0 => text.len(),
        _ => body.rmatch_indices('\n').nth(count - 1).map_or(0, |(at, _)| at + 1),
    };
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_whole() {
        for (text, count, expected) in [
            ("a\nb\nc\n", 2, "b\nc\n"),
            ("a\nb\nc", 2, "b\nc"),
            ("a\nb\n", 9, "a\nb\n"),
            ("a\nb\n", 0, ""),
            ("", 3, ""),
        ] {
            assert_eq!(last_lines(text, count), expected, "{text:?}");
        }
    }
}
