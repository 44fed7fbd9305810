//! Dates from day numbers, by Howard Hinnant's `civil_from_days`
//! ("chrono-Compatible Low-Level Date Algorithms"), and the fixed point all
//! times hang off: the clock is never read.

use crate::base::write_padded;

/// Values are made as if this were today: 2024-01-01, days since 1970-01-01.
pub(crate) const EPOCH_DAY: i64 = 19_723;

/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;

/// Year, month and day of a day number since 1970-01-01, in the Gregorian
/// calendar without an end on either side.
#[must_use]
pub const fn civil(day: i64) -> (i64, u64, u64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month as u64, day as u64)
}

/// Appends `2024-01-31`; years are four digits here.
pub(crate) fn write_date(day: i64, out: &mut String) {
    let (year, month, day) = civil(day);
    write_padded(year.unsigned_abs(), 4, out);
    out.push('-');
    write_padded(month, 2, out);
    out.push('-');
    write_padded(day, 2, out);
}

/// Appends `09:26:53`.
pub(crate) fn write_time(second: u64, out: &mut String) {
    for (index, part) in
        [second / 3_600 % 24, second / 60 % 60, second % 60].into_iter().enumerate()
    {
        if index > 0 {
            out.push(':');
        }
        write_padded(part, 2, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        let table = [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (EPOCH_DAY, (2024, 1, 1)),
            (EPOCH_DAY + 59, (2024, 2, 29)),
            (EPOCH_DAY + 60, (2024, 3, 1)),
            (-25_508, (1900, 3, 1)),
            (11_016, (2000, 2, 29)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ];
        for (day, date) in table {
            assert_eq!(civil(day), date, "{day}");
        }
    }

    #[test]
    fn days_follow_one_another_through_four_centuries() {
        let mut last = civil(-80_000);
        for day in -79_999..80_000 {
            let next = civil(day);
            let follows = next == (last.0, last.1, last.2 + 1)
                || next == (last.0, last.1 + 1, 1)
                || next == (last.0 + 1, 1, 1) && last.1 == 12;
            assert!(follows && next.2 <= 31 && next.1 <= 12, "{last:?} {next:?}");
            last = next;
        }
    }

    #[test]
    fn times_are_written() {
        let mut out = String::new();
        write_date(EPOCH_DAY, &mut out);
        write_time(DAY - 1, &mut out);
        assert_eq!(out, "2024-01-0123:59:59");
    }
}
