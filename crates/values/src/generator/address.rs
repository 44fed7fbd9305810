//! Places. Draws of street, city, region, postcode and full address: 1 city,
//! 2 region, 3 street, then the house number (one draw for which of the
//! country's patterns, and the pattern's own), then the postcode likewise; so
//! what is made from one cell is one address. Country and country code are the
//! locale's own and draw nothing; any country and its code draw one; the
//! others draw for themselves. A city is not looked for in its region.

use super::pen::Pen;
use crate::dictionary::{Format, List};
use crate::locale::Locale;
use crate::pattern::write_pattern;
use crate::stream::Stream;

/// Somewhere: indices into the lists of the locale.
struct Address {
    city: usize,
    region: usize,
    street: usize,
    /// The draws of the house number.
    number: Stream,
}

impl Address {
    fn draw(pen: &mut Pen<'_>) -> Self {
        let [city, region, street] = draw_places(pen);
        let number = pen.stream.clone();
        // Drawn to get past it; what is written is written from the copy.
        let from = pen.out.len();
        pen.pattern(Format::Number);
        pen.out.truncate(from);
        Self { city, region, street, number }
    }

    fn write_part(&self, pen: &mut Pen<'_>, part: &str) {
        match part {
            "city" => pen.nth(List::City, self.city),
            "region" => pen.nth(List::Region, self.region),
            "street" => pen.nth(List::Street, self.street),
            "number" => self.write_number(pen),
            "street_line" => {
                pen.template(pen.words.format(Format::StreetLine), |pen, part| {
                    self.write_part(pen, part);
                });
            }
            "postcode" => pen.pattern(Format::Postcode),
            _ => {}
        }
    }

    fn write_number(&self, pen: &mut Pen<'_>) {
        let mut draws = self.number.clone();
        let patterns = pen.words.formats(Format::Number);
        let pattern = draws.pick(patterns).copied().unwrap_or_default();
        write_pattern(pattern, &mut draws, pen.out);
    }
}

/// City, region and street, as many of them as are asked for.
fn draw_places<const COUNT: usize>(pen: &mut Pen<'_>) -> [usize; COUNT] {
    let mut lists = [List::City, List::Region, List::Street].into_iter();
    std::array::from_fn(|_| {
        lists.next().map_or(0, |list| pen.stream.index(pen.words.list(list).len()))
    })
}

pub(super) fn street(pen: &mut Pen<'_>) {
    let address = Address::draw(pen);
    address.write_part(pen, "street_line");
}

pub(super) fn street_name(pen: &mut Pen<'_>) {
    let [_, _, street] = draw_places(pen);
    pen.nth(List::Street, street);
}

pub(super) fn city(pen: &mut Pen<'_>) {
    let [city] = draw_places(pen);
    pen.nth(List::City, city);
}

pub(super) fn region(pen: &mut Pen<'_>) {
    let [_, region] = draw_places(pen);
    pen.nth(List::Region, region);
}

pub(super) fn postcode(pen: &mut Pen<'_>) {
    let address = Address::draw(pen);
    address.write_part(pen, "postcode");
}

pub(super) fn full(pen: &mut Pen<'_>) {
    let address = Address::draw(pen);
    let template = pen.words.format(Format::AddressLine);
    pen.template(template, |pen, part| address.write_part(pen, part));
}

pub(super) fn country(pen: &mut Pen<'_>) {
    pen.nth(List::Country, pen.words.home());
}

pub(super) fn country_code(pen: &mut Pen<'_>) {
    pen.out.push_str(pen.locale.country_code());
}

pub(super) fn any_country(pen: &mut Pen<'_>) {
    pen.entry(List::Country);
}

pub(super) fn any_country_code(pen: &mut Pen<'_>) {
    pen.entry(List::CountryCode);
}

pub(super) fn latitude(pen: &mut Pen<'_>) {
    let [south, north, ..] = bounds(pen.locale);
    write_degrees(pen, south, north);
}

pub(super) fn longitude(pen: &mut Pen<'_>) {
    let [_, _, west, east] = bounds(pen.locale);
    write_degrees(pen, west, east);
}

/// Degrees with six digits after the point: one draw.
fn write_degrees(pen: &mut Pen<'_>, from: i64, to: i64) {
    let micro = pen.stream.between(from * 1_000_000, to * 1_000_000 - 1);
    if micro < 0 {
        pen.out.push('-');
    }
    pen.number(micro.unsigned_abs() / 1_000_000, 1);
    pen.out.push('.');
    pen.number(micro.unsigned_abs() % 1_000_000, 6);
}

/// Whole degrees south, north, west, east, within the country's mainland.
const fn bounds(locale: Locale) -> [i64; 4] {
    match locale {
        Locale::EnUs => [32, 47, -120, -78],
        Locale::EnGb => [51, 57, -4, 0],
        Locale::EsEs => [38, 42, -6, 0],
        Locale::DeDe => [48, 53, 8, 12],
        Locale::FrFr => [44, 49, 0, 6],
        Locale::ItIt => [42, 46, 9, 13],
        Locale::PtBr => [-23, -6, -55, -42],
        Locale::NlNl => [51, 53, 5, 7],
        Locale::PlPl => [50, 54, 15, 23],
        Locale::JaJp => [35, 37, 137, 140],
    }
}

pub(super) fn timezone(pen: &mut Pen<'_>) {
    pen.one_of(timezones(pen.locale));
}

/// Names of the IANA time zone database.
const fn timezones(locale: Locale) -> &'static [&'static str] {
    match locale {
        Locale::EnUs => {
            &["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"]
        }
        Locale::EnGb => &["Europe/London"],
        Locale::EsEs => &["Europe/Madrid", "Atlantic/Canary"],
        Locale::DeDe => &["Europe/Berlin"],
        Locale::FrFr => &["Europe/Paris"],
        Locale::ItIt => &["Europe/Rome"],
        Locale::PtBr => &["America/Sao_Paulo", "America/Manaus", "America/Fortaleza"],
        Locale::NlNl => &["Europe/Amsterdam"],
        Locale::PlPl => &["Europe/Warsaw"],
        Locale::JaJp => &["Asia/Tokyo"],
    }
}
