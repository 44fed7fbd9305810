//! How one list is compiled: from which tables of which packages, how their
//! entries are shaped, what is added of our own, and how long the list may be.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::entry::Entry;
use super::shelf::Shelf;

/// A table of `<locale>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    /// Tables of packages, in this order.
    #[serde(default)]
    from: Vec<Source>,
    /// Facts of our own, behind them; `name|romaji` where a list has both.
    #[serde(default)]
    pub(crate) own: Vec<String>,
    /// Most entries; of a longer list an even spread, so that an alphabetical
    /// table does not end at B.
    #[serde(default = "most_entries")]
    most: usize,
}

/// One table of a package and the shaping of its entries, in this order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) package: String,
    pub(crate) path: String,
    /// JSON pointer to the table in the file.
    #[serde(default)]
    pub(crate) at: String,
    /// Several entries in one line of the table.
    split: Option<String>,
    /// Nothing from here on belongs to the entry.
    cut: Option<String>,
    /// Corrections: the whole entry and what it should be.
    #[serde(default)]
    instead: BTreeMap<String, String>,
    /// Endings and what they are an abbreviation of.
    #[serde(default)]
    endings: BTreeMap<String, String>,
    /// Only entries that begin so.
    #[serde(default)]
    begins: Vec<String>,
    /// Only entries that end so.
    #[serde(default)]
    ends: Vec<String>,
    /// Not these entries.
    #[serde(default)]
    not: BTreeSet<String>,
    /// No entries that contain this.
    #[serde(default)]
    without: Vec<String>,
    /// No entries that end so.
    #[serde(default)]
    not_ends: Vec<String>,
    /// Fewest and most characters of an entry.
    #[serde(default)]
    shortest: usize,
    longest: Option<usize>,
    /// Only single words.
    #[serde(default)]
    single: bool,
    /// Only entries that this table has, too: what two collections know is
    /// common.
    also: Option<Box<Source>>,
    /// What is written before each entry.
    #[serde(default)]
    prefix: String,
    /// Only the first entries of a table that is ordered by frequency.
    head: Option<usize>,
    /// An even spread of so many entries.
    most: Option<usize>,
}

fn most_entries() -> usize {
    600
}

impl Recipe {
    /// Every table it looks at, also to compare.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.from.iter().flat_map(|source| [Some(source), source.also.as_deref()]).flatten()
    }

    /// The entries, each once, in the order of the sources.
    pub(crate) fn entries(&self, shelf: &Shelf) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for source in &self.from {
            entries.extend(source.entries(shelf)?);
        }
        entries.extend(self.own.iter().map(|text| Entry::own(text)));
        let mut seen = BTreeSet::new();
        entries.retain(|entry| seen.insert(entry.text.clone()));
        Ok(spread(entries, self.most))
    }
}

impl Source {
    fn entries(&self, shelf: &Shelf) -> Result<Vec<Entry>> {
        let named = || format!("{} of {}{}", self.package, self.path, self.at);
        let mut entries = shelf.table(&self.package, &self.path, &self.at).with_context(named)?;
        if let Some(seam) = &self.split {
            let parts = |entry: &Entry| entry.text.split(seam).map(Entry::new).collect::<Vec<_>>();
            entries = entries.iter().flat_map(parts).collect();
        }
        for entry in &mut entries {
            self.correct(entry);
        }
        entries.retain(|entry| self.wants(&entry.text));
        if let Some(also) = &self.also {
            let known: BTreeSet<_> =
                also.entries(shelf)?.into_iter().map(|entry| entry.text).collect();
            entries.retain(|entry| known.contains(&entry.text));
        }
        for entry in &mut entries {
            entry.text.insert_str(0, &self.prefix);
        }
        entries.truncate(self.head.unwrap_or(usize::MAX));
        if entries.is_empty() {
            bail!("{} gives nothing", named());
        }
        Ok(spread(entries, self.most.unwrap_or(usize::MAX)))
    }

    fn correct(&self, entry: &mut Entry) {
        if let Some(mark) = &self.cut
            && let Some(at) = entry.text.find(mark.as_str())
        {
            entry.text.truncate(at);
            entry.text.truncate(entry.text.trim_end().len());
        }
        if let Some(text) = self.instead.get(&entry.text) {
            entry.text.clone_from(text);
        }
        for (short, long) in &self.endings {
            if let Some(stem) = entry.text.strip_suffix(short.as_str()) {
                entry.text = format!("{stem}{long}");
                break;
            }
        }
    }

    fn wants(&self, text: &str) -> bool {
        let length = text.chars().count();
        (self.begins.is_empty() || self.begins.iter().any(|begin| text.starts_with(begin)))
            && (self.ends.is_empty() || self.ends.iter().any(|end| text.ends_with(end)))
            && !self.not.contains(text)
            && !self.without.iter().any(|part| text.contains(part))
            && !self.not_ends.iter().any(|end| text.ends_with(end))
            && length >= self.shortest
            && self.longest.is_none_or(|longest| length <= longest)
            && !(self.single && text.contains(' '))
    }
}

/// At most `most` of the entries, evenly from beginning to end.
fn spread(entries: Vec<Entry>, most: usize) -> Vec<Entry> {
    let count = entries.len();
    if count <= most {
        return entries;
    }
    let taken: BTreeSet<usize> = (0..most).map(|index| index * count / most).collect();
    let numbered = entries.into_iter().enumerate();
    numbered.filter(|(index, _)| taken.contains(index)).map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(shaping: &str) -> Source {
        toml::from_str(&format!("package = 'p'\npath = 'f'\n{shaping}")).unwrap()
    }

    #[test]
    fn a_long_list_is_thinned_evenly() {
        let entries: Vec<Entry> = (0..10).map(|n| Entry::new(&n.to_string())).collect();
        let left: Vec<String> = spread(entries, 4).into_iter().map(|entry| entry.text).collect();
        assert_eq!(left, ["0", "2", "5", "7"]);
    }

    #[test]
    fn entries_are_corrected_before_they_are_chosen() {
        let table = [
            ("cut = ' ('", "Halle (Saale)", "Halle"),
            ("endings = { 'str.' = 'straße' }", "Ilmstr.", "Ilmstraße"),
            ("instead = { 'Cuenta' = 'Cuenca' }", "Cuenta", "Cuenca"),
            ("instead = { 'Cuenta' = 'Cuenca' }", "Cuentas", "Cuentas"),
        ];
        for (shaping, given, expected) in table {
            let mut entry = Entry::new(given);
            source(shaping).correct(&mut entry);
            assert_eq!(entry.text, expected, "{shaping}");
        }
    }

    #[test]
    fn every_condition_can_refuse() {
        let table = [
            ("begins = ['Rua ']", "Rua das Flores", "Túnel Novo"),
            ("ends = ['straat', 'laan']", "Parklaan", "Boeier 02"),
            ("without = ['/', ',']", "Sociólogo", "Actor, cantante"),
            ("not = ['Hycel']", "Hycelek", "Hycel"),
            ("not_ends = ['ski']", "Nowak", "Kowalski"),
            ("shortest = 2", "みち", "ほ"),
            ("longest = 5", "agent", "agents"),
            ("single = true", "dom", "w końcu"),
        ];
        for (shaping, wanted, refused) in table {
            assert!(source(shaping).wants(wanted), "{shaping}");
            assert!(!source(shaping).wants(refused), "{shaping}");
        }
    }
}
