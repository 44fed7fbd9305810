//! The handle of the lease service: what every surface calls.
//!
//! *Invariant*: whatever is begun here is finished, also if the caller's future
//! is dropped half-way, as happens when a client hangs up: the work runs in a
//! task of its own.

use std::sync::Arc;

use seedbed_api::lease::{
    Acquire, Health, HolderKind, Holdings, Keep, Kept, Lease, MarkRequest, MarkSet, ProblemCode,
    Released, Rewind, Rewound, SlotStatus,
};
use seedbed_api::{Failure, Kind, Result};

use tokio::runtime::Handle;

use super::desk::Desk;
use super::identity::{LeaseRef, SlotNumber};
use super::ledger::State;
use super::opening::LeasePlan;
use super::queue::Ask;

/// Identity of a holder: one connection of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HolderId(u64);

impl HolderId {
    pub(crate) const fn numbered(number: u64) -> Self {
        Self(number)
    }
}

/// The lease service of one process; clones are the same service. Its methods
/// must be called inside the runtime it was opened in.
#[derive(Clone)]
pub struct Leases(Arc<Desk>, Handle);

impl Leases {
    /// Opens the service; databases are made when they are first needed.
    ///
    /// # Errors
    /// `LaneImpossible` if the template does not allow the lane; those of
    /// connecting to the server.
    pub async fn open(plan: LeasePlan) -> Result<Self> {
        let runtime = Handle::current();
        let leases = Self(Arc::new(Desk::open(plan).await?), runtime.clone());
        let desk = Arc::downgrade(&leases.0);
        leases.0.queue.on_abandoned(move |slot| {
            if let Some(desk) = desk.upgrade() {
                runtime.spawn(async move { desk.clean_up(slot).await });
            }
        });
        Ok(leases)
    }

    /// Makes every slot's database now, for holders who come without a lease.
    ///
    /// # Errors
    /// Whatever keeps a database from being made.
    pub async fn warm(&self) -> Result<()> {
        self.0.warm().await
    }

    /// An identity for a client that has just connected.
    #[must_use]
    pub fn new_holder(&self) -> HolderId {
        self.0.queue.new_holder()
    }

    /// The holder is gone: its leases end, what it waits for is forgotten.
    pub fn holder_ended(&self, holder: HolderId) {
        for slot in self.0.queue.holder_ended(holder) {
            self.bring_back(slot);
        }
    }

    /// Leases a slot, waiting for a free one in the order of arrival.
    ///
    /// # Errors
    /// `UnknownSlot`, `UnknownTemplate`, `LaneImpossible`, `NoFreeSlot`,
    /// `NoConnections`, `LeaseEnded` if the holder ended meanwhile,
    /// `ServerGone`, `Ending`.
    pub async fn acquire(&self, request: &Acquire, holder: HolderId) -> Result<Lease> {
        let slot = self.0.admit(request)?;
        let ask = Ask {
            slot,
            worker: request.worker.clone(),
            holder: (request.holder == HolderKind::Connection).then_some(holder),
            connections: request.connections.unwrap_or(1),
            wait: request.wait_ms.map(std::time::Duration::from_millis),
        };
        // Dropped before it is kept, it gives the lease back.
        let granted = match self.0.queue.wait(ask).await {
            Err(failure) if failure.code() == Some(ProblemCode::NoConnections) => {
                return Err(self.0.with_report(failure).await);
            }
            granted => granted?,
        };
        let lease = granted.lease();
        let (desk, request) = (Arc::clone(&self.0), request.clone());
        let begun = Self::task(async move { desk.begin(lease, &request).await }).await;
        let begun = granted.unless_ended(begun);
        if begun.is_err() {
            self.end(lease);
        }
        granted.keep();
        begun
    }

    /// Marks the state of a leased database as it is now.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `WriterOpen`, `ServerGone`.
    pub async fn mark(&self, lease: &str, request: &MarkRequest) -> Result<MarkSet> {
        let lease = LeaseRef::parse(lease)?;
        let (desk, request) = (Arc::clone(&self.0), request.clone());
        Self::task(async move { desk.mark(lease, &request).await }).await
    }

    /// Brings a leased database back to a mark.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `UnknownMark`, `ForeignMark`, `ServerGone`.
    pub async fn rewind(&self, lease: &str, request: &Rewind) -> Result<Rewound> {
        let lease = LeaseRef::parse(lease)?;
        let (desk, request) = (Arc::clone(&self.0), request.clone());
        let rewound = Self::task(async move { desk.rewind(lease, &request).await }).await;
        self.refresh(lease.slot);
        rewound
    }

