//! `seedbed kept`.

use std::ffi::OsString;

/// Look at databases that were kept
///
/// A database kept by `seedbed keep`, `rewind --keep` or `lease --keep-failed`
/// outlives its run: it stays on a server that goes on, and is stored when its
/// server ends. At most 10 servers' data, 2 GiB together, is stored; the oldest goes
/// first. What a run has not stored yet when it is killed is lost.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct KeptArgs {
    #[command(subcommand)]
    pub(crate) command: KeptCommand,
}

/// What to do with them.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum KeptCommand {
    /// List the stored ones and those on this project's servers
    Ls,
    /// Run psql, or another command, with a kept database
    ///
    /// The command finds the database in DATABASE_URL and PG*, as with `run`; its
    /// exit code becomes ours. A stored database is copied for it and started on
    /// the server version it had: what is changed there is not kept.
    Open {
        /// The database, as `seedbed kept ls` names it
        #[arg(value_name = "NAME")]
        name: String,
        /// The command with its arguments, instead of psql
        #[arg(last = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Remove kept databases
    Rm {
        /// The databases
        #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
        names: Vec<String>,
        /// All that `seedbed kept ls` lists
        #[arg(long)]
        all: bool,
    },
}
