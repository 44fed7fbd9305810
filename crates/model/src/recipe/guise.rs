//! Other kinds of value for a type: what is shown to the server where a
//! condition, such as a function of the database's own, is not understood and
//! refuses the usual kind.

use seedbed_values::Generator as G;

use super::text::Text;
use super::write::{form_size, write_form};
use super::{Draw, Kind, Recipe, Style, Unfit};
use crate::check::{Demand, Value};
use crate::decimal::Decimal;
use crate::moment::{Clock, DAY, SECOND, date, days};

/// One kind of value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Guise {
    /// What a generator writes.
    Like(G),
    /// A form as of [`Kind::Form`].
    Form(&'static str),
    /// The same in capitals.
    Capitals(&'static str),
    /// This text.
    Exactly(&'static str),
    /// In hundredths: the first, the distance, how many.
    Line(i64, i64, u64),
    /// 1, 2, 4, …
    Power,
    /// The first moment of a span of the calendar.
    First(Calendar),
    /// So many bytes.
    Octets(usize),
}

/// Spans of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calendar {
    /// Hours of a day.
    Hour,
    /// Days.
    Day,
    /// Weeks, from Monday.
    Week,
    /// Months.
    Month,
    /// The last day of a month instead.
    MonthEnd,
    /// Quarters of a year.
    Quarter,
    /// Years.
    Year,
}

/// Kinds of text, roughly the most common first.
const TEXTS: &[Guise] = &[
    Guise::Like(G::Semver),
    Guise::Form("1####"),
    Guise::Like(G::Uuid),
    Guise::Like(G::Date),
    Guise::Like(G::Email),
    Guise::Like(G::Url),
    Guise::Like(G::Slug),
    Guise::Form("{\"number\": 1####}"),
    Guise::Form("%%%%%%%%"),
    Guise::Like(G::Base64),
    Guise::Like(G::LocaleCode),
    Guise::Like(G::Currency),
    Guise::Form("@@@@.@@@@.@@@@"),
    Guise::Form("@@@@@@@@"),
    Guise::Capitals("@@@@@@@@"),
    Guise::Form("@@@@_@@@@"),
    Guise::Like(G::LanguageCode),
    Guise::Like(G::AnyCountryCode),
    Guise::Form("@@@"),
    Guise::Form("@@"),
    Guise::Form("@"),
    Guise::Capitals("@@@"),
    Guise::Capitals("@@"),
    Guise::Capitals("@"),
    Guise::Like(G::Phone),
    Guise::Like(G::Ipv4),
    Guise::Form("2023-01-1#T10:1#:2#Z"),
    Guise::Like(G::Timestamp),
    Guise::Form("1#.##"),
    Guise::Like(G::Sha256),
    Guise::Form("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"),
    Guise::Form("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"),
    Guise::Form("/@@@@/@@@@"),
    Guise::Like(G::Domain),
    Guise::Like(G::Username),
    Guise::Form("#"),
    Guise::Form("1#"),
    Guise::Exactly("true"),
    Guise::Form("[1####]"),
    Guise::Like(G::Iban),
    Guise::Like(G::Bic),
    Guise::Like(G::CardNumber),
    Guise::Like(G::Ean),
    Guise::Like(G::Isbn),
    Guise::Like(G::Postcode),
    Guise::Like(G::PhoneNational),
    Guise::Like(G::HexColor),
    Guise::Form("v1.##.##"),
    Guise::Form("1.##"),
    Guise::Form("1#:1#"),
    Guise::Form("1#:1#:1#"),
    Guise::Like(G::Timezone),
    Guise::Like(G::MimeType),
    Guise::Like(G::FileName),
    Guise::Exactly("en-US"),
    Guise::Like(G::Ulid),
    Guise::Like(G::Nanoid),
    Guise::Like(G::UuidV4),
    Guise::Like(G::UuidV7),
    Guise::Like(G::Ipv6),
    Guise::Form("10.1.1##.0/24"),
    Guise::Form("02:00:%%:%%:%%:%%"),
    Guise::Like(G::Duration),
    Guise::Form("1# days"),
    Guise::Form("sha256:%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"),
    Guise::Form("@@@@:@@@@"),
    Guise::Form("@@@@=@@@@"),
    Guise::Form("@@@@/@@@@"),
    Guise::Form("@@@@,@@@@"),
    Guise::Form("1##,2##"),
    Guise::Form("1#.####,1#.####"),
    Guise::Capitals("@@@-####"),
    Guise::Capitals("@@####"),
    Guise::Form("0x%%%%%%%%"),
    Guise::Like(G::FullName),
    Guise::Like(G::Sentence),
    Guise::Form("<item>@@@@</item>"),
    Guise::Form("{\"type\": \"@@@@\", \"name\": \"@@@@\"}"),
    Guise::Exactly("[]"),
    Guise::Exactly("{}"),
    Guise::Form("-1##"),
    Guise::Exactly("0 0 * * *"),
    Guise::Exactly("*"),
    Guise::Exactly("0"),
    Guise::Exactly(""),
];

/// Kinds of number.
const NUMBERS: &[Guise] = &[
    Guise::Line(0, 0, 1),
    Guise::Line(100, 0, 1),
    Guise::Line(-100, 0, 1),
    Guise::Line(200, 200, 1_000),
    Guise::Line(100, 200, 1_000),
    Guise::Line(1_000, 1_000, 1_000),
    Guise::Line(10_000, 10_000, 1_000),
    Guise::Line(100_000, 100_000, 1_000),
    Guise::Line(100, 100, 9),
    Guise::Line(100, 100, 99),
    Guise::Power,
    Guise::Line(-100, -100, 1_000),
    // Prices in whole units, shares of one, years, days and seconds written as
    // numbers, and numbers that only long ones are.
    Guise::Line(500, 500, 1_000),
    Guise::Line(1, 1, 100),
    Guise::Line(200_000, 100, 24),
    Guise::Line(2_023_010_100, 100, 28),
    Guise::Line(167_253_120_000, 8_640_000, 365),
    Guise::Line(10_240_000, 100, 10_000),
    Guise::Line(100_000_000, 100, 100_000),
    Guise::Line(100_000_000_000, 100, 1_000_000),
];

/// Kinds of date and time.
const MOMENTS: &[Guise] = &[
    Guise::First(Calendar::Month),
    Guise::First(Calendar::Day),
    Guise::First(Calendar::Hour),
    Guise::First(Calendar::Week),
    Guise::First(Calendar::MonthEnd),
    Guise::First(Calendar::Quarter),
    Guise::First(Calendar::Year),
];

/// Kinds of JSON document.
const DOCUMENTS: &[Guise] = &[
    Guise::Form("{\"number\": 1####}"),
    Guise::Form("[1####]"),
    Guise::Form("\"@@@@@@\""),
    Guise::Form("1####"),
    Guise::Form("{\"type\": \"@@@@\", \"name\": \"@@@@\"}"),
    Guise::Form("[{\"name\": \"@@@@\"}]"),
    Guise::Form("[\"@@@@\"]"),
    Guise::Exactly("[]"),
    Guise::Exactly("true"),
    Guise::Exactly("null"),
];

/// Kinds of byte string.
const OCTETS: &[Guise] = &[
    Guise::Octets(0),
    Guise::Octets(1),
    Guise::Octets(4),
    Guise::Octets(8),
    Guise::Octets(12),
    Guise::Octets(20),
    Guise::Octets(24),
    Guise::Octets(32),
    Guise::Octets(48),
    Guise::Octets(64),
];

impl Recipe {
    /// Other kinds of value for its type.
    pub(crate) const fn guises(&self) -> &'static [Guise] {
        match &self.0 {
            Kind::Text { .. } => TEXTS,
            Kind::Integer(..) | Kind::Decimal { .. } => NUMBERS,
            Kind::Moment(..) => MOMENTS,
            Kind::Json => DOCUMENTS,
            Kind::Bytes => OCTETS,
            _ => &[],
        }
    }

    /// Appends a value of another kind that meets the demand.
    pub(crate) fn write_as(
        &self,
        guise: &Guise,
        draw: &mut Draw<'_>,
        demand: &Demand,
        out: &mut String,
    ) -> Result<(), Unfit> {
        // What conditions choose from is all there is.
        if demand.choices.is_some() {
            return self.write(draw, demand, out);
        }
        match (&self.0, guise) {
            (Kind::Text { most, .. }, Guise::Like(generator)) => {
                let text = Text { most: *most, like: Some(*generator), style: Style::Words };
                text.write_like(draw, demand, out)
            }
            (Kind::Text { .. } | Kind::Json, _) => {
                let text = formed(guise, draw)?;
                let most = if let Kind::Text { most, .. } = &self.0 { *most } else { None };
                let fits = most.is_none_or(|most| text.chars().count() <= most);
                if !fits || demand.allows_str(&text) == Some(false) {
                    return Err(Unfit);
                }
                out.push_str(&text);
                Ok(())
            }
            (Kind::Bytes, Guise::Octets(count)) => {
                if (draw.unique.is_some() && *count < 8)
                    || *count < demand.length.0
                    || demand.length.1.is_some_and(|most| *count > most)
                {
                    return Err(Unfit);
                }
                out.push_str("\\x");
                for _ in 0..*count {
                    out.push_str(&format!("{:02x}", draw.stream.below(256)));
                }
                Ok(())
            }
            (Kind::Integer(low, high, _), _) => {
                let hundredths = number(guise, draw)?;
                let unit = hundredths / 100;
                let fits = hundredths % 100 == 0 && (*low..=*high).contains(&unit);
                self.write_number(i128::from(unit), 0, fits, demand, out)
            }
            (Kind::Decimal { low, high, scale, step, .. }, _) => {
                let hundredths = i128::from(number(guise, draw)?);
                let units = match scale.checked_sub(2) {
                    Some(more) => 10_i128.checked_pow(more).map(|one| hundredths * one),
                    None => {
                        let less = 10_i128.pow(2 - *scale);
                        (hundredths % less == 0).then_some(hundredths / less)
                    }
                }
                .ok_or(Unfit)?;
                let fits = (*low..=*high).contains(&units) && units % step == 0;
                self.write_number(units, *scale, fits, demand, out)
            }
            (Kind::Moment(clock, _), Guise::First(span)) => {
                let at = first(*clock, *span, draw)?;
                if demand.allows(&Value::Moment(at)) == Some(false) {
                    return Err(Unfit);
                }
                clock.write(at, out);
                Ok(())
            }
            _ => Err(Unfit),
        }
    }

    fn write_number(
        &self,
        units: i128,
        scale: u32,
        fits: bool,
        demand: &Demand,
        out: &mut String,
    ) -> Result<(), Unfit> {
        let value = Value::Number(Decimal::new(units, scale));
        if !fits || demand.allows(&value) == Some(false) {
            return Err(Unfit);
        }
        self.0.write_unit(units, out);
        Ok(())
    }
}

