//! The compiled files of one version, by their paths, and their manifest.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use walkdir::WalkDir;

use super::entry::Entry;
use super::package::{Pin, sha256};
use super::recipe::Recipe;
use super::shelf::Shelf;

/// Every locale.
const LOCALES: [&str; 10] =
    ["en_US", "en_GB", "es_ES", "de_DE", "fr_FR", "it_IT", "pt_BR", "nl_NL", "pl_PL", "ja_JP"];
/// Lists of names.
const NAMES: [&str; 3] = ["given_female", "given_male", "family"];
/// Lists of places: whatever a place is called, it is called so.
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

/// Files by their paths below the edition's folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Edition {
    files: BTreeMap<String, String>,
    manifest: String,
}

impl Edition {
    /// Compiles everything: recipes and formats from `recipes`, packages
    /// fetched into the empty folder `stage`.
    pub(crate) fn compile(recipes: &Path, stage: &Path) -> Result<Self> {
        let pins: BTreeMap<String, Pin> = parse(&recipes.join("packages.toml"))?;
        let unwelcome: BTreeMap<String, Vec<String>> = parse(&recipes.join("unwelcome.toml"))?;
        let shelf = Shelf::fill(pins, stage)?;
        let mut edition = Self::default();
        for locale in LOCALES {
            let mut lists: BTreeMap<String, Recipe> =
                parse(&recipes.join(format!("{locale}.toml")))?;
            let language = locale.split('_').next().unwrap_or(locale);
            let unwelcome = unwelcome.get(language).map_or(&[][..], Vec::as_slice);
            for (list, fewest) in LISTS {
                let path = format!("{locale}/{list}");
                let recipe = lists.remove(list).with_context(|| format!("no recipe: {path}"))?;
                let mut entries = recipe.entries(&shelf)?;
                entries.retain(|entry| {
                    let may_say = PLACES.contains(&list) || !entry.says_any(unwelcome);
                    entry.is_plain() && may_say
                });
                if entries.len() < fewest {
                    bail!("{path}: {} entries, at least {fewest} are wanted", entries.len());
                }
                let sources = provenance(&recipe, &shelf)?;
                edition.list(&path, &entries, beside(locale, list), &sources)?;
            }
            if let Some(list) = lists.keys().next() {
                bail!("{locale}.toml: no list is called {list}");
            }
            let formats = read(&recipes.join(format!("formats/{locale}.txt")))?;
            let count = formats.lines().filter(|line| line.contains(" = ")).count();
            edition.add(&format!("{locale}/formats.txt"), formats, count, OWN);
        }
        edition.notices(&shelf)?;
        Ok(edition)
    }

    /// Adds a list and, if there is a word for it, what stands beside its
    /// entries, line by line.
    fn list(
        &mut self,
        path: &str,
        entries: &[Entry],
        beside: Option<&str>,
        sources: &str,
    ) -> Result<()> {
        let text: String = entries.iter().map(|entry| format!("{}\n", entry.text)).collect();
        self.add(&format!("{path}.txt"), text, entries.len(), sources);
        if let Some(word) = beside {
            let mut text = String::new();
            for entry in entries {
                let line = entry.beside.as_deref();
                let line = line.with_context(|| format!("{path}: no {word}: {}", entry.text))?;
                let _ = writeln!(text, "{line}");
            }
            self.add(&format!("{path}_{word}.txt"), text, entries.len(), sources);
        }
        Ok(())
    }

    fn add(&mut self, path: &str, text: String, entries: usize, sources: &str) {
        let _ = write!(
            self.manifest,
            "\n[[file]]\npath = \"{path}\"\nentries = {entries}\nsha256 = \"{}\"\n\
             source = [\n{sources}]\n",
            sha256(text.as_bytes())
        );
        self.files.insert(path.to_owned(), text);
    }

    fn notices(&mut self, shelf: &Shelf) -> Result<()> {
        let mut text = "# Notices\n\nThe lists of this folder were compiled from the packages \
            below; `manifest.toml` says which file has what from where. What it calls `own` was \
            written for Seedbed and has Seedbed's licence.\n"
            .to_owned();
        for package in shelf.packages() {
            let pin = &package.pin;
            let _ = write!(
                text,
                "\n## {} {} ({})\n\n```text\n{}\n```\n",
                pin.name,
                pin.version,
                pin.licence,
                package.notice()?.trim()
            );
        }
        self.files.insert("LICENSES.md".to_owned(), text);
        Ok(())
    }

    /// Writes the files into `folder`; others disappear from it.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let files = self.with_manifest();
        for stale in Self::read(folder)?.keys().filter(|path| !files.contains_key(*path)) {
            std::fs::remove_file(folder.join(stale))?;
        }
        for (path, text) in &files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// One line for every file of `folder` that is not as compiled.
    pub(crate) fn differences(&self, folder: &Path) -> Result<Vec<String>> {
        let (compiled, mut found) = (self.with_manifest(), Self::read(folder)?);
        let mut differences = Vec::new();
        for (path, text) in &compiled {
            match found.remove(path) {
                None => differences.push(format!("{path}: is missing")),
                Some(bytes) if bytes != text.as_bytes() => {
                    differences.push(format!("{path}: differs from its sources"));
                }
                Some(_) => {}
            }
        }
        differences.extend(found.keys().map(|path| format!("{path}: has no recipe")));
        Ok(differences)
    }

    /// How many files, and how many bytes they have together.
    pub(crate) fn size(&self) -> (usize, usize) {
        let files = self.with_manifest();
        (files.len(), files.values().map(String::len).sum())
    }

    fn with_manifest(&self) -> BTreeMap<String, String> {
        let mut files = self.files.clone();
        files.insert(
            "manifest.toml".to_owned(),
            format!(
                "# Written by `cargo xtask dictionaries`; version 1 never changes.\n{}",
                self.manifest
            ),
        );
        files
    }

    fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut files = BTreeMap::new();
        if folder.exists() {
            for entry in WalkDir::new(folder) {
                let entry = entry?;
                if entry.file_type().is_file() {
                    let path = entry.path().strip_prefix(folder)?.to_string_lossy().into_owned();
                    files.insert(path, std::fs::read(entry.path())?);
                }
            }
        }
        Ok(files)
    }
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
    for source in &recipe.from {
        let pin = &shelf.package(&source.package)?.pin;
        let _ = writeln!(
            lines,
            "  {{ package = \"{}\", version = \"{}\", path = \"{}\", at = \"{}\", licence = \"{}\" }},",
            pin.name, pin.version, source.path, source.at, pin.licence
        );
    }
    if !recipe.own.is_empty() {
        lines.push_str(OWN);
    }
    Ok(lines)
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    toml::from_str(&read(path)?).with_context(|| format!("cannot read {}", path.display()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
