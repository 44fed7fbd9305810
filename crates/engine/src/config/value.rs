//! A value that remembers where it came from.

use std::fmt;

use super::FILE_NAME;

/// Where a value came from, in ascending order of precedence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything: the documented default.
    Default,
    /// Found by looking at the project's files.
    Found,
    /// `seedbed.toml`, at this line, counted from 1.
    File(usize),
    /// This environment variable.
    Variable(&'static str),
    /// This flag, with its dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Found => f.write_str("found"),
            Self::File(line) => write!(f, "{FILE_NAME}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value<T> {
    /// The value that won.
    pub value: T,
    /// The layer it won from.
    pub origin: Origin,
}

impl<T> Value<T> {
    /// Joins a value with its origin.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}
