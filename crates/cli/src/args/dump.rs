//! `seedbed dump`.

use std::ffi::OsString;
use std::path::PathBuf;

/// Write a database as SQL, without a trace of Seedbed
///
/// What pg_dump would have written had Seedbed never been in the database: no
/// schema, trigger or setting of the rewind and truncate lanes. Inside `run` and
/// `lease` it is their database; elsewhere the project's schema is built first,
/// as `run` does.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DumpArgs {
    /// Write to this file, once the dump is whole, instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Dump the database at this URL
    #[arg(long, value_name = "URL", conflicts_with = "lease")]
    pub(crate) url: Option<String>,
    /// Dump the database of this lease, or of a slot such as run/3
    #[arg(long, value_name = "LEASE")]
    pub(crate) lease: Option<String>,
    /// Arguments for pg_dump, such as --schema-only
    #[arg(last = true, value_name = "PG_DUMP ARGUMENTS")]
    pub(crate) arguments: Vec<OsString>,
}
