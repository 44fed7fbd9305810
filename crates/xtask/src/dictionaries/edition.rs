//! The compiled files of one version, by their paths, and their manifest.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

use super::package::sha256;

/// Files by their paths below the edition's folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Edition {
    files: BTreeMap<String, String>,
    manifest: String,
}

impl Edition {
    /// Adds a list; `sources` are the manifest's lines about it.
    pub(crate) fn list(&mut self, path: &str, entries: &[&str], sources: &str) {
        let text = entries.iter().map(|entry| format!("{entry}\n")).collect();
        self.add(path, text, entries.len(), sources);
    }

    /// Adds the formats of a locale.
    pub(crate) fn formats(&mut self, path: &str, text: String, sources: &str) {
        let count = text.lines().filter(|line| !line.starts_with(';')).count();
        self.add(path, text, count, sources);
    }

    /// Adds the licences of what was taken.
    pub(crate) fn notices(&mut self, text: &str) {
        self.files.insert("LICENSES.md".to_owned(), text.to_owned());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn edition() -> Edition {
        let mut edition = Edition::default();
        edition.list("xx/city.txt", &["Abba", "Bree"], "  { package = \"own\" },\n");
        edition.notices("# Notices\n");
        edition
    }

    #[test]
    fn the_manifest_says_of_every_list_what_it_is_and_has() {
        let files = edition().with_manifest();
        let manifest: toml::Table = toml::from_str(&files["manifest.toml"]).unwrap();
        let file = &manifest["file"][0];
        assert_eq!(file["path"].as_str(), Some("xx/city.txt"));
        assert_eq!(file["entries"].as_integer(), Some(2));
        assert_eq!(file["sha256"].as_str(), Some(sha256(b"Abba\nBree\n").as_str()));
        assert_eq!(file["source"][0]["package"].as_str(), Some("own"));
    }

    #[test]
    fn what_is_written_is_the_same_and_every_difference_is_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("stale.txt"), "").unwrap();
        edition().write(dir.path()).unwrap();
        assert!(edition().differences(dir.path()).unwrap().is_empty());

        std::fs::write(dir.path().join("xx/city.txt"), "Abba\nBree").unwrap();
        std::fs::write(dir.path().join("xx/extra.txt"), "").unwrap();
        std::fs::remove_file(dir.path().join("LICENSES.md")).unwrap();
        assert_eq!(
            edition().differences(dir.path()).unwrap(),
            [
                "LICENSES.md: is missing",
                "xx/city.txt: differs from its sources",
                "xx/extra.txt: has no recipe"
            ]
        );
    }
}
