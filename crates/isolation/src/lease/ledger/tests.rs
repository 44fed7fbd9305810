//! The ledger against a naive model, under random orders of events.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const SLOTS: usize = 3;
const LIMIT: u32 = 5;

fn wish(ticket: u64) -> Wish {
    Wish { ticket: Ticket(ticket), slot: None, worker: None, holder: None, connections: 1 }
}

fn of_worker(ticket: u64, worker: &str) -> Wish {
    Wish { worker: Some(worker.to_owned()), ..wish(ticket) }
}

fn slots(grants: &[Grant]) -> Vec<u32> {
    grants.iter().map(|grant| grant.lease.slot.0).collect()
}

#[test]
fn a_worker_gets_its_slot_again_and_a_new_one_a_free_one() {
    let mut ledger = Ledger::new(4, 100);
    let first = ledger.ask(of_worker(1, "gw1"));
    assert_eq!(slots(&first), [1]);
    assert_eq!(slots(&ledger.ask(of_worker(2, "gw2"))), [2]);
    assert!(ledger.end(first[0].lease).is_some());
    assert!(ledger.end(first[0].lease).is_none(), "a lease ends once");
    // Its slot is not clean yet: another one serves.
    assert_eq!(slots(&ledger.ask(of_worker(3, "gw5"))), [3]);
    ledger.clean(SlotNumber(1));
    assert_eq!(slots(&ledger.ask(of_worker(4, "gw1"))), [1]);
    // gw7 was started in place of one that is gone.
    assert_eq!(slots(&ledger.ask(of_worker(5, "gw7"))), [4]);
    assert!(ledger.ask(of_worker(6, "gw8")).is_empty());
}

#[test]
fn who_came_first_is_served_first_and_nobody_overtakes_a_large_wish() {
    let mut ledger = Ledger::new(2, 4);
    let one = ledger.ask(Wish { connections: 3, ..wish(1) });
    let large = Wish { connections: 4, ..wish(2) };
    assert!(ledger.ask(large).is_empty(), "four more connections are not there");
    assert!(ledger.lacks_connections(Ticket(2)));
    assert!(ledger.ask(wish(3)).is_empty(), "one would do, but it came later");
    let served = ledger.end(one[0].lease).unwrap();
    assert_eq!(served.iter().map(|grant| grant.ticket.0).collect::<Vec<_>>(), [2]);
    assert!(ledger.clean(one[0].lease.slot).is_empty());
    let served = ledger.end(served[0].lease).unwrap();
    assert_eq!(served[0].ticket, Ticket(3));
}

#[test]
fn a_wish_for_one_slot_waits_for_it_and_lets_others_pass() {
    let mut ledger = Ledger::new(2, 100);
    let held = ledger.ask(Wish { slot: Some(SlotNumber(1)), ..wish(1) });
    assert!(ledger.ask(Wish { slot: Some(SlotNumber(1)), ..wish(2) }).is_empty());
    assert_eq!(slots(&ledger.ask(wish(3))), [2]);
    ledger.end(held[0].lease);
    assert_eq!(ledger.clean(SlotNumber(1))[0].ticket, Ticket(2));
}

#[derive(Clone, Debug)]
enum Step {
    Ask { slot: Option<u32>, worker: Option<u8>, holder: Option<u64>, connections: u32 },
    GiveUp(usize),
    End(usize),
    HolderEnds(u64),
    Clean(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let slot = prop_oneof![3 => Just(None), 1 => (1..=SLOTS as u32).prop_map(Some)];
    let worker = proptest::option::of(0..6_u8);
    let holder = proptest::option::of(0..4_u64);
    prop_oneof![
        4 => (slot, worker, holder, 0..7_u32).prop_map(|(slot, worker, holder, connections)| {
            Step::Ask { slot, worker, holder, connections }
        }),
        1 => (0..20_usize).prop_map(Step::GiveUp),
        3 => (0..20_usize).prop_map(Step::End),
        1 => (0..4_u64).prop_map(Step::HolderEnds),
        4 => (1..=SLOTS as u32).prop_map(Step::Clean),
    ]
}

/// What must be true, told by plain lists.
#[derive(Default)]
struct Model {
    waiting: Vec<Wish>,
    /// By slot.
    leased: BTreeMap<u32, (LeaseId, Wish)>,
    resetting: BTreeSet<u32>,
    known: Vec<LeaseId>,
    ended: BTreeSet<(u32, u64)>,
}

impl Model {
    fn take(&mut self, grants: &[Grant]) {
        for grant in grants {
            let at = self.waiting.iter().position(|wish| wish.ticket == grant.ticket);
            let wish = self.waiting.remove(at.expect("a grant answers a wish that waits"));
            let slot = grant.lease.slot.0;
            assert!(!self.resetting.contains(&slot), "a slot is handed out unclean");
            assert!(wish.slot.is_none_or(|wanted| wanted.0 == slot));
            let earlier = self.waiting.iter().filter(|other| other.ticket < wish.ticket);
            for other in earlier {
                assert!(
                    other.slot.is_some_and(|wanted| wanted.0 != slot),
                    "{other:?} was overtaken on slot {slot}"
                );
            }
            let before = self.leased.insert(slot, (grant.lease, wish));
            assert!(before.is_none(), "two holders of slot {slot}");
            assert!(!self.known.contains(&grant.lease), "a lease is granted twice");
            self.known.push(grant.lease);
        }
    }

