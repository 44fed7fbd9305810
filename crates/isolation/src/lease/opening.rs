//! What a lease service is opened with.

use std::path::PathBuf;
use std::sync::Arc;

use seedbed_api::Listener;
use seedbed_api::lease::LaneChoice;
use seedbed_db::{Globals, Target};

use crate::{Finish, Template};

/// Everything a lease service needs. The run must be held ([`crate::hold`]) for
/// as long as the service lives.
pub struct LeasePlan {
    /// The maintenance database, as the role that makes databases.
    pub admin: Target,
    /// Whose the server's cluster-wide objects are.
    pub globals: Globals,
    /// The sealed template.
    pub template: Template,
    /// What the template is finished with.
    pub finish: Finish,
    /// Identity of the run.
    pub run: String,
    /// How many slots.
    pub slots: usize,
    /// The lane of leases that name none.
    pub lane: LaneChoice,
    /// Where holders connect over TCP; the database is the slot's.
    pub command: Target,
    /// The same over the unix socket, where there is one.
    pub socket: Option<Target>,
    /// Version of the server, such as `15.18`.
    pub version: String,
    /// The project's folder, told of kept databases.
    pub project: PathBuf,
    /// Where the fastest way to clone is remembered.
    pub memory: Option<PathBuf>,
    /// Where tests that cannot be rewound are remembered.
    pub evidence: Option<PathBuf>,
    /// Hears notices and warnings.
    pub listener: Arc<dyn Listener>,
}

/// Where holders of a slot connect.
#[derive(Clone, Debug)]
pub struct SlotTargets {
    /// Over TCP on loopback.
    pub command: Target,
    /// Over the unix socket, where there is one.
    pub socket: Option<Target>,
}
