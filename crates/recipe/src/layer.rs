//! One step of a recipe. Its fingerprint is known at once; its content is
//! understood only when it is needed.
//!
//! Invariant: making a layer never parses SQL. A run that finds every layer
//! cached pays for hashing alone.

use seedbed_api::Result;

use crate::bookkeeping::Bookkeeping;
use crate::split::{self, Dialect};
use crate::{Fingerprint, Format, Script, SourceFile};

/// A step with the fingerprint of everything up to and including it.
#[derive(Clone)]
pub struct Layer {
    /// What people call it: `0007_add_users`.
    pub name: String,
    /// The file it comes from, or the program of a command.
    pub file: String,
    /// Hash over the predecessor's fingerprint and this layer's content.
    pub fingerprint: Fingerprint,
    /// The conventions it follows.
    pub format: Format,
    content: Content,
}

/// What to do to build a layer.
#[derive(Clone, Debug)]
pub enum Action {
    /// Run these statements.
    Script(Script),
    /// Run this program with `DATABASE_URL` set.
    Command {
        /// Program and arguments; never empty.
        argv: Vec<String>,
    },
}

/// A step before its place in the chain is known.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) format: Format,
    /// Parts of the fingerprint besides the file's bytes: what of its name
    /// and neighbours ends up in the database or changes how it is run.
    pub(crate) identity: Vec<Vec<u8>>,
    pub(crate) content: Content,
}

#[derive(Clone)]
pub(crate) enum Content {
    Script {
        source: SourceFile,
        bookkeeping: Bookkeeping,
        /// What the conventions around the file say; the file may say no.
        transaction: bool,
    },
    Command {
        argv: Vec<String>,
        /// Sorted by path.
        inputs: Vec<SourceFile>,
    },
}

impl Step {
    /// The layer this step makes on top of `predecessor`.
    pub(crate) fn upon(self, predecessor: Fingerprint) -> Layer {
        let mut parts: Vec<&[u8]> = vec![self.format.word().as_bytes()];
        let count = self.identity.len().to_string();
        parts.push(count.as_bytes());
        parts.extend(self.identity.iter().map(Vec::as_slice));
        let file = match &self.content {
            Content::Script { source, .. } => {
                parts.push(&source.bytes);
                source.path.clone()
            }
            Content::Command { argv, inputs } => {
                for input in inputs {
                    parts.push(input.path.as_bytes());
                    parts.push(&input.bytes);
                }
                argv.first().cloned().unwrap_or_default()
            }
        };
        let fingerprint = predecessor.then(&parts);
        Layer { name: self.name, file, fingerprint, format: self.format, content: self.content }
    }
}

impl Layer {
    /// Reads the layer: splits its SQL and settles how to run it.
    ///
    /// # Errors
    /// `Kind::Recipe`, naming file and line: the file is not SQL text, a quote
    /// or comment never ends, a psql command cannot be followed, or the file
    /// belongs to a migrator whose files must not be run as they are.
    pub fn action(&self) -> Result<Action> {
        match &self.content {
            Content::Command { argv, .. } => Ok(Action::Command { argv: argv.clone() }),
            Content::Script { source, bookkeeping, transaction } => {
                let text = source.text()?;
                let dialect = Dialect::of(self.format, text);
                let mut script = split::read(source, text, dialect)?;
                script.transaction &= *transaction;
                script.before = bookkeeping.before();
                script.after = bookkeeping.after(&source.bytes);
                Ok(Action::Script(script))
            }
        }
    }
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layer")
            .field("name", &self.name)
            .field("file", &self.file)
            .field("fingerprint", &self.fingerprint)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