    fn end(&mut self, lease: LeaseId) -> bool {
        let current = self.leased.get(&lease.slot.0).is_some_and(|(it, _)| *it == lease);
        if current {
            self.leased.remove(&lease.slot.0);
            self.resetting.insert(lease.slot.0);
            assert!(self.ended.insert((lease.slot.0, lease.count)));
        }
        current
    }

    fn check(&self, ledger: &Ledger) {
        let reserved: u32 = self.leased.values().map(|(_, wish)| wish.connections).sum();
        assert_eq!(ledger.reserved(), reserved);
        assert!(reserved <= LIMIT || self.leased.values().any(|(_, it)| it.connections > LIMIT));
        for (index, entry) in ledger.slots().iter().enumerate() {
            let slot = SlotNumber::at(index).0;
            let expected = match self.leased.get(&slot) {
                Some((_, wish)) => {
                    State::Leased { holder: wish.holder, connections: wish.connections }
                }
                None if self.resetting.contains(&slot) => State::Resetting,
                None => State::Free,
            };
            assert_eq!(entry.state, expected);
            // Nobody waits for what is there, unless for connections.
            if expected == State::Free {
                let waits = self.waiting.iter().find(|it| it.slot.is_none_or(|it| it.0 == slot));
                if let Some(wish) = waits {
                    assert!(
                        reserved > 0 && reserved + wish.connections > LIMIT || {
                            // Kept waiting by an earlier one that lacks connections.
                            self.waiting.iter().any(|it| {
                                it.ticket < wish.ticket && reserved + it.connections > LIMIT
                            })
                        }
                    );
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_events_keeps_the_books(steps in proptest::collection::vec(step(), 1..80)) {
        let mut ledger = Ledger::new(SLOTS, LIMIT);
        let mut model = Model::default();
        let mut tickets = 0;
        for step in steps {
            match step {
                Step::Ask { slot, worker, holder, connections } => {
                    tickets += 1;
                    let wish = Wish {
                        ticket: Ticket(tickets),
                        slot: slot.map(SlotNumber),
                        worker: worker.map(|it| format!("gw{it}")),
                        holder: holder.map(HolderId::numbered),
                        connections,
                    };
                    model.waiting.push(wish.clone());
                    model.take(&ledger.ask(wish));
                }
                Step::GiveUp(nth) => {
                    if let Some(wish) = model.waiting.get(nth).cloned() {
                        model.waiting.remove(nth);
                        model.take(&ledger.give_up(wish.ticket));
                    }
                }
                Step::End(nth) => {
                    if let Some(lease) = model.known.get(nth).copied() {
                        let served = ledger.end(lease);
                        prop_assert_eq!(served.is_some(), model.end(lease));
                        model.take(&served.unwrap_or_default());
                    }
                }
                Step::HolderEnds(holder) => {
                    let holder = HolderId::numbered(holder);
                    model.waiting.retain(|wish| wish.holder != Some(holder));
                    let held: Vec<LeaseId> = model
                        .leased
                        .values()
                        .filter(|(_, wish)| wish.holder == Some(holder))
                        .map(|(lease, _)| *lease)
                        .collect();
                    for lease in &held {
                        model.end(*lease);
                    }
                    let (slots, grants) = ledger.holder_ended(holder);
                    prop_assert_eq!(slots, held.iter().map(|it| it.slot).collect::<Vec<_>>());
                    model.take(&grants);
                }
                Step::Clean(slot) => {
                    model.resetting.remove(&slot);
                    model.take(&ledger.clean(SlotNumber(slot)));
                }
            }
            model.check(&ledger);
        }
    }
}
