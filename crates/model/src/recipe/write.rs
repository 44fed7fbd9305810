//! Writes values in the server's input syntax.

use seedbed_values::{Generator, Limits, Uniqueness};

use super::text::Text;
use super::{Draw, Kind, Recipe, Unfit};
use crate::check::{Demand, Value};

/// A range is one of so many disjoint ones at most.
const SLOTS: u64 = 1 << 20;

impl Recipe {
    /// Appends a value that meets the demand, as far as its kind understands
    /// it; the caller checks conditions that remain.
    pub(crate) fn write(
        &self,
        draw: &mut Draw<'_>,
        demand: &Demand,
        out: &mut String,
    ) -> Result<(), Unfit> {
        match &self.0 {
            Kind::Text { most, like, style } => {
                Text { most: *most, like: *like, style: *style }.write(draw, demand, out)
            }
            Kind::Bound(inner, own) => {
                // An array's choices are more than its elements' domain.
                let demand = if demand.choices.is_some() { demand } else { own };
                inner.write(draw, demand, out)
            }
            kind if demand.choices.is_some() => kind.write_choice(draw, demand, out),
            Kind::Choice(labels, usual) => {
                let fitting = fitting(labels, demand);
                if fitting.is_empty() {
                    return Err(Unfit);
                }
                if let Some(usual) = usual.filter(|_| draw.first && draw.unique.is_none()) {
                    let usual = if usual { "true" } else { "false" };
                    if fitting.contains(&usual) {
                        out.push_str(usual);
                        return Ok(());
                    }
                }
                let chosen = draw.index(fitting.len() as u64);
                out.push_str(fitting[usize::try_from(chosen).unwrap_or(0)]);
                Ok(())
            }
            kind @ (Kind::Integer(..) | Kind::Decimal { .. } | Kind::Moment(..)) => {
                kind.write_scalar(draw, demand, out)
            }
            Kind::Span => {
                let minutes = draw.index(if draw.unique.is_some() { 1 << 20 } else { 480 }) + 1;
                out.push_str(&format!("{minutes} minutes"));
                Ok(())
            }
            Kind::Bits(length) => {
                let index = draw.index(1_u64 << (*length).min(62));
                for bit in (0..*length).rev() {
                    out.push(if bit < 62 && index >> bit & 1 == 1 { '1' } else { '0' });
                }
                Ok(())
            }
            Kind::Bytes => {
                let least = demand.length.0;
                let length = least.max(16).min(demand.length.1.unwrap_or(usize::MAX));
                out.push_str("\\x");
                for _ in 0..length {
                    out.push_str(&format!("{:02x}", draw.stream.below(256)));
                }
                Ok(())
            }
            Kind::Json => {
                write_json(draw, demand.json.as_deref(), out);
                Ok(())
            }
            Kind::Form(form) => {
                write_form(form, draw, out);
                Ok(())
            }
            Kind::Like(generator) => {
                let limits = Limits::NONE;
                let generator = match generator {
                    Generator::Ipv4 if draw.unique.is_some() => &Generator::Ipv6,
                    _ => generator,
                };
                match (&draw.unique, generator.uniqueness()) {
                    (Some(unique), Uniqueness::Token) => {
                        let token = unique.token;
                        generator.write_unique(&mut draw.stream, &token, draw.locale, &limits, out)
                    }
                    _ => generator.write(&mut draw.stream, draw.locale, &limits, out),
                }
                .map_err(|_| Unfit)
            }
            Kind::Vector(dimensions) => {
                out.push('[');
                for dimension in 0..*dimensions {
                    if dimension > 0 {
                        out.push(',');
                    }
                    out.push_str(&format!("0.{:03}", draw.stream.below(1_000)));
                }
                out.push(']');
                Ok(())
            }
            Kind::Array(element, delimiter) => write_array(element, *delimiter, draw, demand, out),
            Kind::Range(element, multi) => write_range(element, *multi, draw, out),
            Kind::Composite(fields) => {
                out.push('(');
                for (index, field) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    let mut text = String::new();
                    field.write(draw, &Demand::default(), &mut text)?;
                    quote(&text, out);
                }
                out.push(')');
                Ok(())
            }
        }
    }

    /// How many values meet the demand, where that is known and can run out.
    pub(crate) fn size(&self, demand: &Demand) -> Option<u64> {
        match &self.0 {
            Kind::Text { most, like, style } => {
                Text { most: *most, like: *like, style: *style }.size(demand)
            }
            _ if demand.choices.is_some() => demand.choices.as_ref().map(|choices| {
                choices.iter().filter(|value| demand.allows(value) != Some(false)).count() as u64
            }),
            Kind::Choice(labels, _) => Some(fitting(labels, demand).len() as u64),
            Kind::Bits(length) => Some(1_u64 << (*length).min(62)),
            kind => {
                kind.axis(demand, true)?;
                let parts = kind.parts(demand);
                Some(parts.iter().fold(0, |all: u64, part| all.saturating_add(part.count())))
            }
        }
    }
}

