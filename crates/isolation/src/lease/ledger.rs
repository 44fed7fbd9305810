//! Who has which slot and who waits for one: a pure state machine, so that
//! every order of events can be tried without a server.
//!
//! Fair: when a slot becomes free it goes to the first in the queue that takes
//! it. Whoever waits for connections is not overtaken by those who need fewer.
//!
//! *Invariants*: a slot has at most one holder; a lease ends exactly once; a
//! slot is handed out only after it was reported clean; what leases have
//! reserved never exceeds the limit.

use std::collections::VecDeque;

use super::identity::{LeaseId, SlotNumber};
use super::leases::HolderId;
use super::worker;

/// Names one wish until it is granted or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// What somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) ticket: Ticket,
    /// Only this slot.
    pub(crate) slot: Option<SlotNumber>,
    /// Preferably the slot of this worker.
    pub(crate) worker: Option<String>,
    /// Whose end ends the wish and the lease; `None`: nobody's.
    pub(crate) holder: Option<HolderId>,
    /// Connections to reserve.
    pub(crate) connections: u32,
}

/// A wish that came true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) ticket: Ticket,
    pub(crate) lease: LeaseId,
}

/// What a slot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    Leased { holder: Option<HolderId>, connections: u32 },
    Resetting,
}

/// One slot.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) state: State,
    /// The last worker that had it.
    pub(crate) worker: Option<String>,
    /// Leases so far; the current one's count while it is leased.
    pub(crate) leases: u64,
    /// When it became free, for the longest rest first.
    rested: u64,
}

/// All slots and the queue.
#[derive(Debug)]
pub(crate) struct Ledger {
    slots: Vec<Entry>,
    queue: VecDeque<Wish>,
    limit: u32,
    reserved: u32,
    events: u64,
}

impl Ledger {
    /// `slots` free slots; leases may reserve `limit` connections in all.
    pub(crate) fn new(slots: usize, limit: u32) -> Self {
        let entry = Entry { state: State::Free, worker: None, leases: 0, rested: 0 };
        Self { slots: vec![entry; slots], queue: VecDeque::new(), limit, reserved: 0, events: 0 }
    }

    /// The slots, in their order.
    pub(crate) fn slots(&self) -> &[Entry] {
        &self.slots
    }

    /// Connections that leases have reserved.
    pub(crate) fn reserved(&self) -> u32 {
        self.reserved
    }

    /// Connections that may be reserved.
    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether this wish waits although a slot is there for it.
    pub(crate) fn lacks_connections(&self, ticket: Ticket) -> bool {
        self.queue.iter().any(|wish| {
            wish.ticket == ticket && !self.affords(wish) && self.place_for(wish).is_some()
        })
    }

    /// Joins the queue.
    pub(crate) fn ask(&mut self, wish: Wish) -> Vec<Grant> {
        self.queue.push_back(wish);
        self.serve()
    }

    /// Leaves the queue.
    pub(crate) fn give_up(&mut self, ticket: Ticket) -> Vec<Grant> {
        self.queue.retain(|wish| wish.ticket != ticket);
        // It may have kept others waiting.
        self.serve()
    }

    /// A lease ends, unless it has ended before (`None`). Its slot must be
    /// brought back and reported by [`Ledger::clean`].
    pub(crate) fn end(&mut self, lease: LeaseId) -> Option<Vec<Grant>> {
        // Its connections may be what somebody waits for.
        self.put_down(lease).then(|| self.serve())
    }

    fn put_down(&mut self, lease: LeaseId) -> bool {
        let Some(entry) = self.slots.get_mut(lease.slot.index()) else { return false };
        let State::Leased { connections, .. } = entry.state else { return false };
        if entry.leases != lease.count {
            return false;
        }
        entry.state = State::Resetting;
        self.reserved -= connections;
        true
    }

    /// A holder is gone: its wishes are forgotten and its leases end. Returns
    /// the slots to bring back, and who can be served now.
    pub(crate) fn holder_ended(&mut self, holder: HolderId) -> (Vec<SlotNumber>, Vec<Grant>) {
        self.queue.retain(|wish| wish.holder != Some(holder));
        let held: Vec<LeaseId> = (0..self.slots.len())
            .map(|index| (SlotNumber::at(index), &self.slots[index]))
            .filter(|(_, entry)| {
                matches!(entry.state, State::Leased { holder: Some(it), .. } if it == holder)
            })
            .map(|(slot, entry)| LeaseId { slot, count: entry.leases })
            .collect();
        for lease in &held {
            self.put_down(*lease);
        }
        (held.iter().map(|lease| lease.slot).collect(), self.serve())
    }

    /// A slot is as its template again.
    pub(crate) fn clean(&mut self, slot: SlotNumber) -> Vec<Grant> {
        self.events += 1;
        if let Some(entry) = self.slots.get_mut(slot.index())
            && entry.state == State::Resetting
        {
            entry.state = State::Free;
            entry.rested = self.events;
        }
        self.serve()
    }

    fn affords(&self, wish: &Wish) -> bool {
        // Alone, even one that wants too much is served.
        self.reserved == 0 || self.reserved.saturating_add(wish.connections) <= self.limit
    }

    /// Grants what can be granted, first come, first served.
    fn serve(&mut self) -> Vec<Grant> {
        let mut grants = Vec::new();
        let mut at = 0;
        while at < self.queue.len() {
            let Some(slot) = self.place_for(&self.queue[at]) else {
                at += 1;
                continue;
            };
            if !self.affords(&self.queue[at]) {
                break;
            }
            let Some(wish) = self.queue.remove(at) else { break };
            grants.push(self.grant(wish, slot));
        }
        grants
    }

    fn grant(&mut self, wish: Wish, slot: SlotNumber) -> Grant {
        let entry = &mut self.slots[slot.index()];
        entry.leases += 1;
        entry.state = State::Leased { holder: wish.holder, connections: wish.connections };
        if wish.worker.is_some() {
            entry.worker = wish.worker;
        }
        self.reserved = self.reserved.saturating_add(wish.connections);
        Grant { ticket: wish.ticket, lease: LeaseId { slot, count: entry.leases } }
    }

    /// The best free slot for a wish.
    fn place_for(&self, wish: &Wish) -> Option<SlotNumber> {
        let free = |slot: &SlotNumber| {
            self.slots.get(slot.index()).is_some_and(|entry| entry.state == State::Free)
        };
        if let Some(slot) = wish.slot {
            return Some(slot).filter(free);
        }
        let all = || (0..self.slots.len()).map(SlotNumber::at).filter(free);
        let entry = |slot: &SlotNumber| &self.slots[slot.index()];
        if let Some(worker) = &wish.worker {
            let own = all().find(|slot| entry(slot).worker.as_ref() == Some(worker));
            let preferred = worker::preferred(worker, self.slots.len()).filter(free);
            if let Some(slot) = own.or(preferred) {
                return Some(slot);
            }
        }
        // One that no worker had, else the one whose worker is longest away.
        all().min_by_key(|slot| (entry(slot).worker.is_some(), entry(slot).rested))
    }
}

#[cfg(test)]
mod tests;
