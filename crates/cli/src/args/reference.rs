//! `seedbed reference`, hidden: used by `cargo xtask generate`.

use std::path::PathBuf;

/// Write the generated reference pages into a folder
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ReferenceArgs {
    /// The folder to write into, such as `docs/reference`
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}