fn formed(guise: &Guise, draw: &mut Draw<'_>) -> Result<String, Unfit> {
    let mut text = String::new();
    if let Guise::Form(form) | Guise::Capitals(form) = guise
        && !draw.has_room(form_size(form))
    {
        return Err(Unfit);
    }
    match guise {
        Guise::Form(form) => write_form(form, draw, &mut text),
        Guise::Capitals(form) => {
            write_form(form, draw, &mut text);
            text.make_ascii_uppercase();
        }
        Guise::Exactly(_) if draw.unique.is_some() => return Err(Unfit),
        Guise::Exactly(exactly) => text.push_str(exactly),
        _ => return Err(Unfit),
    }
    Ok(text)
}

/// In hundredths.
fn number(guise: &Guise, draw: &mut Draw<'_>) -> Result<i64, Unfit> {
    match guise {
        Guise::Line(first, distance, count) => {
            let index = dealt(draw, *count)?;
            Ok(first + distance * i64::try_from(index).unwrap_or(0))
        }
        Guise::Power => Ok(100 << dealt(draw, 40)?),
        _ => Err(Unfit),
    }
}

/// One of few; not where rows must differ and there are more of them.
fn dealt(draw: &mut Draw<'_>, count: u64) -> Result<u64, Unfit> {
    if draw.has_room(count) { Ok(draw.index(count)) } else { Err(Unfit) }
}

