//! `seedbed up`.

use std::ffi::OsString;

use seedbed_engine::Launch;
use seedbed_engine::config::Flags;

use super::ServerFlags;

/// Start a server that later runs share
///
/// The schema is built too, so that each later `run` of this project begins at
/// once. It ends with `seedbed down`, or by itself when nobody has used it for
/// a while.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(super) server: ServerFlags,
    /// End by itself after this long without a run: 90s, 30m, 4h, 2d or never
    #[arg(long, value_name = "TIME")]
    pub(super) idle_timeout: Option<String>,
}

impl UpArgs {
    /// The flags by the names of their keys.
    pub(crate) fn flags(&self) -> Flags {
        self.server.flags().value("idle_timeout", self.idle_timeout.clone())
    }

    /// The flags of a service that is started like this.
    pub(crate) fn launching(&self, launch: &Launch) -> Self {
        let idle = launch.idle.map_or("never".to_owned(), |idle| format!("{}s", idle.as_secs()));
        Self { server: self.server.with_workers(launch.slots), idle_timeout: Some(idle) }
    }

    /// The flags as they were written.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut arguments = self.server.arguments();
        if let Some(timeout) = &self.idle_timeout {
            arguments.extend(["--idle-timeout".into(), timeout.into()]);
        }
        arguments
    }
}
