//! The ledger against a naive model: a set of databases on a server that does
//! what it is told, fails, or stops answering, in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::news::{Action, End, Fate, Input, Refusal, State};
use super::stock::{Bounds, Stock};

const BOUNDS: Bounds = Bounds {
    ready: 3,
    spare: 5,
    batch: 2,
    settle: Duration::from_millis(20),
    quiet: Duration::from_millis(100),
    rest: Duration::from_millis(30),
};

#[derive(Clone, Debug)]
enum Step {
    Want {
        slot: u8,
        keep: bool,
    },
    Tick {
        ms: u16,
    },
    /// Ends one thing under way: which one, and how well.
    Finish {
        which: usize,
        how: u8,
    },
    /// Somebody drops a slot's database.
    Vandal {
        slot: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_u8, prop::bool::weighted(0.2)).prop_map(|(slot, keep)| Step::Want { slot, keep }),
        3 => (0..60_u16).prop_map(|ms| Step::Tick { ms }),
        6 => (any::<usize>(), 0..12_u8).prop_map(|(which, how)| Step::Finish { which, how }),
        1 => (0..4_u8).prop_map(|slot| Step::Vandal { slot }),
    ]
}

/// What exists on the server, and what was promised to whom.
struct World {
    stock: Stock,
    exists: BTreeSet<String>,
    kept: BTreeSet<String>,
    /// Slots that once had a database; a request for the others makes a new one.
    slots: BTreeSet<String>,
    given_out: BTreeSet<String>,
    under_way: Vec<Action>,
    /// Requests without an answer yet.
    open: BTreeMap<String, Fate>,
    /// Names the ledger counts of which one does not exist.
    unknown: usize,
    kept_count: u32,
    now: Duration,
    closing: bool,
}

impl World {
    fn new() -> Self {
        let left: BTreeSet<String> = ["p_ready_3".to_owned(), "p_waste_4".to_owned()].into();
        Self {
            stock: Stock::new("p".into(), 5, left.iter().cloned().collect(), BOUNDS),
            given_out: left.clone(),
            exists: left,
            kept: BTreeSet::new(),
            slots: BTreeSet::new(),
            under_way: Vec::new(),
            open: BTreeMap::new(),
            unknown: 0,
            kept_count: 0,
            now: Duration::ZERO,
            closing: false,
        }
    }

    fn feed(&mut self, input: Input) {
        let actions = self.stock.feed(input);
        for action in actions {
            match &action {
                Action::Make(name) => self.new_name(name),
                Action::Swap { slot, fresh, outgoing } => {
                    assert!(self.open.contains_key(slot), "{slot} wants nothing");
                    assert_ne!(self.stock.databases().get(fresh), Some(&State::Ready));
                    if let (Some(name), false) = (outgoing, self.kept_name(outgoing)) {
                        self.new_name(name);
                    }
                }
                Action::Drop(names) => {
                    for name in names {
                        assert!(!self.kept.contains(name), "{name} is kept");
                        assert!(self.closing || !self.slots.contains(name), "{name} is in use");
                    }
                }
                Action::Fail { slot, why } => {
                    assert!(self.open.remove(slot).is_some(), "{slot} was answered already");
                    assert_eq!(*why == Refusal::Closing, self.closing);
                    continue;
                }
            }
            self.under_way.push(action);
        }
        self.check();
    }

    fn kept_name(&self, name: &Option<String>) -> bool {
        name.as_ref().is_some_and(|name| name.starts_with("kept"))
    }

    fn new_name(&mut self, name: &str) {
        assert!(self.given_out.insert(name.to_owned()), "{name} was given out before");
    }

    fn check(&self) {
        let books = self.stock.databases();
        for name in &self.exists {
            assert!(books.contains_key(name), "{name} is lost");
        }
        for name in &self.kept {
            assert_eq!(books.get(name), Some(&State::Kept));
        }
        let spare = books.keys().filter(|name| name.starts_with("p_")).count();
        assert!(spare <= BOUNDS.spare + self.unknown, "{spare} databases: {books:?}");
        assert!(self.stock.count(State::Ready) <= BOUNDS.ready.max(self.under_way.len() + 4));
        assert!(self.stock.demand() <= BOUNDS.ready);
        // Whoever waits is waited for by somebody.
        assert!(
            self.open.is_empty() || !self.under_way.is_empty(),
            "nobody serves {:?}",
            self.open
        );
    }

    fn want(&mut self, slot: u8, keep: bool) {
        let slot = format!("slot{slot}");
        if self.open.contains_key(&slot) || self.closing {
            return;
        }
        let fate = if self.slots.insert(slot.clone()) {
            Fate::New
        } else if keep {
            self.kept_count += 1;
            Fate::Kept(format!("kept{}", self.kept_count))
        } else {
            Fate::Waste
        };
        self.open.insert(slot.clone(), fate.clone());
        self.feed(Input::Wanted { slot, fate });
    }

