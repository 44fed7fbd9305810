//! Different tokens make different values, which stay of their kind.

use std::collections::HashMap;

use proptest::prelude::*;
use seedbed_values::{Generator, Limits, Locale, Token, Uniqueness};

use crate::validity::is_valid;
use crate::value::{cases, cell, unique};

#[test]
fn three_thousand_rows_are_three_thousand_values() {
    for generator in Generator::ALL {
        for locale in [Locale::EnUs, Locale::JaJp] {
            if generator.uniqueness() == Uniqueness::None {
                let refused = unique(*generator, locale, 1, &Limits::NONE).unwrap_err();
                assert!(refused.to_string().contains("unique"), "{refused}");
                continue;
            }
            let mut seen = HashMap::new();
            for row in 0..3_000 {
                let text = unique(*generator, locale, row, &Limits::NONE).unwrap();
                assert!(is_valid(*generator, locale, &text), "{}: {text}", generator.word());
                if let Some(other) = seen.insert(text, row) {
                    panic!("{} {locale}: rows {other} and {row}", generator.word());
                }
            }
        }
    }
}

#[test]
fn tight_limits_keep_values_apart() {
    for generator in Generator::ALL.iter().filter(|g| g.uniqueness() == Uniqueness::Token) {
        for room in [3, 5, 9, 14, 24, 40] {
            let mut seen = HashMap::new();
            for row in 0..1_000 {
                let Ok(text) = unique(*generator, Locale::FrFr, row, &Limits::chars(room)) else {
                    continue;
                };
                if let Some(other) = seen.insert(text.clone(), row) {
                    panic!("{} {room}: rows {other} and {row}: {text}", generator.word());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(500))]

    /// The same bits under different tokens: the worst case, since nothing but
    /// the token can tell them apart.
    #[test]
    fn the_token_alone_tells_values_apart(
        generator in prop::sample::select(
            Generator::ALL.iter().copied().filter(|g| g.uniqueness() == Uniqueness::Token).collect::<Vec<_>>()
        ),
        locale in prop::sample::select(Locale::ALL.to_vec()),
        (bits, other_bits) in any::<(u64, u64)>(),
        (one, other) in any::<(u64, u64)>(),
        room in prop::option::of(3usize..50),
    ) {
        prop_assume!(one != other);
        let make = |row, token| {
            let (mut out, limits) = (String::new(), Limits { max_chars: room, ..Limits::NONE });
            generator
                .write_unique(&mut cell(row).stream(), &Token::new(token), locale, &limits, &mut out)
                .map(|()| out)
        };
        if let (Ok(one), Ok(other)) = (make(bits, one), make(bits, other)) {
            prop_assert_ne!(one, other);
        }
        if let (Ok(one), Ok(other)) = (make(bits, one), make(other_bits, other)) {
            prop_assert_ne!(one, other);
        }
    }
}
