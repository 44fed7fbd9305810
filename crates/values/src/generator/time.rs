//! Times, all hanging off 2024-01-01T00:00:00Z: the clock is never read, so a
//! value is the same tomorrow. What must not expire lies in 2099. One draw each.

use super::number;
use super::pen::Pen;
use crate::calendar::{DAY, EPOCH_DAY, write_date, write_time};

/// Days of two years and of a quarter.
const TWO_YEARS: u64 = 730;
const QUARTER: u64 = 90;
/// 2099-01-01, days since 1970-01-01, and the days of that year.
const FAR_DAY: i64 = 47_117;
const FAR_DAYS: u64 = 365;

pub(super) fn date(pen: &mut Pen<'_>) {
    write_day_before(pen, TWO_YEARS);
}

pub(super) fn past_date(pen: &mut Pen<'_>) {
    write_day_before(pen, QUARTER);
}

fn write_day_before(pen: &mut Pen<'_>, days: u64) {
    let back = pen.stream.below(days) as i64;
    write_date(EPOCH_DAY - 1 - back, pen.out);
}

pub(super) fn future_date(pen: &mut Pen<'_>) {
    let ahead = pen.stream.below(FAR_DAYS) as i64;
    write_date(FAR_DAY + ahead, pen.out);
}

/// Older than 18 and not yet 80 years.
pub(super) fn birth_date(pen: &mut Pen<'_>) {
    let back = pen.stream.below(22_600) as i64;
    write_date(EPOCH_DAY - 6_575 - back, pen.out);
}

pub(super) fn time(pen: &mut Pen<'_>) {
    let second = pen.stream.below(DAY);
    write_time(second, pen.out);
}

pub(super) fn timestamp(pen: &mut Pen<'_>) {
    let second = pen.stream.below(TWO_YEARS * DAY);
    write_moment(pen, EPOCH_DAY - TWO_YEARS as i64, second);
}

pub(super) fn past(pen: &mut Pen<'_>) {
    let second = pen.stream.below(QUARTER * DAY);
    write_moment(pen, EPOCH_DAY - QUARTER as i64, second);
}

pub(super) fn future(pen: &mut Pen<'_>) {
    let second = pen.stream.below(FAR_DAYS * DAY);
    write_moment(pen, FAR_DAY, second);
}

/// The moment `second` seconds after the beginning of a day.
fn write_moment(pen: &mut Pen<'_>, day: i64, second: u64) {
    write_date(day + (second / DAY) as i64, pen.out);
    pen.out.push(' ');
    write_time(second % DAY, pen.out);
    pen.out.push_str("+00");
}

pub(super) fn duration(pen: &mut Pen<'_>) {
    let minutes = 1 + pen.stream.below(480);
    pen.out.push_str("PT");
    if minutes >= 60 {
        pen.number(minutes / 60, 1);
        pen.out.push('H');
    }
    if !minutes.is_multiple_of(60) {
        pen.number(minutes % 60, 1);
        pen.out.push('M');
    }
}

pub(super) fn year(pen: &mut Pen<'_>) {
    write_usual(pen, 1990, 2023);
}

pub(super) fn month(pen: &mut Pen<'_>) {
    write_usual(pen, 1, 12);
}

fn write_usual(pen: &mut Pen<'_>, low: i64, high: i64) {
    let (low, high) = pen.limits.usual(low, high);
    if low <= high {
        let value = pen.stream.between(low, high);
        number::write(value, 0, pen.out);
    }
}
