//! `seedbed reaper`, hidden: the process that survives its owner.

use std::path::PathBuf;

/// Wait for the end of a run and clean up after it; started by Seedbed itself
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ReaperArgs {
    /// The claim's folder
    #[arg(value_name = "FOLDER")]
    pub(crate) claim: PathBuf,
}
