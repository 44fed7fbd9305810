//! The ledger with people waiting at it: tickets are answered through
//! channels, and whoever goes away leaves nothing behind.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use seedbed_api::lease::ProblemCode;
use seedbed_api::{Failure, Result};
use tokio::sync::oneshot;

use super::identity::{LeaseId, LeaseRef, SlotNumber};
use super::leases::HolderId;
use super::ledger::{Entry, Grant, Ledger, State, Ticket, Wish};

/// How long somebody waits who does not say.
const WAIT: Duration = Duration::from_secs(60);
/// Nobody waits longer than this.
const WAIT_MAX: Duration = Duration::from_secs(3600);
/// So many holders are named to who waited in vain.
const NAMED: usize = 8;
/// As many may wait at once.
const WAITING_MAX: usize = 10_000;

/// What somebody asks for.
pub(crate) struct Ask {
    pub(crate) slot: Option<SlotNumber>,
    pub(crate) worker: Option<String>,
    pub(crate) holder: Option<HolderId>,
    pub(crate) connections: u32,
    pub(crate) wait: Option<Duration>,
}

/// Called with slots whose lease has ended without anybody to bring them back.
type Abandoned = Arc<dyn Fn(SlotNumber) + Send + Sync>;

/// The queue at the ledger.
#[derive(Clone)]
pub(crate) struct Queue(Arc<Inner>);

struct Inner {
    state: Mutex<Book>,
    abandoned: Mutex<Option<Abandoned>>,
}

struct Book {
    ledger: Ledger,
    waiting: HashMap<Ticket, Waiting>,
    tickets: u64,
    /// Holders that are there; whoever is not gets nothing.
    holders: HashSet<HolderId>,
    known: u64,
    /// When the slots were leased last.
    since: HashMap<SlotNumber, Instant>,
    ending: bool,
}

/// Somebody in the queue.
struct Waiting {
    holder: Option<HolderId>,
    answer: oneshot::Sender<LeaseId>,
}

impl Queue {
    pub(crate) fn new(slots: usize, connections: u32) -> Self {
        let ledger = Ledger::new(slots, connections);
        let book = Book {
            ledger,
            waiting: HashMap::new(),
            tickets: 0,
            holders: HashSet::new(),
            known: 0,
            since: HashMap::new(),
            ending: false,
        };
        Self(Arc::new(Inner { state: Mutex::new(book), abandoned: Mutex::new(None) }))
    }

    /// An identity for somebody who has just come.
    pub(crate) fn new_holder(&self) -> HolderId {
        let mut book = self.book();
        let holder = HolderId::numbered(book.known);
        book.known += 1;
        book.holders.insert(holder);
        holder
    }

    /// Who brings back what a vanished client was granted.
    pub(crate) fn on_abandoned(&self, what: impl Fn(SlotNumber) + Send + Sync + 'static) {
        let mut abandoned = self.0.abandoned.lock().unwrap_or_else(PoisonError::into_inner);
        *abandoned = Some(Arc::new(what));
    }

    /// Waits for a slot.
    pub(crate) async fn wait(&self, ask: Ask) -> Result<Granted> {
        let wait = ask.wait.unwrap_or(WAIT).min(WAIT_MAX);
        let named = ask.slot;
        let (sender, receiver) = oneshot::channel();
        let ticket = {
            let mut book = self.book();
            if book.ending {
                return Err(ending());
            }
            if ask.holder.is_some_and(|holder| !book.holders.contains(&holder)) {
                return Err(gone());
            }
            if book.waiting.len() >= WAITING_MAX {
                return Err(ProblemCode::TooManyClients
                    .failure(format!("{WAITING_MAX} clients wait for a slot already")));
            }
            book.tickets += 1;
            let ticket = Ticket(book.tickets);
            let Ask { slot, worker, holder, connections, .. } = ask;
            book.waiting.insert(ticket, Waiting { holder, answer: sender });
            let grants = book.ledger.ask(Wish { ticket, slot, worker, holder, connections });
            book.deliver(grants);
            ticket
        };
        let mut place = Place { queue: self.clone(), ticket, receiver };
        match tokio::time::timeout(wait, &mut place.receiver).await {
            Ok(Ok(lease)) => Ok(Granted { queue: self.clone(), lease, kept: false }),
            Ok(Err(_)) => Err(if self.is_ending() { ending() } else { gone() }),
            // Given back by the place if it is granted in this very moment.
            Err(_) => Err(self.too_late(ticket, named, wait)),
        }
    }

    fn too_late(&self, ticket: Ticket, slot: Option<SlotNumber>, wait: Duration) -> Failure {
        let book = self.book();
        let seconds = wait.as_secs_f32();
        if book.ledger.lacks_connections(ticket) {
            let (reserved, limit) = (book.ledger.reserved(), book.ledger.limit());
            return ProblemCode::NoConnections
                .failure(format!(
                    "no connections became free within {seconds:.1} s: leases have reserved \
                     {reserved} of {limit}"
                ))
                .hint("seedbed ps --connections");
        }
        let what = slot.map_or_else(|| "no slot".to_owned(), |slot| format!("{} not", slot.name()));
        let workers = book.ledger.slots().len() + 1;
        ProblemCode::NoFreeSlot
            .failure(format!("{what} became free within {seconds:.1} s{}", book.held(slot)))
            .hint("seedbed ps --slots   # who holds them now")
            .hint(format!("seedbed run --workers {workers} -- COMMAND"))
    }

