//! Numbers, dates and times as axes.

use std::fmt::Write as _;

use seedbed_values::Generator;

use super::axis::{Axis, Span};
use super::{Draw, Kind, Unfit};
use crate::check::{Demand, Value};
use crate::decimal::Decimal;
use crate::moment::{Clock, DAY, SECOND, days};

/// More values than any table has rows.
const ENDLESS: u64 = 1 << 24;

impl Kind {
    /// The values that meet a demand, if they are evenly spaced.
    pub(super) fn axis(&self, demand: &Demand, all: bool) -> Option<Option<Axis>> {
        let span = self.span()?;
        Some(Axis::new(&span, demand, all, |value, up| self.units(value, up)))
    }

    /// All values that meet a demand, in parts: those that look usual come first,
    /// others when there are more rows than those. A part that is endless for
    /// any table is the last.
    pub(super) fn parts(&self, demand: &Demand) -> Vec<Axis> {
        let Some(span) = self.span() else { return Vec::new() };
        let mut parts = Vec::new();
        for window in self.windows(&span, demand) {
            let span = Span { whole: window, usual: window, step: span.step };
            let part = Axis::new(&span, demand, true, |value, up| self.units(value, up));
            let is_endless = part.as_ref().is_some_and(|part| part.count() >= ENDLESS);
            parts.extend(part);
            if is_endless {
                break;
            }
        }
        parts
    }

    fn windows(&self, span: &Span, demand: &Demand) -> Vec<(i128, i128)> {
        let (least, greatest) = span.whole;
        match self {
            Self::Moment(Clock::Date | Clock::Timestamp | Clock::Timestamptz, _) => {
                let (low, high) = (span.usual.0.min(day(2000, 1, 1)), span.usual.1);
                let low = if low > day(2023, 12, 31) { span.usual.0 } else { low };
                vec![(low, high), (high + span.step, greatest), (least, low - span.step)]
            }
            _ if demand.low.is_some() => vec![span.whole],
            _ => vec![(span.usual.0, greatest), (least, span.usual.0 - span.step)],
        }
    }

    fn span(&self) -> Option<Span> {
        Some(match self {
            Self::Integer(low, high, (least, most)) => Span {
                whole: (i128::from(*low), i128::from(*high)),
                usual: (
                    i128::from((*least).clamp(*low, *high)),
                    i128::from((*most).clamp(*low, *high)),
                ),
                step: 1,
            },
            Self::Decimal { low, high, scale, step, usual: (least, most) } => {
                let one = 10_i128.checked_pow(*scale).unwrap_or(1);
                let usual = (
                    (one * least / 100).clamp(*low, *high).max(step.min(high).to_owned()),
                    (one * most / 100).clamp(*low, *high),
                );
                let usual =
                    if *least < 0 { ((one * least / 100).max(*low), usual.1) } else { usual };
                Span { whole: (*low, *high), usual, step: *step }
            }
            Self::Moment(clock, like) => moments(*clock, *like),
            _ => return None,
        })
    }

    /// Whether its values are days or moments.
    pub(super) const fn is_calendar(&self) -> bool {
        matches!(self, Self::Moment(Clock::Date | Clock::Timestamp | Clock::Timestamptz, _))
    }

    /// The days or moments of 130 years.
    pub(super) fn century(&self) -> Option<Axis> {
        let whole = (day(1970, 1, 1), day(2099, 12, 28));
        let span = Span { whole, usual: whole, step: self.span()?.step };
        Axis::new(&span, &Demand::default(), true, |_, _| None)
    }

    /// A value of a condition in steps of the least unit.
    fn units(&self, value: &Value, up: bool) -> Option<i128> {
        match (self, value) {
            (Self::Integer(..), Value::Number(number)) => number.units_at(0, up),
            (Self::Decimal { scale, .. }, Value::Number(number)) => number.units_at(*scale, up),
            (Self::Moment(..), Value::Moment(at)) => Some(i128::from(*at)),
            _ => None,
        }
    }

    /// Appends a value of an axis.
    pub(super) fn write_unit(&self, unit: i128, out: &mut String) {
        // Writing to a string cannot fail.
        match self {
            Self::Decimal { scale, .. } => {
                let _ = write!(out, "{}", Decimal::new(unit, *scale));
            }
            Self::Moment(clock, _) => clock.write(i64::try_from(unit).unwrap_or(0), out),
            _ => {
                let _ = write!(out, "{unit}");
            }
        }
    }

    /// Appends one of the values that meet the demand.
    pub(super) fn write_scalar(
        &self,
        draw: &mut Draw<'_>,
        demand: &Demand,
        out: &mut String,
    ) -> Result<(), Unfit> {
        let Some(whole) = draw.unique.clone() else {
            let axis = self.axis(demand, false).flatten().ok_or(Unfit)?;
            let index = draw.index(axis.count());
            self.write_unit(axis.at(index), out);
            return Ok(());
        };
        let parts = self.parts(demand);
        let sizes: Vec<u64> = parts.iter().map(Axis::count).collect();
        let (part, within) = whole.part(&sizes).ok_or(Unfit)?;
        draw.unique = Some(within);
        let index = draw.index(sizes[part]);
        draw.unique = Some(whole);
        self.write_unit(parts[part].at(index), out);
        Ok(())
    }
}

fn moments(clock: Clock, like: Option<Generator>) -> Span {
    if matches!(clock, Clock::Time | Clock::Timetz) {
        let hour = 3_600 * i128::from(SECOND);
        return Span {
            whole: (0, 24 * hour - i128::from(SECOND)),
            usual: (8 * hour, 18 * hour),
            step: i128::from(SECOND),
        };
    }
    let usual = match like {
        Some(Generator::Future | Generator::FutureDate) => (day(2099, 1, 1), day(2099, 12, 28)),
        Some(Generator::BirthDate) => (day(1944, 1, 1), day(2005, 12, 31)),
        Some(Generator::Past | Generator::PastDate) => (day(2023, 10, 3), day(2023, 12, 31)),
        _ => (day(2022, 1, 1), day(2023, 12, 31)),
    };
    let step = if clock == Clock::Date { DAY } else { SECOND };
    Span { whole: (day(1, 1, 1), day(9_999, 12, 28)), usual, step: i128::from(step) }
}

fn day(year: i64, month: i64, of_month: i64) -> i128 {
    i128::from(days(year, month, of_month)) * i128::from(DAY)
}
