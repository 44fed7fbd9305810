//! `seedbed service`.

use seedbed_engine::config::Flags;

use super::{ServerFlags, UpArgs};

/// Print how to reach this project's lease service, and start one if there is none
///
/// For clients in any language: with --json one object, else lines that a shell
/// evaluates. The token is printed: whoever has it can do what tests can.
///
/// A service that was started so ends by itself after 15 minutes in which
/// nobody held a lease, connected or sent a request. One whose schema is older
/// than the project's, or that has fewer databases than --workers, is started
/// anew if nobody uses it. Any number of processes may ask at once.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServiceArgs {
    #[command(flatten)]
    server: ServerFlags,
    /// A service that is started ends by itself after this long without use: 90s, 15m, 4h, 2d or
    /// never; 15m unless the configuration says otherwise
    #[arg(long, value_name = "TIME")]
    idle_timeout: Option<String>,
}

impl ServiceArgs {
    /// The flags by the names of their keys.
    pub(crate) fn flags(&self) -> Flags {
        self.as_up().flags()
    }

    /// The same flags, given to `up`.
    pub(crate) fn as_up(&self) -> UpArgs {
        UpArgs { server: self.server.clone(), idle_timeout: self.idle_timeout.clone() }
    }
}