    /// The lease a request means.
    pub(crate) fn current(&self, lease: LeaseRef) -> Result<LeaseId> {
        let book = self.book();
        let slots = book.ledger.slots();
        let Some(entry) = slots.get(lease.slot.index()) else {
            return Err(ProblemCode::UnknownLease
                .failure(format!("there is no {}, only {} slots", lease.slot.name(), slots.len()))
                .hint("seedbed ps --slots"));
        };
        let current = LeaseId { slot: lease.slot, count: entry.leases };
        match lease.count {
            None => Ok(current),
            Some(count) if count > entry.leases => Err(ProblemCode::UnknownLease
                .failure(format!("{} never had a lease {count}", lease.slot.name()))
                .hint("echo \"$SEEDBED_LEASE\"")),
            Some(count) if count == entry.leases && matches!(entry.state, State::Leased { .. }) => {
                Ok(current)
            }
            Some(count) => Err(ProblemCode::LeaseEnded
                .failure(format!("the lease {}.{count} has ended", lease.slot.0))
                .hint("seedbed lease -- COMMAND")),
        }
    }

    /// Ends a lease; false if it had ended.
    pub(crate) fn end(&self, lease: LeaseId) -> bool {
        let mut book = self.book();
        let served = book.ledger.end(lease);
        let ended = served.is_some();
        book.deliver(served.unwrap_or_default());
        ended
    }

    /// A holder is gone; returns the slots to bring back.
    pub(crate) fn holder_ended(&self, holder: HolderId) -> Vec<SlotNumber> {
        let mut book = self.book();
        book.holders.remove(&holder);
        book.waiting.retain(|_, waiting| waiting.holder != Some(holder));
        let (slots, grants) = book.ledger.holder_ended(holder);
        book.deliver(grants);
        slots
    }

    /// A slot is as its template again.
    pub(crate) fn clean(&self, slot: SlotNumber) {
        let mut book = self.book();
        let grants = book.ledger.clean(slot);
        book.deliver(grants);
    }

    /// From now on nobody gets anything; whoever waits is told.
    pub(crate) fn close(&self) {
        let mut book = self.book();
        book.ending = true;
        book.waiting.clear();
    }

    /// As [`Queue::close`], unless somebody has a lease or waits for one.
    pub(crate) fn close_if_unused(&self) -> bool {
        let mut book = self.book();
        let leased = |entry: &Entry| matches!(entry.state, State::Leased { .. });
        if !book.waiting.is_empty() || book.ledger.slots().iter().any(leased) {
            return false;
        }
        book.ending = true;
        true
    }

    /// Whether the service is about to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.book().ending
    }

    /// A copy of the slots, and what is reserved.
    pub(crate) fn entries(&self) -> (Vec<Entry>, u32) {
        let book = self.book();
        (book.ledger.slots().to_vec(), book.ledger.reserved())
    }

    /// Somebody went away while the lease was on its way.
    fn abandon(&self, lease: LeaseId) {
        if self.end(lease) {
            let abandoned = self.0.abandoned.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(what) = abandoned {
                what(lease.slot);
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Every change is made in one piece: a panic elsewhere spoils nothing.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Who holds the slots, or this one, for the end of a sentence.
    fn held(&self, only: Option<SlotNumber>) -> String {
        let slots = self.ledger.slots().iter().enumerate();
        let mut held: Vec<String> = slots
            .map(|(index, entry)| (SlotNumber::at(index), entry))
            .filter(|(slot, _)| only.is_none_or(|only| only == *slot))
            .filter_map(|(slot, entry)| {
                let holder = match (&entry.state, &entry.worker) {
                    (State::Free, _) => return None,
                    (State::Resetting, _) => "being cleaned up".to_owned(),
                    (State::Leased { .. }, None) => "leased".to_owned(),
                    (State::Leased { .. }, Some(worker)) => format!("worker {worker}"),
                };
                let since = self.since.get(&slot).map_or(0, |since| since.elapsed().as_secs());
                Some(format!("{} ({holder}, since {since} s)", slot.name()))
            })
            .collect();
        let more = held.len().saturating_sub(NAMED);
        held.truncate(NAMED);
        match (held.is_empty(), more) {
            (true, _) => String::new(),
            (false, 0) => format!(": in use are {}", held.join(", ")),
            (false, more) => format!(": in use are {} and {more} more", held.join(", ")),
        }
    }

    fn deliver(&mut self, grants: Vec<Grant>) {
        for grant in grants {
            self.since.insert(grant.lease.slot, Instant::now());
            // Who is gone gives it back when its place is dropped.
            if let Some(waiting) = self.waiting.remove(&grant.ticket) {
                let _ = waiting.answer.send(grant.lease);
            }
        }
    }
}

/// A place in the queue, left when dropped.
struct Place {
    queue: Queue,
    ticket: Ticket,
    receiver: oneshot::Receiver<LeaseId>,
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut book = self.queue.book();
            book.waiting.remove(&self.ticket);
            let grants = book.ledger.give_up(self.ticket);
            book.deliver(grants);
        }
        // Granted, and nobody there to take it.
        if let Ok(lease) = self.receiver.try_recv() {
            self.queue.abandon(lease);
        }
    }
}

/// A lease on its way to its holder; given back when dropped.
pub(crate) struct Granted {
    queue: Queue,
    lease: LeaseId,
    kept: bool,
}

impl Granted {
    pub(crate) fn lease(&self) -> LeaseId {
        self.lease
    }

    /// What was done for the lease, unless the lease has ended meanwhile.
    pub(crate) fn unless_ended<T>(&self, done: Result<T>) -> Result<T> {
        let LeaseId { slot, count } = self.lease;
        self.queue.current(LeaseRef { slot, count: Some(count) })?;
        done
    }

    /// The holder has it.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        if !self.kept {
            self.queue.abandon(self.lease);
        }
    }
}

fn ending() -> Failure {
    ProblemCode::Ending.failure("the lease service is about to end")
}

fn gone() -> Failure {
    ProblemCode::LeaseEnded.failure("whoever asked for a lease has gone")
}
