//! One statement of a script, as it goes to the server.
//!
//! Invariants: `text` starts with the statement's first token and ends with
//! its last, without the semicolon; `Debug` shows neither SQL nor data, which
//! may hold row values.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A statement with its place in the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// From the first token to the last, without the semicolon.
    pub text: String,
    /// The 1-based line of the first token; comments before it do not count.
    pub line: u32,
    /// What the applier must know about it.
    pub kind: StatementKind,
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("line", &self.line)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What the applier must know about a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// Goes to the server as it is.
    Sql,
    /// `COPY … FROM stdin`: the server asks for data after it.
    Copy {
        /// The inline data, up to but without the `\.` line.
        data: CopyData,
        /// The 1-based line where the data begins.
        first_data_line: u32,
    },
    /// `CREATE ROLE | USER | GROUP`: the role outlives the database.
    CreateRole {
        /// The role, unquoted; lower case where it was not quoted.
        name: String,
    },
    /// `CREATE TABLESPACE`: it outlives the database and names a folder.
    CreateTablespace {
        /// The tablespace, unquoted.
        name: String,
        /// Byte range in `text` of the location literal, quotes included;
        /// `(0, 0)` where there is none.
        location_range: (usize, usize),
    },
    /// A top-level `SET name = …`.
    Setting {
        /// The setting in lower case.
        name: String,
    },
    /// Concerns a whole database by name (`CREATE DATABASE`, `COMMENT ON
    /// DATABASE` …). Only reported in dumps, where it is to be skipped.
    DatabaseLevel,
}

/// Inline data of a `COPY`, shared with the file it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct CopyData {
    bytes: Arc<[u8]>,
    range: Range<usize>,
}

impl CopyData {
    /// The part `range` of `bytes`, cut to what is there.
    pub(crate) fn new(bytes: Arc<[u8]>, range: Range<usize>) -> Self {
        let end = range.end.min(bytes.len());
        Self { range: range.start.min(end)..end, bytes }
    }

    /// The data, every line with its line end.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }
}

impl fmt::Debug for CopyData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CopyData({} bytes)", self.range.len())
    }
}
