//! Getting a lease and giving it back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Lane, LaneChoice};

/// What ends a lease besides its release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HolderKind {
    /// The connection this request came on; on a unix socket also the process
    /// at its other end. Keep the connection open as long as the lease.
    #[default]
    Connection,
    /// Nothing: the lease lasts until it is released, or the service ends.
    None,
}

/// Asks for a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Acquire {
    /// This slot and no other, such as `run/3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The runner's own name for the worker, such as `gw7` or `2`. The same
    /// worker gets the same slot again; a new one gets a free slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Identity of the test that is about to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// Fingerprint of the template the client expects, or how it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The lane wanted.
    pub lane: LaneChoice,
    /// What ends the lease.
    pub holder: HolderKind,
    /// How long to wait in the queue, in milliseconds; 60,000 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
    /// Connections to the database the holder will open at most; counted
    /// against the server's limit. 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
}

/// A lease, as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lease {
    /// Identity of this lease; names it in every further request.
    pub lease: String,
    /// The slot, such as `run/3`.
    pub slot: String,
    /// URL of the database over TCP on loopback; the same text each time the
    /// slot is leased. It holds the password.
    pub url: String,
    /// URL of the same database over the unix socket, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket_url: Option<String>,
    /// Name of the database.
    pub database: String,
    /// The lane it is on.
    pub lane: Lane,
    /// Why this lane, one phrase.
    pub because: String,
    /// The outermost mark: the template's state.
    pub mark: String,
    /// Fingerprint of the template.
    pub template: String,
}

/// A lease has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Released {
    /// The slot that is free again.
    pub slot: String,
    /// Whether its database had to be replaced.
    pub replaced: bool,
}
