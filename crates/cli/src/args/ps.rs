//! `seedbed ps`.

/// List what runs now
///
/// Lists the runs and servers of this user that are alive; or what a lease
/// service has.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PsArgs {
    /// The slots of the lease service, who has them and on which lane
    #[arg(long, conflicts_with = "connections")]
    pub(crate) slots: bool,
    /// Who holds connections to the server of the lease service
    #[arg(long)]
    pub(crate) connections: bool,
}
