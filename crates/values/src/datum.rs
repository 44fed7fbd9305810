//! A value as it enters a hash: [`Datum`] and its tag-length-value form, which
//! is one tag byte of [`TAGS`], the length as big-endian u32, the bytes.
//! Nothing is ambiguous: no delimiter, no float, no locale, no time zone.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Tag bytes of version 1, with what the bytes after the length are. Frozen:
/// a tag is never given a second meaning.
pub const TAGS: [(u8, &str, &str); 12] = [
    (0x00, "null", "nothing"),
    (0x01, "bool", "one byte: 0 or 1"),
    (0x02, "integer", "minimal decimal text: `0`, `-7`"),
    (0x03, "numeric", "minimal decimal text: `1.5`, `-0.25`; `NaN`, `Infinity`, `-Infinity`"),
    (0x04, "text", "UTF-8 in normalisation form C"),
    (0x05, "bytes", "the bytes"),
    (0x06, "timestamp", "UTC microseconds since 1970 as minimal decimal text"),
    (0x07, "date", "days since 1970-01-01 as minimal decimal text"),
    (0x08, "time", "microseconds since midnight as minimal decimal text"),
    (0x09, "uuid", "16 bytes"),
    (0x0a, "interval", "months, days and microseconds: three integers in this form"),
    (0x0b, "list", "the elements in this form, one after the other"),
];

/// A value of a natural key. Types without a tag of their own (enum, inet,
/// citext already folded, …) enter as the server's text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Datum {
    /// SQL NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// Any integer type.
    Integer(i128),
    /// A decimal number; also what a float is entered as, by its shortest text.
    Numeric(Numeric),
    /// Text; brought to normalisation form C when it is encoded.
    Text(String),
    /// A byte string.
    Bytes(Vec<u8>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// A UUID.
    Uuid([u8; 16]),
    /// A span of time; its three parts do not convert into one another.
    Interval {
        /// Calendar months.
        months: i32,
        /// Days.
        days: i32,
        /// Microseconds.
        micros: i64,
    },
    /// An array or a row.
    List(Vec<Self>),
}

impl Datum {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Appends the tag-length-value form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => tlv(out, 0x00, &[]),
            Self::Bool(value) => tlv(out, 0x01, &[u8::from(*value)]),
            Self::Integer(value) => decimal(out, 0x02, *value),
            Self::Numeric(value) => tlv(out, 0x03, value.0.as_bytes()),
            Self::Text(value) => encode_text(out, value),
            Self::Bytes(value) => tlv(out, 0x05, value),
            Self::Timestamp(value) => decimal(out, 0x06, i128::from(*value)),
            Self::Date(value) => decimal(out, 0x07, i128::from(*value)),
            Self::Time(value) => decimal(out, 0x08, i128::from(*value)),
            Self::Uuid(value) => tlv(out, 0x09, value),
            Self::Interval { months, days, micros } => nested(out, 0x0a, |inner| {
                for part in [i128::from(*months), i128::from(*days), i128::from(*micros)] {
                    decimal(inner, 0x02, part);
                }
            }),
            Self::List(elements) => nested(out, 0x0b, |inner| {
                for element in elements {
                    element.encode(inner);
                }
            }),
        }
    }
}

/// Appends the form of a text.
pub(crate) fn encode_text(out: &mut Vec<u8>, text: &str) {
    if is_nfc(text) {
        tlv(out, 0x04, text.as_bytes());
    } else {
        tlv(out, 0x04, text.nfc().collect::<String>().as_bytes());
    }
}

fn decimal(out: &mut Vec<u8>, tag: u8, value: i128) {
    tlv(out, tag, value.to_string().as_bytes());
}

fn tlv(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    nested(out, tag, |inner| inner.extend_from_slice(bytes));
}

/// The length is written over its place once it is known.
fn nested(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[tag, 0, 0, 0, 0]);
    let start = out.len();
    write(out);
    // PostgreSQL holds at most 1 GB in a field, so this saturates never.
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    out[start - 4..start].copy_from_slice(&length.to_be_bytes());
}

/// A decimal number as its minimal text: no exponent, no leading zero, no
/// trailing zero of the fraction, no minus before zero. So `1.50`, `1.5` and
/// `15e-1`, which the database holds equal, are one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Numeric(String);

/// Digits PostgreSQL's numeric holds before and after the point (manual, 8.1.2).
const DIGITS: (usize, usize) = (131_072, 16_383);

impl Numeric {
    /// Reads PostgreSQL's text form of numeric, float4 or float8.
    ///
    /// # Errors
    /// Not a number, or more digits than the database holds.
    pub fn parse(text: &str) -> Result<Self, NumericError> {
        match text {
            "NaN" | "Infinity" | "-Infinity" => return Ok(Self(text.to_owned())),
            _ => {}
        }
        let (negative, digits) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().map_err(|_| NumericError::NotANumber)?)
            }
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return Err(NumericError::NotANumber);
        }
        let point = i64::try_from(whole.len()).unwrap_or(i64::MAX) + i64::from(exponent);
        minimal(negative, &all, point)
    }
}

