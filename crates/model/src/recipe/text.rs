//! Text: what a generator writes if it meets the demand, else what a pattern
//! makes, else letters.

use seedbed_values::{Generator, Limits, Uniqueness};

use super::draw::Digits;
use super::write::write_form;
use super::{Draw, Style, Unfit};
use crate::check::{Case, Demand, Value};

/// Drawn so often before another way is tried.
const TRIES: usize = 12;
/// Characters of an unbounded text at most.
const LONGEST: usize = 200;
/// Letters and digits of plain codes; the first 26 are capitals.
const CODE: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A text column.
pub(super) struct Text {
    pub(super) most: Option<usize>,
    pub(super) like: Option<Generator>,
    pub(super) style: Style,
}

impl Text {
    pub(super) fn write(
        &self,
        draw: &mut Draw<'_>,
        demand: &Demand,
        out: &mut String,
    ) -> Result<(), Unfit> {
        let most = self.most(demand);
        if demand.length.0 > most {
            return Err(Unfit);
        }
        if let Some(choices) = choices(demand) {
            let fitting: Vec<&str> = choices
                .iter()
                .copied()
                .filter(|text| text.chars().count() <= self.most.unwrap_or(usize::MAX))
                .collect();
            if fitting.is_empty() {
                return Err(Unfit);
            }
            let chosen = draw.index(fitting.len() as u64);
            out.push_str(fitting[usize::try_from(chosen).unwrap_or(0)]);
            return Ok(());
        }
        let found = self
            .by_generator(draw, demand, most)
            .or_else(|| Self::by_pattern(draw, demand, most))
            .or_else(|| self.by_letters(draw, demand, most))
            .ok_or(Unfit)?;
        out.push_str(&found);
        Ok(())
    }

    /// What its generator writes, or nothing.
    pub(super) fn write_like(
        &self,
        draw: &mut Draw<'_>,
        demand: &Demand,
        out: &mut String,
    ) -> Result<(), Unfit> {
        let most = self.most(demand);
        out.push_str(&self.by_generator(draw, demand, most).ok_or(Unfit)?);
        Ok(())
    }

    fn most(&self, demand: &Demand) -> usize {
        let asked = demand.length.1.unwrap_or(usize::MAX).min(demand.bytes.unwrap_or(usize::MAX));
        let least = demand.length.0;
        self.most.unwrap_or(LONGEST.max(least.saturating_add(20))).min(asked)
    }

    /// How many texts there are, where letters are all there is room for.
    pub(super) fn size(&self, demand: &Demand) -> Option<u64> {
        if let Some(choices) = choices(demand) {
            return Some(choices.len() as u64);
        }
        let most = self.most(demand);
        (most <= 4 && demand.patterns.is_empty())
            .then(|| alphabet(demand).len().checked_pow(u32::try_from(most).ok()?))
            .flatten()
            .map(|size| size as u64)
    }

    fn by_generator(&self, draw: &mut Draw<'_>, demand: &Demand, most: usize) -> Option<String> {
        let is_code = self.style == Style::Code || most <= 4;
        let generator = match self.like {
            Some(generator) => generator,
            None if is_code => return None,
            None if most <= 20 => Generator::Word,
            None => Generator::Words,
        };
        // There are few addresses of the other kind for documentation.
        let generator = match generator {
            Generator::Ipv4 if draw.unique.is_some() && most >= 39 => Generator::Ipv6,
            _ => generator,
        };
        let limits = Limits::chars(most);
        if draw.unique.is_some() && generator == Generator::Semver {
            let text = release(draw);
            let fits = text.chars().count() <= most;
            return (fits && demand.allows_str(&text) == Some(true)).then_some(text);
        }
        if let (Some(_), Some((prefix, form))) = (&draw.unique, numbered(generator)) {
            let mut text = prefix.to_owned();
            write_form(form, draw, &mut text);
            let fits = text.chars().count() <= most;
            return (fits && demand.allows_str(&text) == Some(true)).then_some(text);
        }
        for _ in 0..TRIES {
            let mut text = String::new();
            let unique = draw.unique.clone();
            let written = match (&unique, generator.uniqueness()) {
                (Some(unique), Uniqueness::Token) => generator.write_unique(
                    &mut draw.stream,
                    &unique.token,
                    draw.locale,
                    &limits,
                    &mut text,
                ),
                (Some(unique), Uniqueness::None) if can_be_marked(generator) => {
                    let token = unique.token.as_str();
                    let room = most.checked_sub(token.len() + 1)?;
                    let limits = Limits::chars(room);
                    generator.write(&mut draw.stream, draw.locale, &limits, &mut text).map(|()| {
                        text.push(' ');
                        text.push_str(token);
                    })
                }
                (Some(_), Uniqueness::None) if is_listed(generator) => return None,
                _ => generator.write(&mut draw.stream, draw.locale, &limits, &mut text),
            };
            written.ok()?;
            let text = shaped(text, draw, demand, most);
            if !text.is_empty() && demand.allows_str(&text) == Some(true) {
                return Some(text);
            }
        }
        None
    }

