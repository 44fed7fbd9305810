//! From recipes and packages to an edition: which lists there are, what is in
//! none of them, and what the manifest says about each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::edition::Edition;
use super::entry::Entry;
use super::package::Pin;
use super::recipe::{Recipe, Source};
use super::shelf::Shelf;

/// Every locale.
const LOCALES: [&str; 10] =
    ["en_US", "en_GB", "es_ES", "de_DE", "fr_FR", "it_IT", "pt_BR", "nl_NL", "pl_PL", "ja_JP"];
/// Lists of names.
const NAMES: [&str; 3] = ["given_female", "given_male", "family"];
/// Lists of places. They and people may have any name that they have.
const PLACES: [&str; 3] = ["city", "region", "country"];
/// Every list and the fewest entries it may have: below, values repeat so
/// often that people notice, or the recipe has lost a source. Legal forms and
/// regions are as many as a country has.
const LISTS: [(&str, usize); 15] = [
    ("given_female", 120),
    ("given_male", 120),
    ("family", 250),
    ("city", 200),
    ("region", 12),
    ("street", 200),
    ("country", 230),
    ("word", 300),
    ("company_suffix", 5),
    ("job", 100),
    ("department", 20),
    ("product_adjective", 20),
    ("product_material", 15),
    ("product_noun", 20),
    ("color", 20),
];
/// The manifest's line for facts that were written for this house.
const OWN: &str = "  { package = \"own\" },\n";

/// Words that no list shall say, and those of them that a source did say.
#[derive(Debug)]
struct Unwelcome {
    words: Vec<String>,
    said: BTreeSet<String>,
}

/// Compiles everything: recipes and formats from `recipes`, packages fetched
/// into the empty folder `stage`.
pub(crate) fn compile(recipes: &Path, stage: &Path) -> Result<Edition> {
    let shelf = Shelf::fill(pins(recipes)?, stage)?;
    let mut unwelcome = unwelcome(recipes)?;
    let mut edition = Edition::default();
    for locale in LOCALES {
        let lists = lists(recipes, locale)?;
        let language = locale.split('_').next().unwrap_or(locale);
        let unwelcome = unwelcome.get_mut(language).context("no words are unwelcome")?;
        for (list, fewest) in LISTS {
            let path = format!("{locale}/{list}");
            let recipe = lists.get(list).with_context(|| format!("no recipe: {path}"))?;
            let entries = entries(recipe, &shelf, list, unwelcome)?;
            if entries.len() < fewest {
                bail!("{path}: {} entries, at least {fewest} are wanted", entries.len());
            }
            let sources = provenance(recipe, &shelf)?;
            let texts: Vec<&str> = entries.iter().map(|entry| entry.text.as_str()).collect();
            edition.list(&format!("{path}.txt"), &texts, &sources);
            if let Some(word) = beside(locale, list) {
                let beside = |entry| Entry::beside(entry).with_context(|| format!("no {word}"));
                let texts = entries.iter().map(beside).collect::<Result<Vec<_>>>();
                edition.list(&format!("{path}_{word}.txt"), &texts.context(path)?, &sources);
            }
        }
        edition.formats(&format!("{locale}/formats.txt"), formats(recipes, locale)?, OWN);
    }
    for (language, Unwelcome { mut words, said }) in unwelcome {
        words.retain(|word| !said.contains(word));
        if !words.is_empty() {
            bail!("unwelcome.toml: no source of {language} says {}", words.join(", "));
        }
    }
    edition.notices(&notices(&shelf)?);
    Ok(edition)
}

fn entries(
    recipe: &Recipe,
    shelf: &Shelf,
    list: &str,
    unwelcome: &mut Unwelcome,
) -> Result<Vec<Entry>> {
    let mut entries = recipe.entries(shelf)?;
    entries.retain(|entry| entry.is_plain());
    if !NAMES.contains(&list) && !PLACES.contains(&list) {
        entries.retain(|entry| match entry.says_any(&unwelcome.words) {
            Some(word) => {
                unwelcome.said.insert(word.to_owned());
                false
            }
            None => true,
        });
    }
    Ok(entries)
}

/// What a list has beside its entries, in a list of its own: the romaji of
/// names, for e-mails; the ISO 3166 codes of countries.
fn beside(locale: &str, list: &str) -> Option<&'static str> {
    match (locale, list) {
        ("ja_JP", list) if NAMES.contains(&list) => Some("latin"),
        (_, "country") => Some("code"),
        _ => None,
    }
}

