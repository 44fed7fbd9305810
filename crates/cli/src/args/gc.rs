//! `seedbed gc`.

/// Remove what a crash left behind
///
/// Removes processes, folders and databases whose owner is gone, and what the
/// cache holds beyond its limit. `run` does the first by itself before it begins.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct GcArgs {}
