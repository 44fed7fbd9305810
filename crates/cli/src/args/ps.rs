//! `seedbed ps`.

/// List what runs now
///
/// Lists the runs and servers of this user that are alive.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PsArgs {}