impl Kind {
    fn write_choice(
        &self,
        draw: &mut Draw<'_>,
        demand: &Demand,
        out: &mut String,
    ) -> Result<(), Unfit> {
        let fitting: Vec<String> = demand
            .choices
            .iter()
            .flatten()
            .filter(|value| demand.allows(value) != Some(false))
            .filter_map(|value| self.text_of(value))
            .collect();
        if fitting.is_empty() {
            return Err(Unfit);
        }
        let chosen = draw.index(fitting.len() as u64);
        out.push_str(&fitting[usize::try_from(chosen).unwrap_or(0)]);
        Ok(())
    }

    /// The text of a value of a condition; nothing if it is not of this kind.
    fn text_of(&self, value: &Value) -> Option<String> {
        let mut text = String::new();
        match (self, value) {
            (Self::Choice(labels, _), Value::Text(label)) => {
                return labels.contains(label).then(|| label.clone());
            }
            (Self::Choice(..), Value::Bool(held)) => {
                text.push_str(if *held { "true" } else { "false" });
            }
            (Self::Integer(low, high, _), Value::Number(number)) => {
                let whole = number.to_i64(false);
                if !number.is_whole() || whole < *low || whole > *high {
                    return None;
                }
                text.push_str(&whole.to_string());
            }
            (_, Value::Number(number)) => text.push_str(&number.to_string()),
            (Self::Moment(clock, _), Value::Moment(at)) => clock.write(*at, &mut text),
            (_, Value::Text(held)) => text.push_str(held),
            _ => return None,
        }
        Some(text)
    }
}

fn fitting<'a>(labels: &'a [String], demand: &Demand) -> Vec<&'a str> {
    labels
        .iter()
        .filter(|label| {
            let excluded = |value: &Value| match value {
                Value::Text(text) => text == *label,
                Value::Bool(held) => (*held && *label == "true") || (!held && *label == "false"),
                _ => false,
            };
            !demand.excluded.iter().any(excluded)
                && (demand.patterns.is_empty() && demand.against.is_empty()
                    || demand.allows(&Value::Text((*label).clone())) != Some(false))
        })
        .map(String::as_str)
        .collect()
}

fn write_json(draw: &mut Draw<'_>, kind: Option<&str>, out: &mut String) {
    let number = draw.unique.as_ref().map(|unique| unique.place);
    let text = match (kind.unwrap_or("object"), number) {
        ("array", None) => "[]".to_owned(),
        ("array", Some(number)) => format!("[{number}]"),
        ("string", number) => format!("\"text {}\"", number.unwrap_or(draw.stream.below(1_000))),
        ("number", number) => number.unwrap_or(draw.stream.below(1_000)).to_string(),
        ("boolean", _) => if draw.index(2) == 0 { "false" } else { "true" }.to_owned(),
        ("null", _) => "null".to_owned(),
        (_, None) => "{}".to_owned(),
        (_, Some(number)) => format!("{{\"number\": {number}}}"),
    };
    out.push_str(&text);
}

