//! Folders of Diesel: `<version>_<name>/up.sql` with an optional
//! `metadata.toml` (diesel_migrations 2, `file_based_migrations.rs`).
//!
//! Invariant: version, order and transaction are read as Diesel reads them;
//! `down.sql` is never looked at.

use seedbed_api::{Context, Failure, Kind, Result};

use crate::bookkeeping::Bookkeeping;
use crate::folder::{self, Folder};
use crate::layer::{Content, Step};
use crate::{Format, SourceFile, foreign};

/// The file a migration's folder must hold.
const UP: &str = "up.sql";
/// The file that may say how to run it.
const METADATA: &str = "metadata.toml";

/// Whether the folder looks like Diesel's.
pub(crate) fn recognises(folder: &Folder) -> bool {
    folder.entries().iter().any(|entry| is_migration(&entry.parent) && entry.file.name() == UP)
}

/// The migrations in order.
pub(crate) fn steps(folder: &Folder) -> Result<Vec<Step>> {
    let mut found = Vec::new();
    for entry in folder.entries() {
        if !is_migration(&entry.parent) || entry.file.name() != UP {
            continue;
        }
        if entry.file.bytes.is_empty() {
            return Err(Failure::new(Kind::Recipe, format!("{} is empty", entry.file.path))
                .hint("Diesel refuses empty migrations; put a comment in it if it is meant"));
        }
        let version = entry.parent.split('_').next().unwrap_or_default().replace('-', "");
        let metadata = folder.find(&entry.parent, METADATA);
        let transaction = metadata.map_or(Ok(true), run_in_transaction)?;
        found.push((version, entry, metadata, transaction));
    }
    if found.is_empty() {
        return Err(foreign::nothing_found(folder, "<version>_<name>/up.sql (Diesel)"));
    }
    // Diesel compares versions as text.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    for pair in found.windows(2) {
        if pair[0].0 == pair[1].0 {
            return Err(folder::same_version(
                &pair[0].0,
                &pair[0].1.file.path,
                &pair[1].1.file.path,
            ));
        }
    }
    Ok(found
        .into_iter()
        .map(|(version, entry, metadata, transaction)| Step {
            name: entry.parent.clone(),
            format: Format::Diesel,
            // A missing file and an empty one do not mean the same.
            identity: std::iter::once(version.clone().into_bytes())
                .chain(metadata.map(|file| file.bytes.to_vec()))
                .collect(),
            content: Content::Script {
                source: entry.file.clone(),
                bookkeeping: Bookkeeping::Diesel { version },
                transaction,
            },
        })
        .collect())
}

/// A folder lying in the root itself, as Diesel does not look deeper.
fn is_migration(parent: &str) -> bool {
    !parent.is_empty() && !parent.contains('/')
}

/// What `metadata.toml` says. Diesel reads a file without the key as `false`
/// (`serde(default)` of a `bool`), and one it cannot parse as if it were
/// missing; the latter is refused here, because it is never meant.
fn run_in_transaction(file: &SourceFile) -> Result<bool> {
    let doing = || format!("cannot read {}", file.path);
    let text = std::str::from_utf8(&file.bytes).context(Kind::Recipe, doing)?;
    let table: toml::Table = text.parse::<toml::Table>().context(Kind::Recipe, doing)?;
    match table.get("run_in_transaction") {
        None => Ok(false),
        Some(toml::Value::Boolean(value)) => Ok(*value),
        Some(_) => Err(Failure::new(
            Kind::Recipe,
            format!("`run_in_transaction` in {} is neither true nor false", file.path),
        )
        .hint("run_in_transaction = false")),
    }
}
