//! The files of the workspace in memory: what every rule looks at.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use walkdir::{DirEntry, WalkDir};

/// Folders that hold nothing of ours.
const FOREIGN_FOLDERS: [&str; 6] =
    [".git", "target", "node_modules", ".venv", "__pycache__", ".idea"];
/// Files above this size, in bytes, are data and not read.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Texts by path; paths are relative to the root and use `/`.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads every text file below `root`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let ours = |entry: &DirEntry| {
            !entry.file_type().is_dir()
                || !FOREIGN_FOLDERS.iter().any(|folder| entry.file_name() == *folder)
        };
        let mut files = BTreeMap::new();
        for entry in WalkDir::new(root).into_iter().filter_entry(ours) {
            let entry = entry?;
            if !entry.file_type().is_file() || entry.metadata()?.len() > MAX_FILE_BYTES {
                continue;
            }
            let bytes = std::fs::read(entry.path())
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let path = entry.path().strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            files.insert(path, text);
        }
        Ok(Self { files })
    }

    /// A tree from paths and texts.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { files }
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// The text of a file.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether a file, or a folder with a file in it, has this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path)
            || self
                .files
                .range(folder.clone()..)
                .next()
                .is_some_and(|(p, _)| p.starts_with(&folder))
    }

    /// Every file: path and text, in the order of the paths.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust files of the crates.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all().filter(|(path, _)| path.starts_with("crates/") && path.ends_with(".rs"))
    }

    /// The manifests of the crates.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all().filter(|(path, _)| {
            path.strip_prefix("crates/")
                .and_then(|rest| rest.strip_suffix("/Cargo.toml"))
                .is_some_and(|folder| !folder.contains('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_known_by_what_lies_in_them() {
        let tree = Tree::of(&[("docs/guides/ci.md", ""), ("docs.md", "")]);
        for (path, there) in
            [("docs", true), ("docs/guides/", true), ("docs/guides/ci.md", true), ("doc", false)]
        {
            assert_eq!(tree.has(path), there, "{path}");
        }
    }

    #[test]
    fn only_the_crates_own_manifests_count() {
        let tree = Tree::of(&[
            ("Cargo.toml", ""),
            ("crates/a/Cargo.toml", ""),
            ("crates/a/tests/data/Cargo.toml", ""),
            ("examples/shop/Cargo.toml", ""),
        ]);
        let manifests: Vec<_> = tree.manifests().map(|(path, _)| path).collect();
        assert_eq!(manifests, ["crates/a/Cargo.toml"]);
    }
}
