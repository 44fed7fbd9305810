//! `seedbed man`.

/// Print a man page
///
/// In roff format: `seedbed man run > seedbed-run.1`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The subcommand, such as `run` or `server install`; without it the page of `seedbed`
    #[arg(value_name = "SUBCOMMAND")]
    pub(crate) path: Vec<String>,
}
