//! `seedbed serve`, hidden: the server that `up` starts.

use super::UpArgs;

/// Be the server that `up` starts; started by Seedbed itself
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) up: UpArgs,
    /// Started by `seedbed service`, for whoever asked
    #[arg(long)]
    pub(crate) on_demand: bool,
}
