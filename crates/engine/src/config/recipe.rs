//! Which recipe makes the schema, and why this one.

use std::path::PathBuf;

use super::value::Origin;

/// Whose conventions a migrations folder follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationFormat {
    /// Plain SQL files in the order of their numbers.
    Sql,
    /// sqlx: `N_name.sql`, or `N_name.up.sql` with `N_name.down.sql`.
    Sqlx,
    /// Diesel: a folder for each migration with `up.sql` and `down.sql`.
    Diesel,
}

impl MigrationFormat {
    /// The words of the configuration file, in the order of the reference.
    pub const WORDS: &[&str] = &["sql", "sqlx", "diesel"];

    /// Reads one of [`Self::WORDS`].
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "sql" => Some(Self::Sql),
            "sqlx" => Some(Self::Sqlx),
            "diesel" => Some(Self::Diesel),
            _ => None,
        }
    }

    /// The word of the configuration file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Sqlx => "sqlx",
            Self::Diesel => "diesel",
        }
    }
}

/// Where the schema comes from. Paths are as written, relative to the project
/// root unless absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipeSource {
    /// A folder of migrations.
    Migrations {
        /// The folder.
        path: PathBuf,
        /// Its conventions; `None`: the folder tells.
        format: Option<MigrationFormat>,
    },
    /// A plain dump.
    Dump {
        /// The file.
        path: PathBuf,
    },
    /// A command that is run with `DATABASE_URL` set.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// Globs of the files it depends on.
        inputs: Vec<String>,
    },
    /// No recipe: an empty database.
    Nothing,
}

/// The recipe of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeChoice {
    /// Where the schema comes from.
    pub source: RecipeSource,
    /// Globs of SQL files run after it.
    pub seeds: Vec<String>,
    /// Where the choice came from.
    pub origin: Origin,
    /// Why this recipe, as a fragment: `db/migrations holds 12 .sql files`.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_word_is_read_and_written() {
        for word in MigrationFormat::WORDS {
            assert_eq!(MigrationFormat::parse(word).unwrap().word(), *word);
        }
    }
}
