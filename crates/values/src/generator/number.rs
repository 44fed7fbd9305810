//! Decimals as whole numbers of their last digit: 12.50 is 1250 with scale 2.

use crate::base::write_padded;
use crate::limits::Limits;
use crate::stream::Stream;

/// Digits after the point and in all that a draw fills.
const MOST_SCALE: u32 = 9;
const MOST_PRECISION: u32 = 18;

/// A range of decimals of one scale, both ends included.
pub(super) struct Units {
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) scale: u32,
}

impl Units {
    /// The usual range `[low, high]` under these limits; nothing if no number
    /// keeps them. Without a scale there are two digits after the point.
    pub(super) fn of(limits: &Limits, low: i64, high: i64) -> Option<Self> {
        let precision = limits.precision.unwrap_or(MOST_PRECISION).min(MOST_PRECISION);
        let scale = limits.scale.unwrap_or(2);
        // numeric(2, 4) holds 0.0099: the digits are the last ones.
        let precision = precision.saturating_sub(scale.saturating_sub(MOST_SCALE));
        let scale = scale.min(MOST_SCALE);
        let unit = 10i128.pow(scale);
        let most = 10i128.pow(precision) - 1;
        let (low, high) = limits.usual(low, high);
        // A usual bound gives way to the precision, a demanded one does not move.
        let low = match limits.min {
            None => (i128::from(low) * unit).clamp(-most, most),
            Some(_) => (i128::from(low) * unit).max(-most),
        };
        let high = match limits.max {
            None => (i128::from(high) * unit).clamp(-most, most),
            Some(_) => (i128::from(high) * unit).min(most),
        };
        let low = if limits.min.is_none() { low.min(high) } else { low };
        // Eighteen digits fit into 64 bits.
        let (low, high) = (i64::try_from(low).ok()?, i64::try_from(high).ok()?);
        (low <= high).then_some(Self { low, high, scale })
    }

    /// A number of the range: one draw.
    pub(super) fn draw(&self, stream: &mut Stream) -> i64 {
        stream.between(self.low, self.high)
    }
}

/// Appends a number of units as a decimal.
pub(super) fn write(units: i64, scale: u32, out: &mut String) {
    if units < 0 {
        out.push('-');
    }
    let unit = 10u64.pow(scale.min(MOST_SCALE));
    write_padded(units.unsigned_abs() / unit, 1, out);
    if scale > 0 {
        out.push('.');
        write_padded(units.unsigned_abs() % unit, scale as usize, out);
    }
}