/// The lines of the manifest about where a list comes from.
fn provenance(recipe: &Recipe, shelf: &Shelf) -> Result<String> {
    let mut lines = String::new();
    for Source { package, path, at, .. } in recipe.sources() {
        let pin = &shelf.package(package)?.pin;
        let _ = writeln!(
            lines,
            "  {{ package = \"{}\", version = \"{}\", path = \"{path}\", at = \"{at}\", licence = \"{}\" }},",
            pin.name, pin.version, pin.licence
        );
    }
    if !recipe.own.is_empty() {
        lines.push_str(OWN);
    }
    Ok(lines)
}

fn notices(shelf: &Shelf) -> Result<String> {
    let mut text = "# Notices\n\nThe lists of this folder were compiled from the packages below; \
        `manifest.toml` says which file has what from where. What it calls `own` was written for \
        Seedbed and has Seedbed's licence.\n"
        .to_owned();
    for package in shelf.packages() {
        let (pin, notice) = (&package.pin, package.notice()?);
        let heading = format!("{} {} ({})", pin.name, pin.version, pin.licence);
        let _ = write!(text, "\n## {heading}\n\n```text\n{}\n```\n", notice.trim());
    }
    Ok(text)
}

fn pins(recipes: &Path) -> Result<BTreeMap<String, Pin>> {
    parse(&recipes.join("packages.toml"))
}

fn unwelcome(recipes: &Path) -> Result<BTreeMap<String, Unwelcome>> {
    let words: BTreeMap<String, Vec<String>> = parse(&recipes.join("unwelcome.toml"))?;
    let of = |words| Unwelcome { words, said: BTreeSet::new() };
    Ok(words.into_iter().map(|(language, words)| (language, of(words))).collect())
}

fn lists(recipes: &Path, locale: &str) -> Result<BTreeMap<String, Recipe>> {
    let lists: BTreeMap<String, Recipe> = parse(&recipes.join(format!("{locale}.toml")))?;
    let known = |name: &String| LISTS.iter().any(|(list, _)| list == name);
    if let Some(name) = lists.keys().find(|name| !known(name)) {
        bail!("{locale}.toml: no list is called {name}");
    }
    Ok(lists)
}

fn formats(recipes: &Path, locale: &str) -> Result<String> {
    read(&recipes.join(format!("formats/{locale}.txt")))
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    toml::from_str(&read(path)?).with_context(|| format!("cannot read {}", path.display()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every country says about itself.
    const KEYS: [&str; 13] = [
        "full_name",
        "number",
        "street_line",
        "address_line",
        "postcode",
        "product",
        "phone_mobile",
        "phone_landline",
        "trunk",
        "iban",
        "currency",
        "country_code",
        "language",
    ];

    fn recipes() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries")
    }

    #[test]
    fn every_locale_has_every_list_from_pinned_packages() {
        let pins = pins(&recipes()).unwrap();
        let unwelcome = unwelcome(&recipes()).unwrap();
        for locale in LOCALES {
            let lists = lists(&recipes(), locale).unwrap();
            assert_eq!(lists.len(), LISTS.len(), "{locale}");
            for (list, recipe) in &lists {
                assert!(recipe.sources().next().is_some() || !recipe.own.is_empty(), "{list}");
                for source in recipe.sources() {
                    assert!(pins.contains_key(&source.package), "{locale}/{list}");
                }
            }
            assert!(unwelcome.contains_key(&locale[..2]), "{locale}");
        }
    }

    #[test]
    fn every_locale_has_every_format_and_no_other() {
        for locale in LOCALES {
            let text = formats(&recipes(), locale).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with(';'));
            let found: BTreeSet<_> =
                lines.map(|line| line.split_once(" = ").unwrap_or((line, "")).0).collect();
            assert_eq!(found, BTreeSet::from(KEYS), "{locale}");
        }
    }

    #[test]
    fn telephone_numbers_have_a_country_code_and_one_length() {
        for locale in LOCALES {
            let text = formats(&recipes(), locale).unwrap();
            let numbers = text.lines().filter(|line| line.starts_with("phone_"));
            for (_, number) in numbers.filter_map(|line| line.split_once(" = ")) {
                let digits = number.chars().filter(|c| c.is_ascii_digit() || *c == '#').count();
                assert!(number.starts_with('+') && number.contains(' '), "{locale}: {number}");
                // E.164 has fifteen at most, and none of ours is a short code.
                assert!((10..=15).contains(&digits), "{locale}: {number}");
            }
        }
    }
}
