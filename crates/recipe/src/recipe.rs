//! Where a schema comes from, as layers in the order they are built.
//!
//! Invariant: the fingerprint of layer *k* covers the base, every layer before
//! it and its own content; equal fingerprints mean equal databases, so any
//! cached prefix can be reused.

use std::collections::HashSet;

use seedbed_api::{Failure, Kind, Result};

use crate::bookkeeping::Bookkeeping;
use crate::folder::Folder;
use crate::layer::{Content, Step};
use crate::{Fingerprint, Format, Layer, SourceFile, diesel, foreign, plain, sqlx};

/// Ordered, fingerprinted steps.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The conventions of the schema's own layers; seeds follow theirs.
    pub format: Format,
    /// The steps, first to last.
    pub layers: Vec<Layer>,
    /// What a careful person would want to know, one sentence each.
    pub notices: Vec<String>,
    /// What lies below the first layer: server version and settings.
    pub base: Fingerprint,
}

impl Recipe {
    /// The migrations of the folder `root`.
    ///
    /// `files` are all files below it, in any order; what is no migration is
    /// left out. Without `format`, subfolders with an `up.sql` mean Diesel and
    /// everything else plain numbered SQL; sqlx is never guessed, because its
    /// file names are plain ones too.
    ///
    /// # Errors
    /// `Kind::Recipe`: no migration found, two with the same version, a name
    /// without a version among numbered ones, or another migrator's files.
    pub fn migrations(
        root: &str,
        files: Vec<SourceFile>,
        format: Option<Format>,
        base: Fingerprint,
    ) -> Result<Self> {
        let folder = Folder::new(root, files);
        let format = format.unwrap_or(if diesel::recognises(&folder) {
            Format::Diesel
        } else {
            Format::Sql
        });
        let mut notices = Vec::new();
        let steps = match format {
            Format::Sql => plain::steps(&folder, &mut notices)?,
            Format::Sqlx => sqlx::steps(&folder, &mut notices)?,
            Format::Diesel => diesel::steps(&folder)?,
            Format::Dump | Format::Command | Format::Seed => {
                return Err(Failure::new(
                    Kind::Recipe,
                    format!("`{format}` is not a format of a migrations folder"),
                )
                .hint("use one of: sql, sqlx, diesel"));
            }
        };
        Ok(Self::stack(format, steps, notices, base))
    }

    /// A plain-text dump as one layer.
    ///
    /// # Errors
    /// `Kind::Recipe` if the file is not SQL text, with the command that makes it so.
    pub fn dump(file: SourceFile, base: Fingerprint) -> Result<Self> {
        file.refuse_archive()?;
        let step = script_step(file, Format::Dump);
        Ok(Self::stack(Format::Dump, vec![step], Vec::new(), base))
    }

    /// A command as one layer; it is run again when its words or any of
    /// `inputs` change.
    ///
    /// # Errors
    /// `Kind::Recipe` if `argv` is empty.
    pub fn command(
        argv: Vec<String>,
        mut inputs: Vec<SourceFile>,
        base: Fingerprint,
    ) -> Result<Self> {
        if argv.first().is_none_or(String::is_empty) {
            return Err(Failure::new(Kind::Recipe, "the recipe's command is empty")
                .hint("[recipe]\ncommand = \"alembic upgrade head\""));
        }
        let mut notices = Vec::new();
        if inputs.is_empty() {
            notices.push(format!(
                "`{}` has no inputs: the schema is rebuilt only when the command's words change",
                argv.join(" ")
            ));
        }
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        let step = Step {
            name: argv.join(" "),
            format: Format::Command,
            identity: argv.iter().map(|word| word.clone().into_bytes()).collect(),
            content: Content::Command { argv, inputs },
        };
        Ok(Self::stack(Format::Command, vec![step], notices, base))
    }

    /// No layers: an empty database.
    #[must_use]
    pub fn empty(base: Fingerprint) -> Self {
        Self::stack(Format::Sql, Vec::new(), Vec::new(), base)
    }

    /// Adds one layer of reference data for each file, in the given order.
    ///
    /// # Errors
    /// `Kind::Recipe` if a file is not SQL text or is another migrator's.
    pub fn with_seeds(mut self, files: Vec<SourceFile>) -> Result<Self> {
        for file in files {
            file.refuse_archive()?;
            foreign::refuse_head(&file)?;
            let below = self.fingerprint();
            self.layers.push(script_step(file, Format::Seed).upon(below));
        }
        Ok(self)
    }

    /// Of the last layer, or of the base where there is none.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.layers.last().map_or(self.base, |layer| layer.fingerprint)
    }

    /// How many leading layers the best of the `known` fingerprints covers.
    #[must_use]
    pub fn shared_prefix(&self, known: &HashSet<Fingerprint>) -> usize {
        self.layers
            .iter()
            .rposition(|layer| known.contains(&layer.fingerprint))
            .map_or(0, |index| index + 1)
    }

    fn stack(format: Format, steps: Vec<Step>, notices: Vec<String>, base: Fingerprint) -> Self {
        let mut below = base;
        let layers = steps
            .into_iter()
            .map(|step| {
                let layer = step.upon(below);
                below = layer.fingerprint;
                layer
            })
            .collect();
        Self { format, layers, notices, base }
    }
}

/// A file whose name leaves no trace in the database.
fn script_step(source: SourceFile, format: Format) -> Step {
    Step {
        name: source.name().to_owned(),
        format,
        identity: Vec::new(),
        content: Content::Script { source, bookkeeping: Bookkeeping::None, transaction: true },
    }
}