/// The first moment of a span in the years before 2024.
fn first(clock: Clock, span: Calendar, draw: &mut Draw<'_>) -> Result<i64, Unfit> {
    let hour = 3_600 * SECOND;
    if matches!(clock, Clock::Time | Clock::Timetz) {
        return match span {
            Calendar::Hour => Ok(i64::try_from(dealt(draw, 24)?).unwrap_or(0) * hour),
            _ => Err(Unfit),
        };
    }
    // More where rows must differ: back to the fifteenth century.
    let many = draw.unique.is_some();
    let mut back = |usual: u64, most: u64| {
        dealt(draw, if many { most } else { usual }).map(|back| i64::try_from(back).unwrap_or(0))
    };
    let today = days(2024, 1, 1);
    let month = |back: i64| days(2024 - (back + 12) / 12, 12 - back % 12, 1);
    let day = match span {
        Calendar::Hour if clock != Clock::Date => {
            return Ok(today * DAY - (1 + back(17_000, 4_000_000)?) * hour);
        }
        Calendar::Hour => return Err(Unfit),
        Calendar::Day => today - 1 - back(700, 180_000)?,
        // The first of 2024 is a Monday.
        Calendar::Week => today - 7 - 7 * back(100, 26_000)?,
        Calendar::Month => month(back(24, 6_000)?),
        Calendar::MonthEnd => {
            let (year, of_year, _) = date(month(back(24, 6_000)?) + 31);
            days(year, of_year, 1) - 1
        }
        Calendar::Quarter => month(3 * back(8, 2_000)? + 2),
        Calendar::Year => month(12 * back(4, 500)? + 11),
    };
    Ok(day * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_is_there_twice() {
        for list in [TEXTS, NUMBERS, MOMENTS, DOCUMENTS, OCTETS] {
            for (at, guise) in list.iter().enumerate() {
                assert!(!list[..at].contains(guise), "{guise:?}");
            }
        }
        let forms = TEXTS.iter().chain(DOCUMENTS).filter_map(|guise| match guise {
            Guise::Form(form) | Guise::Capitals(form) => Some(*form),
            _ => None,
        });
        // A form without a place for a choice is no form.
        assert!(forms.into_iter().all(|form| form.contains(['#', '%', '@'])));
    }
}
