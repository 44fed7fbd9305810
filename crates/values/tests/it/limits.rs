//! A limit on characters is kept by cutting what can be cut and by refusing
//! what cannot; what comes out is still of its kind.

use proptest::prelude::*;
use seedbed_values::{Generator, Limits, Locale, Unfit};

use crate::validity::{is_email, is_slug, is_valid};
use crate::value::{cases, limited, unique, value};

/// Kinds that are whole or not there.
fn is_rigid(generator: Generator) -> bool {
    (1..20).any(|room| {
        matches!(
            limited(generator, Locale::EnUs, 0, &Limits::chars(room)),
            Err(Unfit::NoRoom { .. })
        )
    })
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn the_limit_is_kept(
        generator in prop::sample::select(Generator::ALL.to_vec()),
        locale in prop::sample::select(Locale::ALL.to_vec()),
        row: u64,
        room in 0usize..60,
    ) {
        match limited(generator, locale, row, &Limits::chars(room)) {
            Ok(text) => {
                let count = text.chars().count();
                prop_assert!((1..=room).contains(&count), "{} {}: {}", generator.word(), room, text);
                prop_assert!(text == text.trim(), "{} {}: {}", generator.word(), room, text);
                if generator != Generator::City {
                    prop_assert!(is_valid(generator, locale, &text), "{} {}: {}", generator.word(), room, text);
                }
                let whole = value(generator, locale, row);
                if whole.chars().count() <= room {
                    prop_assert_eq!(text, whole);
                }
            }
            Err(Unfit::NoRoom { room: told, needed, .. }) => {
                prop_assert_eq!(told, room);
                prop_assert!(needed > room);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
        match unique(generator, locale, row % 1_000_000, &Limits::chars(room)) {
            Ok(text) => prop_assert!((1..=room).contains(&text.chars().count()), "{} {}: {}", generator.word(), room, text),
            Err(Unfit::NoNumber { .. }) => prop_assert!(false, "{}", generator.word()),
            Err(_) => {}
        }
    }
}

#[test]
fn words_names_and_addresses_fit_into_any_room() {
    for generator in [
        Generator::FullName,
        Generator::City,
        Generator::Company,
        Generator::Word,
        Generator::Sentence,
        Generator::Paragraphs,
        Generator::Slug,
        Generator::Username,
        Generator::Token,
        Generator::Password,
        Generator::Sku,
    ] {
        for locale in Locale::ALL {
            for (row, room) in (0..40).zip((1..21).cycle()) {
                assert!(
                    limited(generator, locale, row, &Limits::chars(room)).is_ok(),
                    "{}",
                    generator.word()
                );
            }
        }
    }
    assert!(is_rigid(Generator::Uuid) && is_rigid(Generator::Email) && !is_rigid(Generator::Word));
}

#[test]
fn an_address_is_never_cut_in_the_middle() {
    for row in 0..200 {
        for room in 8..40 {
            let email = limited(Generator::Email, Locale::DeDe, row, &Limits::chars(room)).unwrap();
            assert!(is_email(&email) && email.len() <= room, "{email}");
        }
        assert!(limited(Generator::Email, Locale::DeDe, row, &Limits::chars(7)).is_err());
        let url = limited(Generator::Url, Locale::DeDe, row, &Limits::chars(20)).unwrap();
        assert!(is_slug(url.strip_prefix("https://a.test/").unwrap()), "{url}");
    }
}

#[test]
fn words_are_parted_rather_than_cut() {
    let whole = value(Generator::Paragraph, Locale::EnUs, 5);
    for room in 30..whole.len() {
        let cut = limited(Generator::Paragraph, Locale::EnUs, 5, &Limits::chars(room)).unwrap();
        let after = whole.strip_prefix(&cut).unwrap();
        assert!(
            after.starts_with(|c: char| !c.is_alphanumeric()) || after.is_empty(),
            "{cut}|{after}"
        );
        assert!(cut.len() * 2 >= room, "{cut}");
    }
}
