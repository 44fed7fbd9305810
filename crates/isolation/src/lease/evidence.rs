//! What was learned about tests: those that rewind cannot follow are put on
//! the clone lane from then on. One line a test, sorted, so that the file can
//! be committed and two branches' files merge.
//!
//! *Invariant*: evidence only ever makes a test slower, never wrong; a file
//! that cannot be read or written is a warning.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use seedbed_api::{Context, Kind, Result};

/// First line of the file.
const HEADER: &str =
    "# Tests that Seedbed runs on the clone lane, and why. Sorted; merge by union.";

/// Longest test identity that is remembered, in bytes.
pub(crate) const IDENTITY_MAX: usize = 1024;

/// What is known of tests.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    file: Option<PathBuf>,
    tests: BTreeMap<String, String>,
}

impl Evidence {
    /// Reads a file; one that does not exist is empty.
    ///
    /// # Errors
    /// `Environment` if it exists and cannot be read.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self> {
        let tests = file.map_or_else(|| Ok(BTreeMap::new()), read)?;
        Ok(Self { file: file.map(Path::to_owned), tests })
    }

    /// Why this test is not rewound.
    pub(crate) fn of(&self, test: &str) -> Option<&str> {
        self.tests.get(test).map(String::as_str)
    }

    /// Remembers why a test cannot be rewound. What others wrote meanwhile
    /// stays.
    ///
    /// # Errors
    /// `Environment` if the file cannot be written.
    pub(crate) fn note(&mut self, test: &str, why: &str) -> Result<()> {
        let plain = |text: &str| !text.contains(['\t', '\n', '\r']);
        if test.is_empty() || test.len() > IDENTITY_MAX || !plain(test) || test.starts_with('#') {
            return Ok(());
        }
        let why = if plain(why) { why } else { "" };
        if self.tests.insert(test.to_owned(), why.to_owned()).as_deref() == Some(why) {
            return Ok(());
        }
        let Some(file) = &self.file else { return Ok(()) };
        self.tests = merge(file, &self.tests)
            .context(Kind::Environment, || format!("cannot write {}", file.display()))?;
        Ok(())
    }
}

/// Adds tests to a file, in place: it may be a link, have a mode of its own,
/// and comments. Whoever does the same at the same time waits.
fn merge(file: &Path, tests: &BTreeMap<String, String>) -> io::Result<BTreeMap<String, String>> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(file)?;
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut all = lines(&text);
    all.extend(tests.iter().map(|(test, why)| (test.clone(), why.clone())));
    let mut new: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    if new.is_empty() {
        new.push(HEADER);
    }
    let entries: Vec<String> = all.iter().map(|(test, why)| format!("{test}\t{why}")).collect();
    new.extend(entries.iter().map(String::as_str));
    let new = new.join("\n") + "\n";
    file.rewind()?;
    file.write_all(new.as_bytes())?;
    file.set_len(new.len() as u64)?;
    Ok(all)
}

fn read(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(error)
                .context(Kind::Environment, || format!("cannot read {}", file.display()));
        }
    };
    Ok(lines(&text))
}

/// Reads lines of `test<TAB>why`. Comments, and what a merge left, are passed over.
fn lines(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .filter(|(test, _)| !test.is_empty())
        .map(|(test, why)| (test.to_owned(), why.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_processes_and_a_merge_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lanes.txt");
        let mut one = Evidence::open(Some(&file)).unwrap();
        let mut two = Evidence::open(Some(&file)).unwrap();
        one.note("a::ddl", "ALTER TABLE").unwrap();
        two.note("b::ddl", "CREATE INDEX").unwrap();
        // Not worth a line, or not writable as one.
        for odd in ["", "#x", "a\tb", "a\nb", &"x".repeat(2000)] {
            two.note(odd, "x").unwrap();
        }
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, format!("{HEADER}\na::ddl\tALTER TABLE\nb::ddl\tCREATE INDEX\n"));
        let merged = text.replace("b::ddl", "<<<<<<< ours\nb::ddl");
        fs::write(&file, merged).unwrap();
        let three = Evidence::open(Some(&file)).unwrap();
        assert_eq!(three.of("a::ddl"), Some("ALTER TABLE"));
        assert_eq!(three.of("b::ddl"), Some("CREATE INDEX"));
        assert_eq!(three.of("c"), None);
    }
}
