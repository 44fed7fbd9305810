//! Decimal numbers as conditions need them: exact, bounded, no float.

use std::cmp::Ordering;
use std::fmt;

/// Digits after the point at most; more are not read.
const MOST: u32 = 18;

/// `units / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal {
    units: i128,
    scale: u32,
}

impl Decimal {
    pub(crate) const fn new(units: i128, scale: u32) -> Self {
        Self { units, scale }
    }

    pub(crate) const fn integer(value: i64) -> Self {
        Self { units: value as i128, scale: 0 }
    }

    /// Reads the text form of any of the server's numeric types; nothing for
    /// `NaN`, infinities and more digits than fit.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() == 0 || whole.len() + fraction.len() > 34 {
            return None;
        }
        let mut units: i128 = 0;
        for digit in whole.chars().chain(fraction.chars()) {
            units = units.checked_mul(10)?.checked_add(i128::from(digit.to_digit(10)?))?;
        }
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        if scale < 0 {
            let factor = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
            return Some(Self { units: sign * units.checked_mul(factor)?, scale: 0 });
        }
        let found = Self { units: sign * units, scale: u32::try_from(scale).ok()? }.reduced();
        (found.scale <= MOST).then_some(found)
    }

    fn reduced(mut self) -> Self {
        while self.scale > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.scale -= 1;
        }
        self
    }

    /// Both with the scale of the finer one.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let lift =
            |number: Self| number.units.checked_mul(10_i128.checked_pow(scale - number.scale)?);
        Some((lift(self)?, lift(other)?, scale))
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { units: a.checked_add(b)?, scale }.reduced())
    }

    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { units: -other.units, scale: other.scale })
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let units = self.units.checked_mul(other.units)?;
        let product = Self { units, scale: self.scale + other.scale }.reduced();
        (product.scale <= MOST).then_some(product)
    }

    /// The quotient, if it is exact.
    pub(crate) fn over(self, other: Self) -> Option<Self> {
        let (a, b, _) = self.aligned(other)?;
        if b == 0 {
            return None;
        }
        let lifted = a.checked_mul(10_i128.pow(MOST / 2))?;
        (lifted % b == 0).then(|| Self { units: lifted / b, scale: MOST / 2 }.reduced())
    }

    /// The whole quotient, rounded toward zero as the server does.
    pub(crate) fn whole_over(self, other: Self) -> Option<Self> {
        let (a, b, _) = self.aligned(other)?;
        a.checked_div(b).map(|units| Self { units, scale: 0 })
    }

    /// The remainder, with the sign of the dividend as the server's.
    pub(crate) fn modulo(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        a.checked_rem(b).map(|units| Self { units, scale }.reduced())
    }

    pub(crate) fn negated(self) -> Self {
        Self { units: -self.units, scale: self.scale }
    }

    pub(crate) fn absolute(self) -> Self {
        Self { units: self.units.abs(), scale: self.scale }
    }

    pub(crate) const fn is_negative(self) -> bool {
        self.units < 0
    }

    pub(crate) fn is_whole(self) -> bool {
        self.reduced().scale == 0
    }

    /// In units of `10^-scale`, rounded down or up.
    pub(crate) fn units_at(self, scale: u32, up: bool) -> Option<i128> {
        if scale >= self.scale {
            return self.units.checked_mul(10_i128.checked_pow(scale - self.scale)?);
        }
        let divisor = 10_i128.checked_pow(self.scale - scale)?;
        let floor = self.units.div_euclid(divisor);
        Some(floor + i128::from(up && self.units.rem_euclid(divisor) != 0))
    }

    /// The nearest i64 that is not above (not below, if `up`), saturating.
    pub(crate) fn to_i64(self, up: bool) -> i64 {
        let units =
            self.units_at(0, up).unwrap_or(if self.units < 0 { i128::MIN } else { i128::MAX });
        i64::try_from(units).unwrap_or(if units < 0 { i64::MIN } else { i64::MAX })
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.aligned(*other) {
            Some((a, b, _)) => a.cmp(&b),
            // Only numbers of very different size cannot be aligned: the whole
            // parts decide.
            None => {
                let whole = |number: &Self| {
                    10_i128.checked_pow(number.scale).map_or(0, |divisor| number.units / divisor)
                };
                whole(self).cmp(&whole(other))
            }
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.units.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let sign = if self.units < 0 { "-" } else { "" };
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_and_written() {
        let table = [
            ("0", Some("0")),
            ("-1.50", Some("-1.5")),
            ("1e3", Some("1000")),
            ("15e-1", Some("1.5")),
            (".5", Some("0.5")),
            ("NaN", None),
            ("", None),
            ("-", None),
        ];
        for (text, expected) in table {
            let read = Decimal::parse(text).map(|number| number.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn rounding_is_to_the_side_asked_for() {
        let number = Decimal::parse("-1.25").unwrap();
        assert_eq!((number.to_i64(false), number.to_i64(true)), (-2, -1));
        assert_eq!(number.units_at(1, false), Some(-13));
        assert_eq!(number.units_at(1, true), Some(-12));
        assert_eq!(number.units_at(3, true), Some(-1250));
    }

    proptest! {
        #[test]
        fn arithmetic_is_exact(a in -1_000_000_i64..1_000_000, b in -1_000_i64..1_000, scale in 0_u32..6) {
            let (x, y) = (Decimal::new(i128::from(a), scale), Decimal::integer(b));
            prop_assert_eq!(x.plus(y).unwrap().minus(y).unwrap(), x);
            prop_assert_eq!(Decimal::parse(&x.to_string()).unwrap(), x);
            if b != 0 {
                prop_assert_eq!(x.times(y).unwrap().over(y).unwrap(), x);
            }
        }
    }
}
