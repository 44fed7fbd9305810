//! Evenly spaced values, counted: what numbers, dates and times are dealt from.

use crate::check::{Bound, Demand, Value};

/// `first`, `first + step`, … without some of them.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    first: i128,
    step: i128,
    count: u64,
    /// Places that are left out, ascending.
    left_out: Vec<u64>,
}

/// What an axis is made from.
pub(crate) struct Span {
    /// Least and greatest value of the type.
    pub(crate) whole: (i128, i128),
    /// What is drawn where nothing asks for more.
    pub(crate) usual: (i128, i128),
    pub(crate) step: i128,
}

impl Axis {
    /// The values of `span` that meet the demand; `all` of them, not only the
    /// usual ones. Nothing if there is none.
    pub(crate) fn new(
        span: &Span,
        demand: &Demand,
        all: bool,
        units: impl Fn(&Value, bool) -> Option<i128>,
    ) -> Option<Self> {
        let edge = |bound: &Bound, up: bool| {
            let exact = (units(&bound.value, false)?, units(&bound.value, true)?);
            let at = if up { exact.1 } else { exact.0 };
            let excluded = !bound.inclusive && exact.0 == exact.1;
            Some(if excluded { at + if up { 1 } else { -1 } } else { at })
        };
        let low = demand.low.as_ref().and_then(|bound| edge(bound, true));
        let high = demand.high.as_ref().and_then(|bound| edge(bound, false));
        let (mut first, mut last) = if all {
            // Below the usual ones only where those are not allowed.
            let least = if high.is_some_and(|high| high < span.usual.0) {
                span.whole.0
            } else {
                span.usual.0
            };
            (low.unwrap_or(least), high.unwrap_or(span.whole.1))
        } else {
            usual(span.usual, low, high)
        };
        first = first.max(span.whole.0);
        last = last.min(span.whole.1);
        let (step, offset) = match demand.multiple {
            Some((modulus, remainder)) => {
                let modulus = units(&Value::Number(modulus), false)?.abs().max(1);
                (lcm(modulus, span.step)?, units(&Value::Number(remainder), false)?)
            }
            None => (span.step, 0),
        };
        first += (offset - first).rem_euclid(step);
        if first > last {
            return None;
        }
        let count = u64::try_from((last - first) / step).unwrap_or(u64::MAX - 1).saturating_add(1);
        let mut left_out: Vec<u64> = demand
            .excluded
            .iter()
            .filter_map(|value| {
                let at = units(value, false)? - first;
                (at % step == 0).then(|| u64::try_from(at / step).ok()).flatten()
            })
            .filter(|place| *place < count)
            .collect();
        left_out.sort_unstable();
        left_out.dedup();
        let count = count - left_out.len() as u64;
        (count > 0).then_some(Self { first, step, count, left_out })
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// One of them.
    pub(crate) fn at(&self, index: u64) -> i128 {
        let mut place = index % self.count;
        for left_out in &self.left_out {
            place += u64::from(*left_out <= place);
        }
        self.first + self.step * i128::from(place)
    }
}

/// A bound that is asked for replaces the usual one, and moves the other if it
/// is passed.
fn usual(usual: (i128, i128), low: Option<i128>, high: Option<i128>) -> (i128, i128) {
    let length = usual.1 - usual.0;
    match (low, high) {
        (Some(low), Some(high)) => {
            // Within a wide range the usual values stay where they can.
            let inner = (low.max(usual.0), high.min(usual.1));
            if inner.0 <= inner.1 && high - low > length { inner } else { (low, high) }
        }
        (Some(low), None) => {
            if low <= usual.0 {
                usual
            } else {
                (low, low.saturating_add(length))
            }
        }
        (None, Some(high)) => {
            if high >= usual.1 {
                usual
            } else if high >= usual.0 {
                (usual.0, high)
            } else {
                (high.saturating_sub(length), high)
            }
        }
        (None, None) => usual,
    }
}

fn lcm(a: i128, b: i128) -> Option<i128> {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a.checked_mul(b / x)
}
