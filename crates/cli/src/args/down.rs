//! `seedbed down`.

/// Stop the server that `up` started
///
/// Stops the server of this project and removes its data.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DownArgs {
    /// Those of all projects
    #[arg(long)]
    pub(crate) all: bool,
    /// Even while a run uses it
    #[arg(long)]
    pub(crate) force: bool,
}
