//! What the service says of itself: health, slots, connections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Lane;

/// The service is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Version of Seedbed.
    pub seedbed: String,
    /// Version of the protocol; grows when something is added.
    pub protocol: u32,
    /// Version of the database server, such as `15.18`.
    pub server: String,
    /// Identity of the run.
    pub run: String,
    /// Fingerprint of the template.
    pub template: String,
    /// Databases that stand ready to replace another.
    pub ready: u32,
    /// How clones are made: the fastest way known here.
    pub strategy: String,
}

/// What a slot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// Clean and free.
    Free,
    /// Leased.
    Leased,
    /// Being brought back after a lease.
    Resetting,
    /// Its database cannot be replaced; the message of the last attempt was
    /// given as a warning. The next lease tries again.
    Broken,
}

/// One slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlotStatus {
    /// Its name, such as `run/3`.
    pub slot: String,
    /// What it is doing.
    pub state: SlotState,
    /// The lease, if it is leased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// The worker it belongs to or belonged to last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Name of its database.
    pub database: String,
    /// The lane it is on.
    pub lane: Lane,
    /// How many leases it has had.
    pub leases: u64,
    /// How many times its database was replaced.
    pub replaced: u64,
}

/// Who holds connections to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holdings {
    /// Connections the server accepts from clients.
    pub limit: u32,
    /// Connections that are open now.
    pub open: u32,
    /// Connections that leases have spoken for.
    pub reserved: u32,
    /// Who holds them, most first.
    pub holders: Vec<Holding>,
}

/// Connections of one kind to one database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holding {
    /// The slot, if the database belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// Name of the database.
    pub database: String,
    /// `application_name` of the sessions.
    pub application: String,
    /// How many.
    pub open: u32,
    /// How many of them are inside a transaction.
    pub in_transaction: u32,
}
