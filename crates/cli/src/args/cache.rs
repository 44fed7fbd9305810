//! `seedbed cache`.

/// What a CI job needs to keep the cache between runs
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

/// What to print.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum CacheCommand {
    /// Print the cache folder
    Path,
    /// Print a key that changes when the cache would no longer fit this project
    Key,
}
