//! Every value is valid by the check of its own kind, for any cell.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use seedbed_values::{
    Dictionary, Generator, Limits, List, Locale, is_bban, is_iban, is_luhn, is_mod10,
};

use crate::value::{cases, limited, value};

fn locale() -> impl Strategy<Value = Locale> {
    prop::sample::select(Locale::ALL.to_vec())
}

/// Reserved by RFC 2606 and RFC 6761.
fn is_reserved(domain: &str) -> bool {
    ["example.com", "example.net", "example.org"].contains(&domain)
        || [".test", ".example"]
            .iter()
            .any(|top| domain.strip_suffix(top).is_some_and(|l| !l.is_empty()))
}

pub(crate) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        let letters = local
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
        (1..=64).contains(&local.len()) && dots && letters && is_reserved(domain)
    })
}

pub(crate) fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

fn is_documentation(address: Ipv4Addr) -> bool {
    [[192, 0, 2], [198, 51, 100], [203, 0, 113]]
        .iter()
        .any(|network| address.octets().starts_with(network))
}

fn is_documentation_network(text: &str) -> Option<bool> {
    let (address, bits) = text.split_once('/')?;
    let (address, bits): (Ipv4Addr, u32) = (address.parse().ok()?, bits.parse().ok()?);
    let whole = (24..=30).contains(&bits) && u32::from(address) << bits == 0;
    Some(whole && is_documentation(address))
}

