//! Values of one cell agree with one another, and only the cell counts.

use std::thread;

use proptest::prelude::*;
use seedbed_values::{Cell, ColumnKey, Dictionary, Format, Generator, Limits, List, Locale};

use crate::value::{cases, cell, value};

fn locale() -> impl Strategy<Value = Locale> {
    prop::sample::select(Locale::ALL.to_vec())
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_person_is_one_person(locale in locale(), row: u64) {
        let [full, given, family, username, email] = [
            Generator::FullName,
            Generator::GivenName,
            Generator::FamilyName,
            Generator::Username,
            Generator::Email,
        ]
        .map(|generator| value(generator, locale, row));
        let form = Dictionary::of(locale).format(Format::FullName);
        let together = if form.starts_with("{given}") {
            format!("{given} {family}")
        } else {
            format!("{family} {given}")
        };
        prop_assert_eq!(&full, &together);
        prop_assert_eq!(email.split('@').next(), Some(username.as_str()));
        if locale == Locale::EnUs {
            let plain = |name: &str| -> String {
                name.to_lowercase().chars().filter(char::is_ascii_alphabetic).collect()
            };
            let (given, family) = (plain(&given), plain(&family));
            prop_assert!(
                username.starts_with(&given[..1]) && (username.contains(&family) || username.starts_with(&given)),
                "{} {}", full, username
            );
        }
    }

    #[test]
    fn an_address_is_one_address(locale in locale(), row: u64) {
        let full = value(Generator::FullAddress, locale, row);
        for generator in [Generator::Street, Generator::StreetName, Generator::City, Generator::Postcode] {
            let part = value(generator, locale, row);
            prop_assert!(full.contains(&part), "{}: {} in {}", generator.word(), part, full);
        }
        let format = Dictionary::of(locale).format(Format::AddressLine);
        if format.contains("{region}") {
            prop_assert!(full.contains(&value(Generator::Region, locale, row)), "{}", full);
        }
    }

    #[test]
    fn both_forms_of_a_telephone_number_are_one(locale in locale(), row: u64) {
        let [e164, national] =
            [Generator::Phone, Generator::PhoneNational].map(|generator| value(generator, locale, row));
        let trunk = Dictionary::of(locale).format(Format::Trunk);
        let digits: String = national.chars().filter(char::is_ascii_digit).collect();
        let significant = if trunk == "none" { &digits } else { digits.strip_prefix(trunk).unwrap() };
        prop_assert!(e164.ends_with(significant), "{} {}", e164, national);
        prop_assert!(!national.contains('+'), "{}", national);
    }

    #[test]
    fn a_country_and_its_code_go_together(locale in locale(), row: u64) {
        let dictionary = Dictionary::of(locale);
        let place = |list, generator| {
            let value = value(generator, locale, row);
            dictionary.list(list).iter().position(|entry| *entry == value)
        };
        let any = place(List::Country, Generator::AnyCountry);
        prop_assert!(any.is_some());
        prop_assert_eq!(any, place(List::CountryCode, Generator::AnyCountryCode));
        let own = place(List::Country, Generator::Country);
        prop_assert_eq!(own, place(List::CountryCode, Generator::CountryCode));
    }

    #[test]
    fn the_same_bits_are_the_same_value(
        generator in prop::sample::select(Generator::ALL.to_vec()), locale in locale(), row: u64,
    ) {
        prop_assert_eq!(value(generator, locale, row), value(generator, locale, row));
    }
}

/// Any row can be made alone, by any thread, in any order.
#[test]
fn threads_agree() {
    let key = ColumnKey::new("seed0", "public", "people", "it");
    let make = |rows: &mut dyn Iterator<Item = u64>| -> Vec<(u64, String)> {
        rows.map(|row| {
            let mut out = String::new();
            for generator in Generator::ALL {
                let mut stream = Cell::seeded(&key, row).stream();
                generator.write(&mut stream, Locale::PlPl, &Limits::NONE, &mut out).unwrap();
            }
            (row, out)
        })
        .collect()
    };
    let alone = make(&mut (0..200));
    for count in [2, 5] {
        let mut together: Vec<(u64, String)> = thread::scope(|scope| {
            let hands: Vec<_> = (0..count)
                .map(|hand| {
                    scope.spawn(move || make(&mut (hand..200).rev().step_by(count as usize)))
                })
                .collect();
            hands.into_iter().flat_map(|hand| hand.join().unwrap()).collect()
        });
        together.sort();
        together.dedup();
        for (row, made) in together {
            assert_eq!(alone[row as usize].1, made);
        }
    }
}

#[test]
fn a_different_seed_column_or_row_is_a_different_value() {
    let uuid = |cell: Cell| {
        let mut out = String::new();
        Generator::Uuid.write(&mut cell.stream(), Locale::EnUs, &Limits::NONE, &mut out).unwrap();
        out
    };
    let at = |seed, column, row| {
        uuid(Cell::seeded(&ColumnKey::new(seed, "public", "people", column), row))
    };
    assert_eq!(uuid(cell(3)), at("seed0", "it", 3));
    for other in [at("seed1", "it", 3), at("seed0", "that", 3), at("seed0", "it", 4)] {
        assert_ne!(other, uuid(cell(3)));
    }
}