/// What a place in a form is chosen from.
const fn choice(c: char) -> Option<(u64, &'static [u8])> {
    match c {
        '#' => Some((10, b"0123456789abcdef")),
        '%' => Some((16, b"0123456789abcdef")),
        '@' => Some((26, b"abcdefghijklmnopqrstuvwxyz")),
        _ => None,
    }
}

/// How many texts a form has.
pub(super) fn form_size(form: &str) -> u64 {
    form.chars().filter_map(choice).fold(1_u64, |size, (base, _)| size.saturating_mul(base))
}

/// Appends a form: see [`Kind::Form`].
pub(super) fn write_form(form: &str, draw: &mut Draw<'_>, out: &mut String) {
    let mut rest = draw.index(form_size(form));
    for c in form.chars() {
        match choice(c) {
            Some((base, digits)) => {
                out.push(char::from(digits[usize::try_from(rest % base).unwrap_or(0)]));
                rest /= base;
            }
            None => out.push(c),
        }
    }
}

fn write_array(
    element: &Recipe,
    delimiter: char,
    draw: &mut Draw<'_>,
    demand: &Demand,
    out: &mut String,
) -> Result<(), Unfit> {
    let inner = Demand { choices: demand.element.clone(), ..Demand::default() };
    let (least, most) = demand.elements;
    let usual = 1 + draw.stream.below(3) as usize;
    let count = usual.max(least).min(most.unwrap_or(usize::MAX)).min(1_000);
    let mut written: Vec<String> = Vec::with_capacity(count);
    let mut tries = 0;
    while written.len() < count {
        let mut text = String::new();
        element.write(draw, &inner, &mut text)?;
        // Only the first says which row it is.
        draw.unique = None;
        tries += 1;
        if tries > 20 * count || !written.contains(&text) {
            written.push(text);
        } else if written.len() >= least && tries > 5 * count {
            break;
        }
    }
    out.push('{');
    for (index, text) in written.iter().enumerate() {
        if index > 0 {
            out.push(delimiter);
        }
        // An array of arrays does not quote the inner ones.
        if matches!(element.0, Kind::Array(..)) {
            out.push_str(text);
        } else {
            quote_element(text, out);
        }
    }
    out.push('}');
    Ok(())
}

fn write_range(
    element: &Recipe,
    multi: bool,
    draw: &mut Draw<'_>,
    out: &mut String,
) -> Result<(), Unfit> {
    let mut range = String::new();
    // Rows that must differ may need more than what looks usual; calendars
    // have enough within the lifetime of what is of interest.
    let axis = match draw.unique {
        Some(_) if !element.0.is_calendar() => element.0.axis(&Demand::default(), true),
        Some(_) => element.0.century().map(Some),
        None => element.0.axis(&Demand::default(), false),
    }
    .flatten();
    match axis {
        Some(axis) if axis.count() > 2 => {
            let slots = SLOTS.min(axis.count() / 2);
            let slot = draw.index(slots);
            let width = (axis.count() / slots - 1).clamp(1, element.0.usual_width());
            range.push('[');
            let mut bound = |place: u64| {
                let mut text = String::new();
                element.0.write_unit(axis.at(place), &mut text);
                quote(&text, &mut range);
            };
            bound(slot * width);
            range.push(',');
            let mut text = String::new();
            element.0.write_unit(axis.at(slot * width + width), &mut text);
            quote(&text, &mut range);
            range.push(')');
        }
        // One point is a range of every type there is.
        _ => {
            let mut text = String::new();
            element.write(draw, &Demand::default(), &mut text)?;
            range.push('[');
            quote(&text, &mut range);
            range.push(',');
            quote(&text, &mut range);
            range.push(']');
        }
    }
    if multi {
        out.push('{');
        out.push_str(&range);
        out.push('}');
    } else {
        out.push_str(&range);
    }
    Ok(())
}

impl Kind {
    /// How many steps of its axis a range is wide.
    const fn usual_width(&self) -> u64 {
        match self {
            Self::Moment(crate::moment::Clock::Date, _) => 1,
            Self::Moment(..) => 3_600,
            _ => 10,
        }
    }
}

/// As a field of a composite or a bound of a range.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push(c);
        }
        out.push(c);
    }
    out.push('"');
}

fn quote_element(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}
