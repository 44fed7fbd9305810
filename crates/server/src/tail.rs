//! The last lines of a log, which may be long and may still grow.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use seedbed_api::{Context as _, Kind, Result};

/// How far back lines are searched for.
const WINDOW_BYTES: u64 = 1 << 20;

/// The last lines of a file, with their ends. Only its last MiB is looked at,
/// and a line that begins before is no whole one and not shown. The file stands
/// at its end then: what is written later is read from there.
///
/// # Errors
/// [`Kind::Environment`] where it cannot be read.
pub fn tail(log: &mut File, lines: usize) -> Result<String> {
    let unread = || "cannot read the end of a log".to_owned();
    let length = log.metadata().context(Kind::Environment, unread)?.len();
    let from = length.saturating_sub(WINDOW_BYTES);
    let mut bytes = Vec::new();
    log.seek(SeekFrom::Start(from))
        .and_then(|_| log.read_to_end(&mut bytes))
        .context(Kind::Environment, unread)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = match text.split_once('\n') {
        Some((_, rest)) if from > 0 => rest,
        _ => &text,
    };
    Ok(last_lines(whole, lines).to_owned())
}

/// The last lines of a file, without the last one's end; nothing if it cannot be
/// read. For failures, which have no better to tell then.
pub(crate) fn tail_of(path: &Path, lines: usize) -> String {
    let end = File::open(path).ok().and_then(|mut log| tail(&mut log, lines).ok());
    end.unwrap_or_default().trim_end().to_owned()
}

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
    use std::fs;
    use std::io::Write as _;

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

    #[test]
    fn the_tail_is_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "a\nb\nc\n").unwrap();
        assert_eq!(tail_of(&path, 2), "b\nc");
        assert_eq!(tail_of(&dir.path().join("none"), 2), "");
    }

    #[test]
    fn a_long_log_begins_with_a_whole_line_and_is_read_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "0123456789\n".repeat(200_000)).unwrap();
        let mut log = File::open(&path).unwrap();
        let end = tail(&mut log, usize::MAX).unwrap();
        assert!(end.len() as u64 > WINDOW_BYTES - 11, "{}", end.len());
        assert!(end.lines().all(|line| line == "0123456789"));
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"later\n").unwrap();
        let mut later = String::new();
        log.read_to_string(&mut later).unwrap();
        assert_eq!(later, "later\n");
    }
}
