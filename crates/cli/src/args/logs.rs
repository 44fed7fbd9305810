//! `seedbed logs`.

/// Show the log of the server that `up` started
///
/// Shows the log of this project's server.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LogsArgs {
    /// Go on as the server writes
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many of the last lines to begin with
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    pub(crate) lines: usize,
}
