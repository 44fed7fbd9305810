//! Dates and times as microseconds, read and written in the server's ISO form.

/// Microseconds of a second, a day.
pub(crate) const SECOND: i64 = 1_000_000;
/// See [`SECOND`].
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// Days from 1970-01-01 to a date of the Gregorian calendar (Hinnant, "chrono-
/// compatible low-level date algorithms").
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days`].
pub(crate) fn date(days: i64) -> (i64, i64, i64) {
    let (year, month, day) = seedbed_values::civil(days);
    (year, month.cast_signed(), day.cast_signed())
}

/// Reads `2024-01-31`, `2024-01-31 12:30:00.5+02`, `12:30` (on day 0), with a
/// `T` between and `Z` or an offset behind. Without an offset it is UTC, as the
/// sessions of Seedbed are.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if !text.is_ascii() {
        return None;
    }
    let is_date = text.len() >= 8 && text.as_bytes().get(4) == Some(&b'-');
    if !is_date {
        return time(text);
    }
    let (date, rest) = match text.find([' ', 'T']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-').map(|part| {
        part.chars().all(|c| c.is_ascii_digit()).then(|| part.parse::<i64>().ok()).flatten()
    });
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let start = days(year, month, day) * DAY;
    rest.map_or(Some(start), |rest| Some(start + time(rest)?))
}

fn time(text: &str) -> Option<i64> {
    let (clock, offset) = match text.find(['+', '-', 'Z']) {
        Some(at) if &text[at..] == "Z" => (&text[..at], 0),
        Some(at) => {
            let sign = if text.as_bytes()[at] == b'-' { 1 } else { -1 };
            (&text[..at], sign * clock_micros(&text[at + 1..])?)
        }
        None => (text, 0),
    };
    if !clock.contains(':') {
        return None;
    }
    Some(clock_micros(clock)? + offset)
}

/// `12`, `12:30`, `12:30:00.123456`.
fn clock_micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut total = 0;
    let mut unit = 3_600 * SECOND;
    for part in whole.split(':') {
        if part.is_empty() || part.len() > 2 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total += part.parse::<i64>().ok()? * unit;
        unit /= 60;
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || fraction.len() > 6 {
        return None;
    }
    let digits = format!("{fraction:0<6}");
    Some(total + digits.parse::<i64>().ok()?)
}

/// What of a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// `2024-01-31`
    Date,
    /// `12:30:00`
    Time,
    /// `12:30:00+00`
    Timetz,
    /// `2024-01-31 12:30:00`
    Timestamp,
    /// `2024-01-31 12:30:00+00`
    Timestamptz,
}

impl Clock {
    /// Appends the moment in the server's input syntax.
    pub(crate) fn write(self, micros: i64, out: &mut String) {
        use std::fmt::Write as _;
        let (day, clock) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
        // Writing to a string cannot fail.
        if !matches!(self, Self::Time | Self::Timetz) {
            let (year, month, of_month) = date(day);
            let _ = write!(out, "{year:04}-{month:02}-{of_month:02}");
        }
        if matches!(self, Self::Timestamp | Self::Timestamptz) {
            out.push(' ');
        }
        if self != Self::Date {
            let seconds = clock / SECOND;
            let (hour, minute) = (seconds / 3_600, seconds / 60 % 60);
            let _ = write!(out, "{hour:02}:{minute:02}:{:02}", seconds % 60);
            if clock % SECOND != 0 {
                let fraction = format!(".{:06}", clock % SECOND);
                out.push_str(fraction.trim_end_matches('0'));
            }
        }
        if matches!(self, Self::Timetz | Self::Timestamptz) {
            out.push_str("+00");
        }
    }
}

/// A span of time; months and microseconds do not convert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Calendar months.
    pub(crate) months: i64,
    /// The rest, a day being 24 hours.
    pub(crate) micros: i64,
}

impl Span {
    /// Reads `1 day`, `-2 years 3 mons`, `1 day 02:00:00`, `00:30:00`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut span = Self { months: 0, micros: 0 };
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            if word.contains(':') {
                let (sign, clock) = match word.strip_prefix('-') {
                    Some(clock) => (-1, clock),
                    None => (1, word.strip_prefix('+').unwrap_or(word)),
                };
                let (hours, rest) = clock.split_once(':')?;
                let micros = hours.parse::<i64>().ok()? * 3_600 * SECOND
                    + clock_micros(&format!("00:{rest}"))?;
                span.micros += sign * micros;
                continue;
            }
            let count: i64 = word.parse().ok()?;
            match words.next()?.trim_end_matches('s') {
                "year" => span.months += count.checked_mul(12)?,
                "mon" | "month" => span.months += count,
                "week" => span.micros += count.checked_mul(7 * DAY)?,
                "day" => span.micros += count.checked_mul(DAY)?,
                "hour" => span.micros += count.checked_mul(3_600 * SECOND)?,
                "minute" | "min" => span.micros += count.checked_mul(60 * SECOND)?,
                "second" | "sec" => span.micros += count.checked_mul(SECOND)?,
                _ => return None,
            }
        }
        Some(span)
    }

    pub(crate) const fn negated(self) -> Self {
        Self { months: -self.months, micros: -self.micros }
    }

    /// The moment so much later; a day the month does not have is its last.
    pub(crate) fn after(self, micros: i64) -> Option<i64> {
        let (day, clock) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
        let (year, month, of_month) = date(day);
        let total = year.checked_mul(12)?.checked_add(month - 1)?.checked_add(self.months)?;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
        if !(1..=9_999).contains(&year) {
            return None;
        }
        let next = days(year + month / 12, month % 12 + 1, 1);
        let last = next - days(year, month, 1);
        let start = days(year, month, of_month.min(last));
        start.checked_mul(DAY)?.checked_add(clock)?.checked_add(self.micros)
    }

    /// About how long it is, to compare spans: the server's own rule of 30 days.
    pub(crate) const fn length(self) -> i64 {
        self.months.saturating_mul(30 * DAY).saturating_add(self.micros)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_read() {
        let table = [
            ("1970-01-01", Some(0)),
            ("2024-02-29", Some(19_782 * DAY)),
            ("1970-01-01 00:00:01.5+00", Some(1_500_000)),
            ("1970-01-01T02:00:00+02", Some(0)),
            ("1970-01-01 00:00:00Z", Some(0)),
            ("12:30", Some(45_000 * SECOND)),
            ("infinity", None),
            ("2024-13-01", None),
            ("42", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn spans_keep_the_calendar() {
        let at = |text: &str| parse(text).unwrap();
        let table = [
            ("1 mon", "2024-01-31", "2024-02-29"),
            ("1 year", "2024-02-29", "2025-02-28"),
            ("-1 mons", "2024-01-15", "2023-12-15"),
            ("1 day 02:00:00", "2024-01-01 00:00:00", "2024-01-02 02:00:00"),
            ("11 mons", "2024-01-31", "2024-12-31"),
        ];
        for (span, from, to) in table {
            assert_eq!(Span::parse(span).unwrap().after(at(from)), Some(at(to)), "{span}");
        }
        assert_eq!(Span::parse("7 parsecs"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(micros in -10_000_000_000_000_i64..3_000_000_000_000_000) {
            for clock in [Clock::Timestamp, Clock::Timestamptz] {
                let mut text = String::new();
                clock.write(micros, &mut text);
                prop_assert_eq!(parse(&text), Some(micros));
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,24}") {
            let _ = (parse(&text), Span::parse(&text));
        }
    }
}
