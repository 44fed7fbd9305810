//! The frozen data is complete, clean and what its manifest says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use seedbed_values::{Dictionary, Format, List, Locale};
use sha2::{Digest, Sha256};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/v1")
}

/// Lists that may be short because there are no more of them.
fn least(list: List) -> usize {
    match list {
        List::GivenFemale | List::GivenMale | List::Family | List::City | List::Street => 100,
        List::Country | List::CountryCode => 190,
        List::Word => 150,
        List::CompanySuffix => 3,
        _ => 10,
    }
}

#[test]
fn every_locale_has_every_list_of_its_own() {
    for locale in Locale::ALL {
        let dictionary = Dictionary::of(locale);
        for list in List::ALL {
            let entries = dictionary.list(*list);
            let name = format!("{locale}/{}", list.word());
            assert!(entries.len() >= least(*list), "{name}: {} entries", entries.len());
            let different: BTreeSet<_> = entries.iter().collect();
            // Small regions may share a name with none; nothing is listed twice.
            assert_eq!(different.len(), entries.len(), "{name}: an entry twice");
            for entry in entries {
                assert_eq!(entry.trim(), *entry, "{name}");
                assert!((1..=40).contains(&entry.chars().count()), "{name}: {entry}");
                assert!(!entry.contains(['{', '}', '#', '\u{feff}']), "{name}: {entry}");
                assert!(!entry.chars().any(char::is_control), "{name}: {entry:?}");
            }
        }
    }
}

/// Another language's words are its own: no list but codes and names of places
/// is what the English one is.
#[test]
fn nothing_falls_back_to_english() {
    let english = Dictionary::of(Locale::EnUs);
    let spoken =
        [List::Country, List::Word, List::Job, List::Department, List::ProductNoun, List::Color];
    for locale in Locale::ALL.into_iter().filter(|locale| locale.language() != "en") {
        for list in spoken {
            let ours: BTreeSet<_> = Dictionary::of(locale).list(list).iter().collect();
            let theirs: BTreeSet<_> = english.list(list).iter().collect();
            let shared = ours.intersection(&theirs).count();
            // Half of the countries are called alike in Italian or Dutch.
            let most = if list == List::Country { ours.len() * 3 / 5 } else { ours.len() / 3 };
            assert!(shared < most, "{locale}/{}: {shared} English entries", list.word());
        }
    }
}

#[test]
fn countries_and_their_codes_go_together() {
    for (locale, country) in [
        (Locale::EnUs, "United States"),
        (Locale::EnGb, "United Kingdom"),
        (Locale::EsEs, "España"),
        (Locale::DeDe, "Deutschland"),
        (Locale::FrFr, "France"),
        (Locale::ItIt, "Italia"),
        (Locale::PtBr, "Brasil"),
        (Locale::NlNl, "Nederland"),
        (Locale::PlPl, "Polska"),
        (Locale::JaJp, "日本"),
    ] {
        let dictionary = Dictionary::of(locale);
        let codes = dictionary.list(List::CountryCode);
        assert_eq!(codes.len(), dictionary.list(List::Country).len(), "{locale}");
        assert!(codes.iter().all(|code| code.len() == 2), "{locale}");
        let home = codes.iter().position(|code| *code == locale.country_code()).unwrap();
        assert_eq!(dictionary.list(List::Country)[home], country);
    }
}

#[test]
fn every_locale_has_every_format_with_parts_we_know() {
    let parts: BTreeMap<Format, &[&str]> = [
        (Format::FullName, &["given", "family"][..]),
        (Format::StreetLine, &["number", "street"]),
        (Format::AddressLine, &["street_line", "street", "number", "postcode", "city", "region"]),
        (Format::Product, &["product_adjective", "product_material", "product_noun"]),
    ]
    .into();
    for locale in Locale::ALL {
        let dictionary = Dictionary::of(locale);
        for format in Format::ALL {
            let values = dictionary.formats(format);
            assert!(!values.is_empty(), "{locale}/{}", format.word());
            for value in values {
                let found: Vec<&str> = value
                    .split('{')
                    .skip(1)
                    .map(|piece| piece.split_once('}').unwrap().0)
                    .collect();
                let known = parts.get(&format).copied().unwrap_or_default();
                assert!(found.iter().all(|part| known.contains(part)), "{locale}: {value}");
                assert!(known.is_empty() || found.len() >= 2, "{locale}: {value}");
            }
        }
        assert_eq!(dictionary.format(Format::CountryCode), locale.country_code());
        assert!(dictionary.format(Format::Language).starts_with(locale.language()));
        let currency = dictionary.format(Format::Currency);
        assert!(currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase()));
        for phone in [Format::PhoneMobile, Format::PhoneLandline] {
            for pattern in dictionary.formats(phone) {
                assert!(pattern.starts_with('+') && pattern.contains(' '), "{locale}: {pattern}");
                assert!(
                    pattern.chars().all(|c| c.is_ascii_digit() || "+#% -".contains(c)),
                    "{locale}: {pattern}"
                );
            }
        }
        let iban = dictionary.format(Format::Iban);
        assert!(
            iban == "none" || iban.starts_with(&format!("{}:", locale.country_code())),
            "{locale}: {iban}"
        );
    }
}

#[test]
fn latin_names_stand_beside_the_japanese_ones() {
    let japanese = Dictionary::of(Locale::JaJp);
    for (list, file) in [
        (List::GivenFemale, "given_female_latin"),
        (List::GivenMale, "given_male_latin"),
        (List::Family, "family_latin"),
    ] {
        let latin = fs::read_to_string(data().join(format!("ja_JP/{file}.txt"))).unwrap();
        assert_eq!(latin.lines().count(), japanese.list(list).len(), "{file}");
        assert!(latin.lines().all(|name| name.bytes().all(|b| b.is_ascii_alphabetic())), "{file}");
    }
}

/// Version 1 never changes: the files are what the manifest says, and the hash
/// of what it says of them is a golden vector.
#[test]
fn every_file_is_what_the_manifest_says() {
    let manifest: toml::Table =
        fs::read_to_string(data().join("manifest.toml")).unwrap().parse().unwrap();
    let mut listed = BTreeSet::new();
    for file in manifest["file"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let bytes = fs::read(data().join(path)).unwrap();
        let hash = Sha256::digest(&bytes).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        assert_eq!(file["sha256"].as_str(), Some(hash.as_str()), "{path}");
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with('\n') && !text.contains('\r'), "{path}");
        listed.insert(path.to_owned());
    }
    let mut present = BTreeSet::new();
    for locale in Locale::ALL {
        for entry in fs::read_dir(data().join(locale.word())).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            present.insert(format!("{locale}/{name}"));
        }
    }
    assert_eq!(listed, present);
}
