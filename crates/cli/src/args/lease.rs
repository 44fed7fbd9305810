//! `seedbed lease`, `mark`, `rewind`, `release` and `keep`: the lease service
//! for shells, and for languages without a client.

use std::ffi::OsString;

use super::parse_lane;
use seedbed_api::lease::LaneChoice;

/// Run a command with a database leased from a running service
///
/// The service is the one of `seedbed run --workers` around it, else the one
/// of `seedbed up`. COMMAND finds the database in DATABASE_URL and PG*, and the
/// lease in SEEDBED_LEASE. The lease ends with COMMAND, whatever happens; its
/// exit code becomes ours.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LeaseArgs {
    /// This slot and no other, such as run/3
    #[arg(long, value_name = "SLOT")]
    pub(crate) slot: Option<String>,
    /// The runner's name for this worker, such as gw7: it gets the same slot each time
    #[arg(long, value_name = "WORKER")]
    pub(crate) worker: Option<String>,
    /// Identity of the test that runs
    #[arg(long, value_name = "TEST")]
    pub(crate) test: Option<String>,
    /// How the lease goes back to a mark: auto, rewind, clone, truncate or rollback
    #[arg(long, value_name = "LANE", value_parser = parse_lane, default_value = "auto")]
    pub(crate) lane: LaneChoice,
    /// How long to wait for a free slot, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
    /// Keep the database if COMMAND fails, and tell its URL
    #[arg(long)]
    pub(crate) keep_failed: bool,
    /// The command with its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Mark the state of a leased database; prints the mark
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct MarkArgs {
    #[command(flatten)]
    pub(crate) lease: WhichLease,
    /// Identity of the test that is about to run
    #[arg(long, value_name = "TEST")]
    pub(crate) test: Option<String>,
}

/// Bring a leased database back to a mark
///
/// Marks after it are forgotten. Sessions survive unless the database had to
/// be replaced, which is told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RewindArgs {
    /// The mark; the latest if none is named
    #[arg(value_name = "MARK")]
    pub(crate) mark: Option<String>,
    #[command(flatten)]
    pub(crate) lease: WhichLease,
    /// Identity of the test that has run
    #[arg(long, value_name = "TEST")]
    pub(crate) test: Option<String>,
    /// Keep the database as it is, and go on with another one
    #[arg(long)]
    pub(crate) keep: bool,
}

/// End a lease before its command ends
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    #[command(flatten)]
    pub(crate) lease: WhichLease,
}

/// Keep a leased database as it is; prints its URL
///
/// The lease goes on with another database at the same mark.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct KeepArgs {
    #[command(flatten)]
    pub(crate) lease: WhichLease,
    /// Identity of the test whose data it holds
    #[arg(long, value_name = "TEST")]
    pub(crate) test: Option<String>,
}

/// Which lease is meant.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WhichLease {
    /// The lease, or a slot such as run/3
    #[arg(long, value_name = "LEASE", env = "SEEDBED_LEASE")]
    pub(crate) lease: Option<String>,
}
