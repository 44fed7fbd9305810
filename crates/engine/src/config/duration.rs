//! Durations as people write them: `90s`, `30m`, `4h`, `2d`, or `never`.

use std::time::Duration;

/// Longest duration accepted: beyond it `never` is what is meant.
const MAX_DAYS: u64 = 365;

/// Reads one number with one unit; `Some(None)` is `never`, `None` is not a duration.
pub(super) fn parse(text: &str) -> Option<Option<Duration>> {
    if text == "never" {
        return Some(None);
    }
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let factor: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
    (1..=MAX_DAYS * 24 * 60 * 60).contains(&seconds).then(|| Some(Duration::from_secs(seconds)))
}

/// Writes what [`parse`] reads, in the largest unit that is exact.
pub(super) fn write(duration: Option<Duration>) -> String {
    let Some(duration) = duration else { return "never".into() };
    let seconds = duration.as_secs();
    for (factor, unit) in [(24 * 60 * 60, "d"), (60 * 60, "h"), (60, "m")] {
        if seconds.is_multiple_of(factor) {
            return format!("{}{unit}", seconds / factor);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn not_durations() {
        for bad in
            ["", "30", "m", "0m", "-5m", "1.5h", "30 m", "30min", "366d", "99999999999999999d"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse("never"), Some(None));
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(seconds in 1u64..=365 * 24 * 60 * 60) {
            let duration = Some(Duration::from_secs(seconds));
            prop_assert_eq!(parse(&write(duration)), Some(duration));
        }
    }
}