    /// Ends a lease; returns when its slot is clean.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`.
    pub async fn release(&self, lease: &str) -> Result<Released> {
        let lease = LeaseRef::parse(lease)?;
        let current = self.0.queue.current(lease)?;
        if !self.0.queue.end(current) {
            return Err(ProblemCode::LeaseEnded
                .failure(format!("{} is not leased", current.slot.name()))
                .hint("seedbed lease -- COMMAND"));
        }
        let this = self.clone();
        let released = Self::task(async move { Ok(this.0.clean_up(current.slot).await) }).await;
        self.refresh(current.slot);
        released
    }

    /// Keeps a leased database as it is; the slot gets another one.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `ServerGone`.
    pub async fn keep(&self, lease: &str, request: &Keep) -> Result<Kept> {
        let lease = LeaseRef::parse(lease)?;
        let (desk, request) = (Arc::clone(&self.0), request.clone());
        Self::task(async move { desk.keep(lease, &request).await }).await
    }

    /// Every slot and what it is doing.
    #[must_use]
    pub fn slots(&self) -> Vec<SlotStatus> {
        self.0.slots()
    }

    /// Whether a holder has a lease.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let (entries, _) = self.0.queue.entries();
        entries.iter().any(|entry| matches!(entry.state, State::Leased { holder: Some(_), .. }))
    }

    /// Who holds connections to the server.
    ///
    /// # Errors
    /// `ServerGone`.
    pub async fn holdings(&self) -> Result<Holdings> {
        self.0.holdings().await
    }

    /// Version and identity of the service.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.health()
    }

    /// The URLs of a slot: over TCP, and over the unix socket if there is one.
    #[must_use]
    pub fn targets(&self, slot: usize) -> Option<super::SlotTargets> {
        self.0.targets(slot)
    }

    /// Where the holder of a lease connects.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `Ending`.
    pub fn lent(&self, lease: &str) -> Result<super::SlotTargets> {
        let lease = LeaseRef::parse(lease)?;
        if self.0.queue.is_ending() {
            return Err(ProblemCode::Ending.failure("the lease service is about to end"));
        }
        self.0.queue.current(lease)?;
        self.targets(lease.slot.index())
            .ok_or_else(|| Failure::new(Kind::Bug, "a slot of the queue has no place"))
    }

    /// Names of the databases that were kept.
    #[must_use]
    pub fn kept(&self) -> Vec<String> {
        self.0.kept()
    }

    /// Looks after the pool of ready databases and the hold on the run, until
    /// the service is closed.
    pub async fn tend(&self) {
        self.0.supply.tend().await;
    }

    /// From now on nobody gets anything; whoever waits is told.
    pub fn refuse(&self) {
        self.0.queue.close();
    }

    /// As [`Leases::refuse`], unless somebody has a lease, with or without a
    /// holder, or waits for one.
    #[must_use]
    pub fn refuse_if_unused(&self) -> bool {
        self.0.queue.close_if_unused()
    }

    /// From now on closing drops no database: the server ends next.
    pub fn abandon(&self) {
        self.0.abandon();
    }

    /// Ends the service: whoever waits is told, every database but kept ones
    /// is dropped.
    ///
    /// # Errors
    /// What kept databases from being dropped.
    pub async fn close(&self) -> Result<()> {
        self.0.close().await
    }

    /// Ends a lease and brings its slot back without anybody waiting for it.
    fn end(&self, lease: super::identity::LeaseId) {
        if self.0.queue.end(lease) {
            self.bring_back(lease.slot);
        }
    }

    /// Clears dead rows away once the reply is on its way.
    fn refresh(&self, slot: SlotNumber) {
        if self.0.is_worn(slot) {
            let desk = Arc::clone(&self.0);
            drop(self.1.spawn(async move { desk.refresh(slot).await }));
        }
    }

    fn bring_back(&self, slot: SlotNumber) {
        let desk = Arc::clone(&self.0);
        // A holder may end while the runtime does, outside of any task.
        drop(self.1.spawn(async move { desk.clean_up(slot).await }));
    }

    async fn task<T: Send + 'static>(
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        match tokio::spawn(work).await {
            Ok(outcome) => outcome,
            Err(error) => {
                Err(Failure::new(Kind::Bug, "a task of the lease service panicked").because(error))
            }
        }
    }
}
