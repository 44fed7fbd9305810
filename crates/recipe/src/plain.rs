//! Folders of plain numbered SQL files, as many small migrators keep them:
//! `001_x.sql`, `20240101120000-x.sql`, `V1__x.sql`, pairs of `.up.sql` and
//! `.down.sql` or of the folders `up/` and `down/`.
//!
//! Invariant: what undoes a migration is never a step.

use seedbed_api::{Failure, Kind, Result};

use crate::bookkeeping::Bookkeeping;
use crate::folder::Folder;
use crate::layer::{Content, Step};
use crate::number::Number;
use crate::{Format, SourceFile, foreign, sqlx};

/// Endings of the name, before `.sql`, of a file that undoes one with the
/// other ending (golang-migrate, db-migrate).
const PAIRS: [(&str, &str); 3] = [(".down", ".up"), ("-down", "-up"), ("_down", "_up")];
/// Ending of files that undo one without an ending (yoyo).
const ROLLBACK: &str = ".rollback";

/// Folders named in the notice about files that are passed over.
const DEEPER_NAMED_MAX: usize = 3;

/// A file that may be a migration.
struct Candidate<'a> {
    /// Without `.sql` and `.up`.
    name: String,
    file: &'a SourceFile,
}

/// The migrations in order.
pub(crate) fn steps(folder: &Folder, notices: &mut Vec<String>) -> Result<Vec<Step>> {
    let candidates = candidates(folder, notices);
    if candidates.is_empty() {
        return Err(foreign::nothing_found(
            folder,
            "numbered SQL files (001_x.sql, 20240131120000_x.sql, V1__x.sql), \
             <version>_<name>/up.sql (Diesel)",
        ));
    }
    for candidate in &candidates {
        refuse_undo_or_not(candidate)?;
        foreign::refuse_head(candidate.file)?;
    }
    let (mut numbered, unnumbered): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .map(|candidate| (Number::at_start_of(&candidate.name), candidate))
        .partition(|(number, _)| number.is_some());
    let ordered = match (numbered.is_empty(), unnumbered.first()) {
        (false, Some((_, stray))) => return Err(stray_failure(stray)),
        (true, _) => {
            notices.push(format!(
                "the migrations in `{}` have no numbers and are run in the order of their names",
                folder.root
            ));
            unnumbered
        }
        (false, None) => {
            numbered.sort_by(|a, b| a.0.cmp(&b.0));
            refuse_twins(&numbered)?;
            numbered
        }
    };
    Ok(ordered
        .into_iter()
        .map(|(_, candidate)| Step {
            name: candidate.name,
            format: Format::Sql,
            // Nothing of the name reaches the database; renaming keeps caches.
            identity: Vec::new(),
            content: Content::Script {
                source: candidate.file.clone(),
                bookkeeping: Bookkeeping::None,
                transaction: !sqlx::opts_out(candidate.file),
            },
        })
        .collect())
}

/// The SQL files that are not the way down of another.
fn candidates<'a>(folder: &'a Folder, notices: &mut Vec<String>) -> Vec<Candidate<'a>> {
    let stems: Vec<&str> = folder.top().filter_map(|file| stem(file.name())).collect();
    let mut found = Vec::new();
    let mut deeper: Vec<&str> = Vec::new();
    for entry in folder.entries() {
        let Some(stem) = stem(entry.file.name()) else { continue };
        let name = match entry.parent.as_str() {
            "" if undoes_another(stem, &stems) => continue,
            "" | "up" => stem.strip_suffix(".up").unwrap_or(stem),
            "down" => continue,
            parent if stem == "up" && !parent.contains('/') => parent,
            parent => {
                if !(stem == "down" || deeper.contains(&parent)) {
                    deeper.push(parent);
                }
                continue;
            }
        };
        found.push(Candidate { name: name.to_owned(), file: &entry.file });
    }
    if !found.is_empty() && !deeper.is_empty() {
        let more = match deeper.len().saturating_sub(DEEPER_NAMED_MAX) {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        deeper.truncate(DEEPER_NAMED_MAX);
        notices.push(format!(
            "SQL files below `{}` are passed over, in: {}{more}",
            folder.root,
            deeper.join(", ")
        ));
    }
    found
}

/// The name without `.sql`, if that is its ending.
fn stem(name: &str) -> Option<&str> {
    let at = name.len().checked_sub(4)?;
    let (stem, ending) = (name.get(..at)?, name.get(at..)?);
    ending.eq_ignore_ascii_case(".sql").then_some(stem)
}

fn undoes_another(stem: &str, stems: &[&str]) -> bool {
    if stem.ends_with(".down") {
        return true;
    }
    if stem.strip_suffix(ROLLBACK).is_some_and(|name| stems.contains(&name)) {
        return true;
    }
    PAIRS.iter().any(|(down, up)| {
        stem.strip_suffix(down)
            .is_some_and(|name| stems.iter().any(|other| other.strip_suffix(up) == Some(name)))
    })
}

/// `U1__x` undoes `V1__x` for Flyway and is a step of its own for Refinery.
fn refuse_undo_or_not(candidate: &Candidate<'_>) -> Result<()> {
    let undo = candidate.name.strip_prefix('U').is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_digit()) && rest.contains("__")
    });
    if !undo {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Recipe,
        format!(
            "{} undoes a migration for Flyway and is one for Refinery: which cannot be told",
            candidate.file.path
        ),
    )
    .hint("[recipe]\ncommand = \"flyway migrate\""))
}

fn stray_failure(stray: &Candidate<'_>) -> Failure {
    let failure = Failure::new(
        Kind::Recipe,
        format!("{} has no number, while other migrations have one", stray.file.path),
    )
    .hint("number it, or move it out of the folder");
    if stray.name.starts_with("R__") {
        return failure
            .hint("for Flyway's repeatable migrations:\n[recipe]\ncommand = \"flyway migrate\"");
    }
    failure
}

fn refuse_twins(numbered: &[(Option<Number>, Candidate<'_>)]) -> Result<()> {
    for pair in numbered.windows(2) {
        if let [(Some(one), first), (Some(two), second)] = pair
            && one == two
        {
            return Err(Failure::new(
                Kind::Recipe,
                format!(
                    "two migrations have the number {one}: {} and {}",
                    first.file.path, second.file.path
                ),
            )
            .hint("give one of them a later number"));
        }
    }
    Ok(())
}
