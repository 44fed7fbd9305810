//! The one error type of the house: what failed, why, and a line to paste
//! that fixes it. The kind decides the exit code; the cause chain is kept.
//!
//! Display is a fragment without a full stop and never repeats its source;
//! the surface prints the chain. No secret and no row value may be put in.

use std::error::Error as StdError;
use std::fmt;

use crate::ExitCode;
use crate::lease::ProblemCode;

/// Result of everything in the house that can fail.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Who or what is at fault; the stable word appears in `--json` output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `seedbed.toml`, an environment variable or a flag holds an unusable value.
    Config,
    /// The recipe cannot be read or understood (empty folder, unknown format).
    Recipe,
    /// No server could be found or fetched.
    NoServer,
    /// A server was found but does not start or stopped by itself.
    ServerFailed,
    /// A statement, dump, command or seed failed while building the schema.
    Build,
    /// Refused for safety.
    Refused,
    /// A bounded wait ran out.
    Timeout,
    /// Disk full, folder unwritable, permission missing.
    Environment,
    /// The wrapped command cannot be executed.
    NotExecutable,
    /// The wrapped command does not exist.
    NotFound,
    /// The database server answered with an error outside a recipe.
    Database,
    /// A promise inside Seedbed was broken: a bug.
    Bug,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Config,
        Self::Recipe,
        Self::NoServer,
        Self::ServerFailed,
        Self::Build,
        Self::Refused,
        Self::Timeout,
        Self::Environment,
        Self::NotExecutable,
        Self::NotFound,
        Self::Database,
        Self::Bug,
    ];

    /// Stable machine word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Recipe => "recipe",
            Self::NoServer => "no_server",
            Self::ServerFailed => "server_failed",
            Self::Build => "build",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Environment => "environment",
            Self::NotExecutable => "not_executable",
            Self::NotFound => "not_found",
            Self::Database => "database",
            Self::Bug => "bug",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The exit code a process ends with when this failure reaches the surface.
    #[must_use]
    pub const fn exit_code(self) -> ExitCode {
        match self {
            Self::Config | Self::Recipe => ExitCode::Input,
            Self::NoServer | Self::ServerFailed => ExitCode::Server,
            Self::Build => ExitCode::Build,
            Self::Refused => ExitCode::Refused,
            Self::Timeout => ExitCode::Timeout,
            Self::Environment | Self::Database | Self::Bug => ExitCode::Environment,
            Self::NotExecutable => ExitCode::NotExecutable,
            Self::NotFound => ExitCode::NotFound,
        }
    }
}

/// A failure. Boxed inside so that `Result<T>` stays one word wide.
#[derive(Debug)]
pub struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    code: Option<ProblemCode>,
    message: String,
    detail: Option<String>,
    hints: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    /// A failure of `kind`; `message` is a lower-case fragment naming what failed.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: None,
            message: message.into(),
            detail: None,
            hints: Vec::new(),
            source: None,
        }))
    }

    /// Keeps the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds a line to paste, or the shortest sentence that says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Adds several lines shown under the message: an excerpt, a log's tail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Says which problem of the lease protocol this is.
    #[must_use]
    pub fn coded(mut self, code: ProblemCode) -> Self {
        self.0.code = Some(code);
        self
    }

    /// Which problem of the lease protocol this is, if it is one.
    #[must_use]
    pub fn code(&self) -> Option<ProblemCode> {
        self.0.code
    }

    /// Who or what is at fault.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What to do about it, in order of likelihood.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// Lines shown under the message, if any.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The message followed by every cause, joined by `: `.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.0.message.clone();
        let mut cause = StdError::source(self);
        while let Some(error) = cause {
            let next = error.to_string();
            if !text.ends_with(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as &(dyn StdError + 'static))
    }
}

/// Adds what was being done to a foreign error, keeping it as the cause.
pub trait Context<T> {
    /// `doing` is a fragment such as `cannot read /x/seedbed.toml`.
    fn context(self, kind: Kind, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E> Context<T> for std::result::Result<T, E>
where
    E: StdError + Send + Sync + 'static,
{
    fn context(self, kind: Kind, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Failure::new(kind, doing()).because(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_every_cause_once() {
        let io = std::io::Error::other("no space left on device");
        let inner = Failure::new(Kind::Environment, "cannot write manifest").because(io);
        let outer = Failure::new(Kind::Environment, "cannot save image").because(inner);
        assert_eq!(
            outer.chain(),
            "cannot save image: cannot write manifest: no space left on device"
        );
    }

    #[test]
    fn every_word_leads_back_to_its_kind() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(Kind::from_word("nothing"), None);
    }

    #[test]
    fn a_result_stays_one_word_wide() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}