    fn by_pattern(draw: &mut Draw<'_>, demand: &Demand, most: usize) -> Option<String> {
        if demand.patterns.is_empty() {
            return None;
        }
        for try_number in 0..TRIES * 4 {
            let pattern = &demand.patterns[try_number % demand.patterns.len()];
            let text = pattern.write(&mut Digits::new(draw), demand.length.0, most)?;
            let text = match demand.case {
                Some(Case::Lower) => text.to_lowercase(),
                Some(Case::Upper) => text.to_uppercase(),
                None => text,
            };
            if demand.allows_str(&text) == Some(true) {
                return Some(text);
            }
            // A unique text is decided by the place alone; the next one is
            // another text's, which attempts against the table find out.
            if let Some(unique) = &mut draw.unique {
                unique.place = unique.place.wrapping_mul(31).wrapping_add(7);
            }
        }
        None
    }

    /// Letters and digits; as long as they must be to differ.
    fn by_letters(&self, draw: &mut Draw<'_>, demand: &Demand, most: usize) -> Option<String> {
        let letters = alphabet(demand);
        let usual = if self.style == Style::Code { most.min(16) } else { most.min(8) };
        let length = usual.max(demand.length.0);
        if length == 0 {
            return demand.allows_str("").unwrap_or(false).then(String::new);
        }
        let base = letters.len() as u64;
        for _ in 0..TRIES {
            // So many characters as one index decides.
            let dealt = length.min(12);
            let size = (0..dealt).fold(1_u64, |size, _| size.saturating_mul(base));
            let mut rest = draw.index(size);
            let mut text = String::with_capacity(length);
            for _ in 0..dealt {
                text.push(char::from(letters[(rest % base) as usize]));
                rest /= base;
            }
            while text.len() < length {
                let at = draw.stream.index(letters.len());
                text.push(char::from(letters[at]));
            }
            if demand.allows_str(&text) == Some(true) {
                return Some(text);
            }
            if let Some(unique) = &mut draw.unique {
                unique.move_on();
            }
        }
        None
    }
}

fn alphabet(demand: &Demand) -> &'static [u8] {
    match demand.case {
        Some(Case::Lower) => b"abcdefghijklmnopqrstuvwxyz",
        Some(Case::Upper) => &CODE[..26],
        None => CODE,
    }
}

/// What the demand chooses from, as texts that meet the rest of it.
fn choices(demand: &Demand) -> Option<Vec<&str>> {
    demand.choices.as_ref().map(|values| {
        values
            .iter()
            .filter(|value| demand.allows(value) != Some(false))
            .filter_map(|value| match value {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    })
}

/// Names may carry a mark, codes and numbers may not.
fn can_be_marked(generator: Generator) -> bool {
    matches!(
        generator,
        Generator::FullName
            | Generator::GivenName
            | Generator::FamilyName
            | Generator::Street
            | Generator::StreetName
            | Generator::City
            | Generator::Region
            | Generator::Country
            | Generator::AnyCountry
            | Generator::FullAddress
            | Generator::Color
            | Generator::UserAgent
    )
}

/// From a list so short that rows of a table would soon be equal.
fn is_listed(generator: Generator) -> bool {
    matches!(
        generator,
        Generator::CountryCode
            | Generator::AnyCountryCode
            | Generator::Currency
            | Generator::Timezone
            | Generator::LocaleCode
            | Generator::LanguageCode
            | Generator::MimeType
    )
}

/// Kinds that have too few values to draw them, and no place for a mark: a
/// prefix and a form that is counted. No country has the telephone code 999.
fn numbered(generator: Generator) -> Option<(&'static str, &'static str)> {
    match generator {
        Generator::Phone => Some(("+999", "#########")),
        Generator::PhoneNational => Some(("0999 ", "########")),
        Generator::HexColor => Some(("#", "%%%%%%")),
        // For measurements of networks (RFC 2544), and locally administered.
        Generator::Ipv4 => Some(("198.18.", "1##.1##")),
        Generator::Mac => Some(("02:00:", "%%:%%:%%:%%")),
        _ => None,
    }
}

/// A version: rows that are counted have small ones. No part has a leading zero.
fn release(draw: &mut Draw<'_>) -> String {
    const FEW: u64 = 1_000;
    const MANY: u64 = 100_000_000;
    if draw.unique.as_ref().is_some_and(|unique| unique.start < FEW && unique.next == 0) {
        let number = draw.index(FEW);
        return format!("{}.{}.{}", number / 100, number / 10 % 10, number % 10);
    }
    let number = draw.index(MANY);
    format!("{}.{}.{}", 10 + number / 10_000, number / 100 % 100, number % 100)
}

/// With the case, the length and the blanks that are asked for.
fn shaped(mut text: String, draw: &mut Draw<'_>, demand: &Demand, most: usize) -> String {
    match demand.case {
        Some(Case::Lower) => text = text.to_lowercase(),
        Some(Case::Upper) => text = text.to_uppercase(),
        None => {}
    }
    let least = demand.length.0.min(most);
    while least > 0 && text.chars().count() < least {
        let letter = b'a' + (draw.stream.below(26) as u8);
        let letter = char::from(letter);
        text.push(if demand.case == Some(Case::Upper) {
            letter.to_ascii_uppercase()
        } else {
            letter
        });
    }
    text
}