/// Whether a value is of its kind; nothing is said of kinds not named here.
pub(crate) fn is_valid(generator: Generator, locale: Locale, text: &str) -> bool {
    let digits = |count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let hex = |text: &str, count: usize| {
        text.len() == count
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    match generator {
        Generator::Email => is_email(text),
        Generator::Username => is_email(&format!("{text}@example.com")),
        Generator::Domain => {
            is_reserved(text) && text.split('.').all(|label| is_slug(label) && label.len() <= 63)
        }
        Generator::Url => text
            .strip_prefix("https://")
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(domain, path)| {
                is_reserved(domain) && domain.split('.').all(is_slug) && is_slug(path)
            }),
        Generator::Slug => is_slug(text),
        Generator::Ipv4 => text.parse().is_ok_and(is_documentation),
        Generator::Ipv6 => {
            text.parse::<Ipv6Addr>().is_ok_and(|address| address.segments()[..2] == [0x2001, 0xdb8])
        }
        Generator::Cidr => is_documentation_network(text).unwrap_or(false),
        Generator::Mac => {
            let bytes: Vec<u8> =
                text.split(':').filter_map(|part| u8::from_str_radix(part, 16).ok()).collect();
            bytes.len() == 6 && bytes[0] & 3 == 2
        }
        Generator::Iban => {
            let country = if matches!(locale, Locale::EnUs | Locale::JaJp) {
                "DE"
            } else {
                locale.country_code()
            };
            let length = match country {
                "DE" | "GB" => 22,
                "ES" => 24,
                "FR" | "IT" => 27,
                "BR" => 29,
                "NL" => 18,
                "PL" => 28,
                _ => 0,
            };
            is_iban(text)
                && text.starts_with(country)
                && text.len() == length
                && is_bban(country, &text[4..])
                && (country != "DE" || text[4..].starts_with('9'))
        }
        Generator::CardNumber => is_luhn(text) && (15..=16).contains(&text.len()),
        Generator::Ean => digits(13) && is_mod10(text) && text.starts_with('2'),
        Generator::Upc => digits(12) && is_mod10(text) && text.starts_with('4'),
        Generator::Isbn => digits(13) && is_mod10(text) && text.starts_with("978"),
        Generator::AccountNumber => digits(10),
        Generator::Bic => {
            text.len() == 8 && text[4..6] == *locale.country_code() && text.ends_with('0')
        }
        Generator::HexColor => text.strip_prefix('#').is_some_and(|rest| hex(rest, 6)),
        Generator::Phone => text.strip_prefix('+').is_some_and(|rest| {
            (8..=15).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit())
        }),
        Generator::Uuid | Generator::UuidV4 | Generator::UuidV7 => {
            let version = match generator {
                Generator::UuidV4 => b'4',
                Generator::UuidV7 => b'7',
                _ => b'8',
            };
            hex(&text.replace('-', ""), 32)
                && text.as_bytes()[14] == version
                && b"89ab".contains(&text.as_bytes()[19])
        }
        Generator::Ulid => text.len() == 26 && text.as_bytes()[0] <= b'7',
        Generator::Sha256 => hex(text, 64),
        Generator::Base64 => text.len() == 44 && text.ends_with('=') && !text.ends_with("=="),
        Generator::Nanoid => text.len() == 21,
        Generator::Timestamp | Generator::Date => {
            text.starts_with("2022-") || text.starts_with("2023-")
        }
        Generator::Past | Generator::PastDate => text.starts_with("2023-1"),
        Generator::Future | Generator::FutureDate => text.starts_with("2099-"),
        Generator::BirthDate => ("1944-01-01".."2006-01-01").contains(&text),
        Generator::Json => {
            serde_json::from_str::<serde_json::Value>(text).is_ok_and(|json| json["count"].is_u64())
        }
        Generator::City => Dictionary::of(locale).list(List::City).contains(&text),
        Generator::Latitude => text.parse::<f64>().is_ok_and(|degrees| degrees.abs() < 60.0),
        Generator::Longitude => text.parse::<f64>().is_ok_and(|degrees| degrees.abs() < 150.0),
        Generator::Month => (1..=12).contains(&text.parse().unwrap_or(0)),
        _ => !text.is_empty(),
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn every_value_is_of_its_kind(
        generator in prop::sample::select(Generator::ALL.to_vec()), locale in locale(), row: u64,
    ) {
        let text = value(generator, locale, row);
        prop_assert!(is_valid(generator, locale, &text), "{} {}: {}", generator.word(), locale, text);
        prop_assert!(text == text.trim() && (generator == Generator::Json || !text.contains('{')), "{} {}: {}", generator.word(), locale, text);
    }

    #[test]
    fn an_account_has_the_digits_of_its_country(locale in locale(), row: u64) {
        let text = value(Generator::Iban, locale, row);
        prop_assert!(is_valid(Generator::Iban, locale, &text), "{}: {}", locale, text);
    }

    #[test]
    fn numbers_keep_their_bounds(min in -5_000i64..5_000, span in 0i64..5_000, scale in 0u32..6, row: u64) {
        let max = min + span;
        for generator in [Generator::Integer, Generator::Quantity, Generator::Year] {
            let number: i64 = limited(generator, Locale::EnUs, row, &Limits::range(min, max)).unwrap().parse().unwrap();
            prop_assert!((min..=max).contains(&number));
        }
        for generator in [Generator::Decimal, Generator::Price, Generator::Amount] {
            let limits = Limits { scale: Some(scale), ..Limits::range(min, max) };
            let text = limited(generator, Locale::EnUs, row, &limits).unwrap();
            let number: f64 = text.parse().unwrap();
            prop_assert!((min as f64..=max as f64).contains(&number), "{} {}", generator.word(), text);
            prop_assert_eq!(text.split_once('.').map_or(0, |(_, after)| after.len()), scale as usize);
        }
    }

    #[test]
    fn decimals_keep_their_digits(precision in 1u32..30, scale in 0u32..30, row: u64) {
        for generator in [Generator::Decimal, Generator::Price, Generator::Amount] {
            let text = limited(generator, Locale::EnUs, row, &Limits::digits(precision, scale)).unwrap();
            let (whole, after) = text.split_once('.').unwrap_or((&text, ""));
            prop_assert!(after.len() <= scale as usize, "{}", text);
            let whole = whole.trim_start_matches('0').len();
            prop_assert!(whole <= precision.saturating_sub(scale) as usize, "{} {} {}", text, precision, scale);
            if scale > precision {
                let zeros = after.len().min((scale - precision) as usize);
                prop_assert!(after[..zeros].bytes().all(|b| b == b'0'), "{}", text);
            }
        }
    }
}

#[test]
fn one_bound_moves_the_other() {
    let number = |limits: Limits| -> i64 {
        limited(Generator::Integer, Locale::EnUs, 1, &limits).unwrap().parse().unwrap()
    };
    assert!((5_000..=5_999).contains(&number(Limits { min: Some(5_000), ..Limits::NONE })));
    assert!((-999..=0).contains(&number(Limits { max: Some(0), ..Limits::NONE })));
    assert!((1..=7).contains(&number(Limits { max: Some(7), ..Limits::NONE }).max(1)));
    assert_eq!(number(Limits { min: Some(i64::MAX), ..Limits::NONE }), i64::MAX);
    assert_eq!(number(Limits { max: Some(i64::MIN), ..Limits::NONE }), i64::MIN);
}

#[test]
fn bounds_that_nothing_keeps_are_told() {
    for generator in [Generator::Integer, Generator::Decimal, Generator::Price, Generator::Quantity]
    {
        let unfit = limited(generator, Locale::EnUs, 1, &Limits::range(2, 1)).unwrap_err();
        assert_eq!(
            unfit.to_string(),
            format!("`{}` has no number within the bounds", generator.word())
        );
    }
    let narrow = Limits { min: Some(100), precision: Some(3), scale: Some(2), ..Limits::NONE };
    assert!(limited(Generator::Decimal, Locale::EnUs, 1, &narrow).is_err());
}
