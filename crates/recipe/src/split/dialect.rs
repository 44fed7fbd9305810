//! What a file may hold besides SQL.

use crate::Format;

/// Where `pg_dump` says what it wrote: within this many bytes of the start.
const DUMP_HEADER_BYTES_MAX: usize = 1024;
/// What it says there.
const DUMP_HEADER: &[u8] = b"-- PostgreSQL database dump";

/// How strictly a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A file someone runs by hand: another migrator's markers are refused.
    Plain,
    /// A file of a migrator whose conventions are followed.
    Managed,
    /// Written by `pg_dump` for `psql`: psql commands and statements about
    /// whole databases are passed over.
    Dump,
}

impl Dialect {
    /// The dialect of a file holding `text`. A seed that `pg_dump` wrote is
    /// read as a dump.
    pub(crate) fn of(format: Format, text: &str) -> Self {
        match format {
            Format::Dump => Self::Dump,
            Format::Sqlx | Format::Diesel => Self::Managed,
            Format::Sql | Format::Command => Self::Plain,
            Format::Seed => {
                let head = &text.as_bytes()[..text.len().min(DUMP_HEADER_BYTES_MAX)];
                let dumped = head.windows(DUMP_HEADER.len()).any(|window| window == DUMP_HEADER);
                if dumped { Self::Dump } else { Self::Plain }
            }
        }
    }
}
