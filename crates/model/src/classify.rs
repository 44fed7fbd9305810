//! What a column is about, by its name, its table's name and its type. The
//! facts are a table ([`names`]); whole words of a name count, never parts of
//! words.

mod names;
mod usual;
mod words;

use seedbed_schema::{Base, Column, NamedType, Schema, Table, TypeRef, TypeShape};
use seedbed_values::{Generator, Natural};

pub(crate) use names::group;
pub(crate) use usual::{Usual, usual};
pub(crate) use words::words;

/// What a column is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) generator: Generator,
    /// What tells it from others of its kind: `billing` of `billing_city`.
    pub(crate) whose: String,
}

/// What a column is about, if its name says so and its type can hold it. A
/// comment that is a generator's word in brackets, `[internet.email]`, decides.
pub(crate) fn classify(schema: &Schema, table: &Table, column: &Column) -> Option<About> {
    if let Some(generator) = column.comment.as_deref().and_then(commented) {
        return Some(About { generator, whose: String::new() });
    }
    let natural = naturals(schema, &column.data_type, 8);
    let column_words = words(&column.name);
    let (candidates, from) = names::candidates(&column_words, &words(&table.name.name));
    let generator = candidates
        .into_iter()
        .find(|generator| natural.contains(&generator.natural()) && has_room(*generator, column))?;
    Some(About { generator, whose: column_words[..from].join("_") })
}

fn commented(comment: &str) -> Option<Generator> {
    let (_, rest) = comment.split_once('[')?;
    let (word, _) = rest.split_once(']')?;
    Generator::from_word(word).ok()
}

/// A type of few characters says more than a name: a `country` of two letters
/// is a code.
fn has_room(generator: Generator, column: &Column) -> bool {
    let least = match generator {
        Generator::CountryCode | Generator::AnyCountryCode | Generator::LanguageCode => 2,
        Generator::Currency => 3,
        Generator::LocaleCode => 5,
        Generator::Postcode => 6,
        Generator::Email => 24,
        Generator::Phone | Generator::PhoneNational => 13,
        Generator::Url => 24,
        Generator::UserAgent => 40,
        Generator::Ipv4 => 15,
        Generator::Ipv6 => 39,
        Generator::Mac => 17,
        Generator::Iban => 22,
        Generator::Sha256 => 64,
        Generator::Base64 => 44,
        Generator::Ulid => 26,
        Generator::Nanoid => 21,
        Generator::Uuid | Generator::UuidV4 | Generator::UuidV7 => 36,
        Generator::CardNumber => 16,
        Generator::Bic => 8,
        Generator::Ean | Generator::Isbn => 13,
        Generator::HexColor => 7,
        Generator::Token | Generator::Timezone | Generator::MimeType => 32,
        _ => 6,
    };
    column.data_type.length.is_none_or(|length| length as usize >= least)
}

/// What a type can hold.
fn naturals(schema: &Schema, data_type: &TypeRef, depth: usize) -> Vec<Natural> {
    use Natural as N;
    match &data_type.shape {
        TypeShape::Array(element) => naturals(schema, element, depth),
        TypeShape::Named(name) => match schema.named_type(name) {
            Some(NamedType::Domain { base, .. }) if depth > 0 => naturals(schema, base, depth - 1),
            _ => vec![],
        },
        TypeShape::Base(base) => match base {
            Base::Text | Base::Varchar | Base::Citext | Base::Bpchar | Base::Name => {
                vec![N::Text, N::Inet, N::Uuid, N::Macaddr]
            }
            Base::Int2 | Base::Int4 | Base::Int8 => vec![N::Integer, N::Numeric],
            Base::Numeric | Base::Float4 | Base::Float8 | Base::Money => {
                vec![N::Numeric, N::Integer]
            }
            Base::Date => vec![N::Date, N::Timestamp],
            Base::Timestamp | Base::Timestamptz => vec![N::Timestamp, N::Date],
            Base::Uuid => vec![N::Uuid],
            Base::Inet => vec![N::Inet],
            Base::Macaddr => vec![N::Macaddr],
            _ => vec![],
        },
        _ => vec![],
    }
}
