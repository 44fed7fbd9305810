//! The files of a migrations folder, by their place in it.
//!
//! Invariant: hidden files and folders (a leading dot) are not seen, as no
//! migrator sees them.

use std::fmt::Display;

use seedbed_api::{Failure, Kind};

use crate::SourceFile;

/// A migrations folder.
pub(crate) struct Folder {
    /// Path relative to the project's root, for messages.
    pub(crate) root: String,
    entries: Vec<Entry>,
}

/// A file of a folder.
pub(crate) struct Entry {
    /// Subfolders between the root and the file; empty if there are none.
    pub(crate) parent: String,
    pub(crate) file: SourceFile,
}

impl Folder {
    pub(crate) fn new(root: &str, files: Vec<SourceFile>) -> Self {
        let trimmed = root.trim_start_matches("./").trim_end_matches('/');
        let prefix = match trimmed {
            "" | "." => String::new(),
            path => format!("{path}/"),
        };
        let mut entries: Vec<Entry> = files
            .into_iter()
            .filter_map(|file| {
                let path = file.path.trim_start_matches("./");
                let inside = path.strip_prefix(&prefix)?;
                if inside.split('/').any(|part| part.starts_with('.')) {
                    return None;
                }
                let parent = inside.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
                Some(Entry { parent, file })
            })
            .collect();
        entries.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        let root = if prefix.is_empty() { ".".to_owned() } else { trimmed.to_owned() };
        Self { root, entries }
    }

    /// Every file, sorted by path.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Files lying in the root itself.
    pub(crate) fn top(&self) -> impl Iterator<Item = &SourceFile> {
        self.entries.iter().filter(|entry| entry.parent.is_empty()).map(|entry| &entry.file)
    }

    /// The file called `name` in the subfolder `parent`.
    pub(crate) fn find(&self, parent: &str, name: &str) -> Option<&SourceFile> {
        self.entries
            .iter()
            .map(|entry| (entry, &entry.file))
            .find(|(entry, file)| entry.parent == parent && file.name() == name)
            .map(|(_, file)| file)
    }
}

/// Two migrations that claim one version.
pub(crate) fn same_version(version: &dyn Display, first: &str, second: &str) -> Failure {
    Failure::new(
        Kind::Recipe,
        format!("two migrations have version {version}: {first} and {second}"),
    )
    .hint("give one of them a later version")
}
