//! The handle of the lease service: what every surface calls.
//!
//! *Invariant*: whatever is begun here is finished, also if the caller's future
//! is dropped half-way, as happens when a client hangs up.

use std::sync::Arc;

use seedbed_api::Result;
use seedbed_api::lease::{
    Acquire, Health, Holdings, Keep, Kept, Lease, MarkRequest, MarkSet, ProblemCode, Released,
    Rewind, Rewound, SlotStatus,
};

/// Identity of a holder: one connection of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HolderId(u64);

/// The lease service of one process; clones are the same service.
#[derive(Clone)]
pub struct Leases(Arc<Inner>);

struct Inner {}

impl Leases {
    /// An identity for a client that has just connected.
    #[must_use]
    pub fn new_holder(&self) -> HolderId {
        HolderId(0)
    }

    /// The holder is gone: its leases end, what it waits for is forgotten.
    pub fn holder_ended(&self, _holder: HolderId) {}

    /// Leases a slot, waiting for a free one in the order of arrival.
    ///
    /// # Errors
    /// `UnknownSlot`, `UnknownTemplate`, `LaneImpossible`, `NoFreeSlot`,
    /// `NoConnections`, `ServerGone`, `Ending`.
    pub async fn acquire(&self, _request: &Acquire, _holder: HolderId) -> Result<Lease> {
        Err(ProblemCode::Ending.failure("not built"))
    }

    /// Marks the state of a leased database as it is now.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `WriterOpen`, `ServerGone`.
    pub async fn mark(&self, _lease: &str, _request: &MarkRequest) -> Result<MarkSet> {
        Err(ProblemCode::Ending.failure("not built"))
    }

    /// Brings a leased database back to a mark.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `UnknownMark`, `ForeignMark`, `ServerGone`.
    pub async fn rewind(&self, _lease: &str, _request: &Rewind) -> Result<Rewound> {
        Err(ProblemCode::Ending.failure("not built"))
    }

    /// Ends a lease; returns when its slot is clean.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`.
    pub async fn release(&self, _lease: &str) -> Result<Released> {
        Err(ProblemCode::Ending.failure("not built"))
    }

    /// Keeps a leased database as it is; the slot gets another one.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `ServerGone`.
    pub async fn keep(&self, _lease: &str, _request: &Keep) -> Result<Kept> {
        Err(ProblemCode::Ending.failure("not built"))
    }

    /// Every slot and what it is doing.
    #[must_use]
    pub fn slots(&self) -> Vec<SlotStatus> {
        Vec::new()
    }

    /// Who holds connections to the server.
    ///
    /// # Errors
    /// `ServerGone`.
    pub async fn holdings(&self) -> Result<Holdings> {
        Err(ProblemCode::Ending.failure("not built"))
    }

    /// Version and identity of the service.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            seedbed: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: 1,
            server: String::new(),
            run: String::new(),
            template: String::new(),
        }
    }
}
