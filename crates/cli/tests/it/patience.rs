//! Waiting for something to be so, within a bound.

use std::path::Path;
use std::time::{Duration, Instant};

/// Calls `look` until it yields a value or `bound` has passed.
pub(crate) fn until<T>(bound: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + bound;
    loop {
        if let Some(value) = look() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        // May wake early, which does no harm to a wait that looks again.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Waits for a file with content and reads it.
#[track_caller]
pub(crate) fn content(path: &Path) -> String {
    let text = until(Duration::from_secs(30), || {
        std::fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'))
    });
    text.unwrap_or_else(|| panic!("{} does not appear", path.display())).trim_end().to_owned()
}