/// `digits` with the decimal point before the digit number `point`.
fn minimal(negative: bool, digits: &[u8], point: i64) -> Result<Numeric, NumericError> {
    let Some(first) = digits.iter().position(|digit| *digit != b'0') else {
        return Ok(Numeric("0".to_owned()));
    };
    let last = digits.iter().rposition(|digit| *digit != b'0').unwrap_or(first);
    let point = point - i64::try_from(first).unwrap_or(i64::MAX);
    let digits: String = digits[first..=last].iter().copied().map(char::from).collect();
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let before = usize::try_from(point.max(0)).unwrap_or(usize::MAX);
    let after = usize::try_from((length - point).max(0)).unwrap_or(usize::MAX);
    if before > DIGITS.0 || after > DIGITS.1 {
        return Err(NumericError::TooManyDigits);
    }
    let mut text = String::from(if negative { "-" } else { "" });
    if point <= 0 {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', after - digits.len()));
        text.push_str(&digits);
    } else if after == 0 {
        text.push_str(&digits);
        text.extend(std::iter::repeat_n('0', before - digits.len()));
    } else {
        text.push_str(&digits[..before]);
        text.push('.');
        text.push_str(&digits[before..]);
    }
    Ok(Numeric(text))
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no [`Numeric`]. Does not repeat the text: it is a row's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumericError {
    /// Not decimal digits with an optional sign, point and exponent.
    NotANumber,
    /// More digits than PostgreSQL's numeric holds.
    TooManyDigits,
}

impl fmt::Display for NumericError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "not a decimal number",
            Self::TooManyDigits => "more digits than a numeric column holds",
        })
    }
}

impl std::error::Error for NumericError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(datum: &Datum) -> String {
        let mut out = Vec::new();
        datum.encode(&mut out);
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn every_kind_has_its_tag_and_length() {
        let numeric = |text: &str| Datum::Numeric(Numeric::parse(text).unwrap());
        let table = [
            (Datum::Null, "0000000000"),
            (Datum::Bool(true), "010000000101"),
            (Datum::Integer(-42), "02000000032d3432"),
            (numeric("1.50"), "0300000003312e35"),
            (Datum::text("é"), "0400000002c3a9"),
            (Datum::Bytes(vec![0, 255]), "050000000200ff"),
            (Datum::Timestamp(0), "060000000130"),
            (Datum::Date(-1), "07000000022d31"),
            (Datum::Time(7), "080000000137"),
            (Datum::Uuid([1; 16]), "090000001001010101010101010101010101010101"),
            (
                Datum::Interval { months: 1, days: -2, micros: 3 },
                "0a00000013020000000131020000000 22d32020000000133",
            ),
            (
                Datum::List(vec![Datum::Null, Datum::Bool(false)]),
                "0b0000000b0000000000010000000100",
            ),
        ];
        for (index, (datum, form)) in table.iter().enumerate() {
            let form = form.replace(' ', "");
            assert_eq!(hex(datum), form, "{datum:?}");
            assert_eq!(u8::from_str_radix(&form[..2], 16).unwrap(), TAGS[index].0);
        }
        assert_eq!(table.len(), TAGS.len());
    }

    #[test]
    fn composed_and_decomposed_text_are_one() {
        assert_eq!(hex(&Datum::text("e\u{301}")), hex(&Datum::text("\u{e9}")));
        assert_eq!(hex(&Datum::text("\u{212b}")), hex(&Datum::text("\u{c5}")));
        assert_ne!(hex(&Datum::text("e")), hex(&Datum::text("\u{e9}")));
    }

    #[test]
    fn numbers_are_minimal() {
        let table = [
            ("0", "0"),
            ("-0.000", "0"),
            ("007", "7"),
            ("+1.50", "1.5"),
            ("15e-1", "1.5"),
            ("-.25", "-0.25"),
            ("5.", "5"),
            ("1.5E3", "1500"),
            ("1e-7", "0.0000001"),
            ("120", "120"),
            ("12.34e1", "123.4"),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
        ];
        for (text, minimal) in table {
            assert_eq!(Numeric::parse(text).unwrap().to_string(), minimal, "{text}");
        }
        for text in ["", "-", ".", "1e", "1e2.5", "0x1", "1 ", "--1", "١", "e5"] {
            assert_eq!(Numeric::parse(text), Err(NumericError::NotANumber), "{text}");
        }
        for text in ["1e131072", "1e-16384", "1e2147483647", "1e-2147483648"] {
            assert_eq!(Numeric::parse(text), Err(NumericError::TooManyDigits), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_number_is_the_same_however_written(value in any::<i64>(), zeros in 0usize..5) {
            let plain = Numeric::parse(&value.to_string()).unwrap();
            let zeros = "0".repeat(zeros);
            prop_assert_eq!(&plain, &Numeric::parse(&format!("{value}.{zeros}")).unwrap());
            prop_assert_eq!(&plain, &Numeric::parse(&format!("{value}{zeros}e-{}", zeros.len())).unwrap());
            prop_assert_eq!(plain.to_string(), value.to_string());
        }

        #[test]
        fn lists_are_not_confused(a in "[a-c]{0,3}", b in "[a-c]{0,3}", c in "[a-c]{0,3}", d in "[a-c]{0,3}") {
            let list = |x: &str, y: &str| hex(&Datum::List(vec![Datum::text(x), Datum::text(y)]));
            prop_assert_eq!(list(&a, &b) == list(&c, &d), (a, b) == (c, d));
        }
    }
}
