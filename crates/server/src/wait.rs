//! Level-triggered waiting: look, pause briefly, look again, within a bound.

use std::time::{Duration, Instant};

/// Lets other processes run for a moment.
pub fn pause(time: Duration) {
    // park_timeout may wake early; that is fine for a level-triggered wait.
    std::thread::park_timeout(time);
}

/// Calls `look` until it yields a value or `bound` has passed (then `None`).
/// The pause between looks grows from 0.3 ms to `longest`.
pub fn until<T>(
    bound: Duration,
    longest: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Instant::now() + bound;
    let mut step = Duration::from_micros(300);
    loop {
        if let Some(value) = look() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        pause(step);
        step = (step * 3 / 2).min(longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_at_its_bound() {
        let started = Instant::now();
        assert!(
            until(Duration::from_millis(20), Duration::from_millis(2), || None::<()>).is_none()
        );
        assert!(started.elapsed() >= Duration::from_millis(20));
    }
}
