//! Which recipe makes the schema, and why this one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use seedbed_recipe::Format;

use super::value::Origin;

/// The formats of a migrations folder, by their words in the file.
pub(super) const FOLDER_FORMATS: &[&str] =
    &[Format::Sql.word(), Format::Sqlx.word(), Format::Diesel.word()];

/// Where the schema comes from. Paths are as written, relative to the project
/// root unless absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipeSource {
    /// A folder of migrations.
    Migrations {
        /// The folder.
        path: PathBuf,
        /// Its conventions; `None`: the folder tells.
        format: Option<Format>,
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
    /// Origins of `format`, `inputs` and `seeds`, which stand on lines of their own.
    pub(super) parts: BTreeMap<&'static str, Origin>,
}