    /// `how`: 0 fails, 1 is not known, 2 finds the fresh one gone, else well.
    fn finish(&mut self, which: usize, how: u8) {
        if self.under_way.is_empty() {
            return;
        }
        let input = match self.under_way.remove(which % self.under_way.len()) {
            Action::Make(name) => {
                // A failed clone may be there or not.
                if how != 0 || which.is_multiple_of(2) {
                    self.exists.insert(name.clone());
                }
                Input::Made { name, ok: how != 0 }
            }
            Action::Swap { slot, fresh, outgoing } => {
                let end = self.swap(&slot, &fresh, outgoing.as_ref(), which, how);
                Input::Swapped { slot, end }
            }
            Action::Drop(names) => {
                let failing = if how == 0 { names.len() / 2 + 1 } else { 0 };
                let (failed, done) = names.split_at(failing);
                for name in done {
                    self.exists.remove(name);
                    self.slots.remove(name);
                }
                Input::Dropped { done: done.to_vec(), failed: failed.to_vec() }
            }
            Action::Fail { .. } => unreachable!("answered at once"),
        };
        self.feed(input);
    }

    fn swap(
        &mut self,
        slot: &str,
        fresh: &str,
        outgoing: Option<&String>,
        which: usize,
        how: u8,
    ) -> End {
        let end = match how {
            0 => End::Failed,
            1 => {
                self.unknown += 1;
                if which.is_multiple_of(2) {
                    self.rename(slot, fresh, outgoing);
                }
                End::Unknown
            }
            2 => {
                self.exists.remove(fresh);
                return End::FreshGone;
            }
            _ => {
                assert!(self.exists.contains(fresh), "{fresh} is not there");
                End::Done { old: self.rename(slot, fresh, outgoing) }
            }
        };
        self.open.remove(slot);
        end
    }

    fn rename(&mut self, slot: &str, fresh: &str, outgoing: Option<&String>) -> bool {
        let old = self.exists.remove(slot);
        if let (Some(name), true) = (outgoing, old) {
            self.exists.insert(name.clone());
            if name.starts_with("kept") {
                self.kept.insert(name.clone());
            }
        }
        self.exists.remove(fresh);
        self.exists.insert(slot.to_owned());
        old
    }

    fn tick(&mut self, ms: u16) {
        self.now += Duration::from_millis(ms.into());
        self.feed(Input::Tick { now: self.now });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_is_lost_double_or_unbounded_and_the_kept_stay(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut world = World::new();
        for step in steps {
            match step {
                Step::Want { slot, keep } => world.want(slot, keep),
                Step::Tick { ms } => world.tick(ms),
                Step::Finish { which, how } => world.finish(which, how),
                Step::Vandal { slot } => {
                    world.exists.remove(&format!("slot{slot}"));
                }
            }
        }
        world.closing = true;
        world.feed(Input::Closing);
        for _ in 0..100 {
            while !world.under_way.is_empty() {
                world.finish(0, 9);
            }
            world.tick(40);
        }
        prop_assert!(world.open.is_empty(), "without an answer: {:?}", world.open);
        prop_assert!(world.stock.is_settled());
        prop_assert_eq!(&world.exists, &world.kept);
        prop_assert!(world.stock.databases().values().all(|state| *state == State::Kept));
    }
}

/// Demand grows when nothing is ready, is met one at a time, and falls.
#[test]
fn what_is_held_ready_follows_what_was_wanted() {
    let mut world = World::new();
    world.want(0, false);
    while !world.under_way.is_empty() {
        world.finish(0, 9);
    }
    assert_eq!(world.stock.demand(), 0, "a new slot is no sign of demand");
    let mut seen = Vec::new();
    for _ in 0..3 {
        world.want(0, false);
        while !world.under_way.is_empty() {
            world.finish(0, 9);
        }
        seen.push(world.stock.demand());
    }
    assert_eq!(seen, [1, 2, 3]);
    for _ in 0..10 {
        world.tick(1);
        assert!(world.stock.count(State::Making) <= 1);
        while !world.under_way.is_empty() {
            world.finish(0, 9);
        }
    }
    assert_eq!(world.stock.count(State::Ready), 3);
    // With one ready, nobody waits for a clone and demand stays.
    world.want(0, false);
    assert!(matches!(world.under_way[..], [Action::Swap { .. }]));
    world.finish(0, 9);
    assert_eq!(world.stock.demand(), 3);
    for expected in [1, 0, 0] {
        world.tick(1);
        world.tick(100);
        while !world.under_way.is_empty() {
            world.finish(0, 9);
        }
        assert_eq!(world.stock.demand(), expected);
    }
    world.tick(100);
    while !world.under_way.is_empty() {
        world.finish(0, 9);
    }
    assert_eq!(world.exists.len(), 1, "{:?}", world.exists);
}

/// A server that can drop nothing does not fill its disk.
#[test]
fn a_request_beyond_the_bound_is_refused_when_nothing_can_be_dropped() {
    let mut world = World::new();
    let mut refused = false;
    for _ in 0..12 {
        world.want(0, false);
        for _ in 0..8 {
            let dropping = matches!(world.under_way.first(), Some(Action::Drop(_)));
            world.finish(0, if dropping { 0 } else { 9 });
        }
        refused = refused || world.exists.len() > BOUNDS.spare;
    }
    assert!(refused && world.open.is_empty());
    assert!(world.exists.len() <= BOUNDS.spare + 1, "{:?}", world.exists);
}
