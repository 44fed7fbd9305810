//! Folders of the sqlx migrator: `<VERSION>_<DESCRIPTION>.sql`, reversible
//! ones with `.up.sql` and `.down.sql` (sqlx-core 0.9, `migrate/source.rs`).
//!
//! Invariant: version, description, order and the no-transaction marker are
//! read as sqlx reads them, so that its row matches.

use seedbed_api::{Failure, Kind, Result};

use crate::bookkeeping::Bookkeeping;
use crate::folder::{self, Folder};
use crate::layer::{Content, Step};
use crate::{Format, SourceFile, foreign};

/// A file that begins with this runs without a transaction.
const NO_TRANSACTION: &[u8] = b"-- no-transaction";

/// Whether the file's first line keeps it out of a transaction.
pub(crate) fn opts_out(file: &SourceFile) -> bool {
    file.bytes.starts_with(NO_TRANSACTION)
}

/// The up migrations in order.
pub(crate) fn steps(folder: &Folder, notices: &mut Vec<String>) -> Result<Vec<Step>> {
    let mut found = Vec::new();
    for file in folder.top() {
        // sqlx looks for the first `_` and the literal ending, and silently
        // passes over every other file.
        let Some((version, rest)) =
            file.name().split_once('_').filter(|(_, rest)| rest.ends_with(".sql"))
        else {
            if file.name().ends_with(".sql") {
                notices.push(format!(
                    "{} is passed over: sqlx wants <VERSION>_<DESCRIPTION>.sql",
                    file.path
                ));
            }
            continue;
        };
        let version: i64 = version.parse().map_err(|error: std::num::ParseIntError| {
            Failure::new(
                Kind::Recipe,
                format!("{} does not begin with an integer version", file.path),
            )
            .because(error)
            .hint("sqlx wants <VERSION>_<DESCRIPTION>.sql, such as 20240131120000_create_users.sql")
        })?;
        if rest.ends_with(".down.sql") {
            continue;
        }
        let suffix = if rest.ends_with(".up.sql") { ".up.sql" } else { ".sql" };
        let description = rest.trim_end_matches(suffix).replace('_', " ");
        let name = file.name().trim_end_matches(suffix).to_owned();
        found.push((version, description, name, file));
    }
    if found.is_empty() {
        return Err(foreign::nothing_found(folder, "<VERSION>_<DESCRIPTION>.sql (sqlx)"));
    }
    found.sort_by_key(|(version, ..)| *version);
    for pair in found.windows(2) {
        if pair[0].0 == pair[1].0 {
            return Err(folder::same_version(&pair[0].0, &pair[0].3.path, &pair[1].3.path));
        }
    }
    Ok(found
        .into_iter()
        .map(|(version, description, name, file)| Step {
            name,
            format: Format::Sqlx,
            identity: vec![version.to_string().into_bytes(), description.clone().into_bytes()],
            content: Content::Script {
                source: file.clone(),
                bookkeeping: Bookkeeping::Sqlx { version, description },
                transaction: !opts_out(file),
            },
        })
        .collect())
}
