//! The unpacked packages and the tables in them. What a table is depends on
//! the file: JSON, the module of a program, or lines with commas.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::entry::Entry;
use super::package::{Package, Pin};
use super::romaji;

const TABLES_PY: &str = include_str!("tables.py");
const TABLES_MJS: &str = include_str!("tables.mjs");

/// Codes of two letters in CLDR's territories that are no countries of ISO
/// 3166-1: exceptional reservations, unions, tests.
const NO_COUNTRIES: [&str; 16] = [
    "AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ", "AN",
];

/// The packages by the word that recipes use for them.
#[derive(Debug)]
pub(crate) struct Shelf {
    packages: BTreeMap<String, Package>,
    parsed: RefCell<BTreeMap<String, Rc<Value>>>,
}

impl Shelf {
    /// Fetches every package below `folder`.
    pub(crate) fn fill(pins: BTreeMap<String, Pin>, folder: &Path) -> Result<Self> {
        let mut packages = BTreeMap::new();
        for (word, pin) in pins {
            println!("{} {}", pin.name, pin.version);
            let package = Package::fetch(pin, &folder.join(&word))?;
            packages.insert(word, package);
        }
        Ok(Self { packages, parsed: RefCell::default() })
    }

    /// The package that recipes call so.
    pub(crate) fn package(&self, word: &str) -> Result<&Package> {
        self.packages.get(word).with_context(|| format!("packages.toml pins no `{word}`"))
    }

    /// All packages.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// The entries of one table, as its author ordered them.
    pub(crate) fn table(&self, word: &str, path: &str, at: &str) -> Result<Vec<Entry>> {
        let package = self.package(word)?;
        if path.ends_with(".csv") {
            return family_names(&package.text(path)?);
        }
        let file = self.parsed(word, path, package)?;
        match file.pointer(at).context("no such table")? {
            Value::Array(texts) => texts
                .iter()
                .map(|text| text.as_str().map(Entry::new).context("an entry is no text"))
                .collect(),
            Value::Object(territories) => Ok(countries(territories)),
            _ => bail!("this is no table"),
        }
    }

    fn parsed(&self, word: &str, path: &str, package: &Package) -> Result<Rc<Value>> {
        let key = format!("{word} {path}");
        if let Some(value) = self.parsed.borrow().get(&key) {
            return Ok(Rc::clone(value));
        }
        let text = match path.rsplit_once('.') {
            Some((_, "json")) => package.text(path)?,
            Some((_, "js")) => {
                let script = ["--input-type=module", "--eval", TABLES_MJS, "--"];
                run("node", &script, package.folder(), path)?
            }
            Some((_, "py")) => {
                run("python3", &["-I", "-B", "-c", TABLES_PY], package.folder(), path)?
            }
            _ => bail!("no way to read such a file"),
        };
        let value = Rc::new(serde_json::from_str(&text)?);
        self.parsed.borrow_mut().insert(key, Rc::clone(&value));
        Ok(value)
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path, path: &str) -> Result<String> {
    let mut command = Command::new(program);
    command.args(arguments).arg(folder).arg(path).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!("{program} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The names of CLDR's territories that are countries, each beside its code.
fn countries(territories: &serde_json::Map<String, Value>) -> Vec<Entry> {
    let is_country =
        |code: &str| code.len() == 2 && code.is_ascii() && !NO_COUNTRIES.contains(&code);
    let named = territories.iter().filter(|(code, _)| is_country(code));
    named.filter_map(|(code, name)| Some(Entry::pair(name.as_str()?, code.clone()))).collect()
}

/// Lines `kanji,bearers,kana,romaji`, the most frequent name first.
fn family_names(text: &str) -> Result<Vec<Entry>> {
    let line = |line: &str| {
        let mut fields = line.split(',');
        let (kanji, spelt) = (fields.next()?, fields.nth(2)?);
        Some(Entry::pair(kanji, romaji::passport(spelt)))
    };
    text.lines().map(|text| line(text).with_context(|| format!("cannot read `{text}`"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_told_from_other_territories() {
        let territories = serde_json::json!({
            "150": "Europe", "DE": "Germany", "EU": "European Union", "HK-alt-short": "Hong Kong",
            "GB": "United Kingdom",
        });
        let expected = [("Germany", "DE"), ("United Kingdom", "GB")];
        let expected = expected.map(|(name, code)| Entry::pair(name, code.to_owned()));
        assert_eq!(countries(territories.as_object().unwrap()), expected);
    }

    #[test]
    fn a_family_name_has_both_scripts() {
        let names = family_names("佐藤,1887000,さとう,satou\n").unwrap();
        assert_eq!(names, [Entry::pair("佐藤", "Sato".to_owned())]);
        assert!(family_names("佐藤,1887000\n").is_err());
    }
}
