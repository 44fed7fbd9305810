//! The ledger of a pool's databases: which exist, what each is for, what must
//! be made or dropped next. It waits for nothing and reads no clock; the pool
//! tells it what happened and does what it answers.
//!
//! *Invariants*: every database has exactly one state; a name given out is
//! never given out again; what is neither a slot's nor kept is at most
//! [`Bounds::spare`] many; what is kept is never dropped.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::news::{Action, End, Fate, Input, Refusal, State};

/// Limits of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Ready databases held at most.
    pub(crate) ready: usize,
    /// Databases on disk besides those of slots and kept ones: being made,
    /// ready, being moved, waste.
    pub(crate) spare: usize,
    /// Waste is dropped when so much has gathered, or after `settle`.
    pub(crate) batch: usize,
    /// Without a replacement for so long, waste is dropped however little.
    pub(crate) settle: Duration,
    /// Without a replacement for so long, half as many are held ready.
    pub(crate) quiet: Duration,
    /// After a clone or a drop failed, the next one in the background waits.
    pub(crate) rest: Duration,
}

impl Bounds {
    /// What a pool uses.
    pub(crate) const USUAL: Self = Self {
        ready: 4,
        spare: 12,
        batch: 4,
        settle: Duration::from_millis(250),
        quiet: Duration::from_secs(30),
        rest: Duration::from_secs(2),
    };
}

/// An exchange under way.
#[derive(Debug)]
struct Exchange {
    fresh: String,
    outgoing: Option<String>,
    fate: Fate,
}

/// The ledger.
#[derive(Debug)]
pub(crate) struct Stock {
    bounds: Bounds,
    prefix: String,
    next: u64,
    databases: BTreeMap<String, State>,
    waiting: VecDeque<(String, Fate)>,
    moving: BTreeMap<String, Exchange>,
    demand: usize,
    now: Duration,
    /// Whether anything was wanted since the last tick.
    used: bool,
    quiet_since: Duration,
    shrink_since: Duration,
    makes_rest: Duration,
    drops_rest: Duration,
    /// A batch of drops failed altogether since the last request.
    stuck: bool,
    closing: bool,
}

impl Stock {
    /// A ledger whose names are `<prefix>_ready_<n>` and `<prefix>_waste_<n>`,
    /// with `n` from `first` on. `waste` is what an earlier pool left.
    pub(crate) fn new(prefix: String, first: u64, waste: Vec<String>, bounds: Bounds) -> Self {
        Self {
            bounds,
            prefix,
            next: first,
            databases: waste.into_iter().map(|name| (name, State::Waste)).collect(),
            waiting: VecDeque::new(),
            moving: BTreeMap::new(),
            demand: 0,
            now: Duration::ZERO,
            used: false,
            quiet_since: Duration::ZERO,
            shrink_since: Duration::ZERO,
            makes_rest: Duration::ZERO,
            drops_rest: Duration::ZERO,
            stuck: false,
            closing: false,
        }
    }

    /// Takes in what happened and says what to do.
    pub(crate) fn feed(&mut self, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        match input {
            Input::Wanted { slot, fate } => self.wanted(slot, fate),
            Input::Made { name, ok } => self.made(&name, ok, &mut actions),
            Input::Swapped { slot, end } => self.swapped(slot, end),
            Input::Dropped { done, failed } => self.dropped(&done, &failed),
            Input::Tick { now } => self.tick(now, &mut actions),
            Input::Closing => self.closing = true,
        }
        if self.closing {
            self.clear(&mut actions);
        } else {
            self.serve(&mut actions);
        }
        actions
    }

    /// How many databases are in a state.
    pub(crate) fn count(&self, state: State) -> usize {
        self.databases.values().filter(|one| **one == state).count()
    }

    /// How many ready ones are aimed at.
    pub(crate) fn demand(&self) -> usize {
        self.demand
    }

    /// Whether the end has begun.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Whether nothing is under way.
    pub(crate) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.nothing_under_way()
    }

    /// Whether a tick could lead to work.
    pub(crate) fn needs_ticks(&self) -> bool {
        self.demand > 0 || self.count(State::Waste) > 0
    }

    fn wanted(&mut self, slot: String, fate: Fate) {
        self.used = true;
        self.stuck = false;
        let served = self.waiting.is_empty() && self.count(State::Ready) > 0;
        if !served && fate != Fate::New {
            self.demand = (self.demand * 2).clamp(1, self.bounds.ready);
        }
        self.waiting.push_back((slot, fate));
    }

    fn made(&mut self, name: &str, ok: bool, actions: &mut Vec<Action>) {
        // What failed may exist all the same: half made, or its news was lost.
        self.set(name, if ok { State::Ready } else { State::Waste });
        if ok {
            return;
        }
        match self.waiting.pop_front() {
            Some((slot, _)) => actions.push(Action::Fail { slot, why: Refusal::NotMade }),
            None => self.makes_rest = self.now + self.bounds.rest,
        }
    }

    fn swapped(&mut self, slot: String, end: End) {
        let Some(Exchange { fresh, outgoing, fate }) = self.moving.remove(&slot) else { return };
        match end {
            End::Done { old } => {
                self.databases.remove(&fresh);
                if let (Some(name), true) = (outgoing, old) {
                    let kept = matches!(fate, Fate::Kept(_));
                    self.set(&name, if kept { State::Kept } else { State::Waste });
                }
                self.databases.insert(slot, State::Slot);
            }
            End::FreshGone => {
                self.databases.remove(&fresh);
                self.waiting.push_front((slot, fate));
            }
            End::Failed => self.set(&fresh, State::Ready),
            End::Unknown => {
                // Which of the names exist, the drop or the next exchange finds out.
                self.set(&slot, State::Slot);
                self.set(&fresh, State::Waste);
                match (outgoing, fate) {
                    (Some(name), Fate::Waste) => self.set(&name, State::Waste),
                    (Some(name), Fate::Kept(_)) => self.set(&name, State::Kept),
                    _ => {}
                }
            }
        }
    }

    fn dropped(&mut self, done: &[String], failed: &[String]) {
        self.stuck = done.is_empty();
        for name in done {
            self.databases.remove(name);
        }
        for name in failed {
            self.set(name, State::Waste);
            self.drops_rest = self.now + self.bounds.rest;
        }
    }

    fn tick(&mut self, now: Duration, actions: &mut Vec<Action>) {
        self.now = self.now.max(now);
        if std::mem::take(&mut self.used) {
            (self.quiet_since, self.shrink_since) = (self.now, self.now);
        }
        // Nothing in the background while somebody waits.
        if self.closing || !self.waiting.is_empty() || !self.moving.is_empty() {
            return;
        }
        if self.now - self.shrink_since >= self.bounds.quiet {
            self.shrink_since = self.now;
            self.demand /= 2;
        }
        for _ in self.demand..self.count(State::Ready) {
            self.turn(State::Ready, State::Waste);
        }
        let coming = self.count(State::Making);
        if coming == 0
            && self.count(State::Ready) < self.demand
            && self.spare() < self.bounds.spare
            && self.now >= self.makes_rest
        {
            self.make(actions);
        }
        let waste = self.count(State::Waste);
        let settled = self.now - self.quiet_since >= self.bounds.settle;
        if (waste >= self.bounds.batch || settled) && self.now >= self.drops_rest {
            self.drop_waste(usize::MAX, actions);
        }
    }

    /// Serves those who wait, in the order of their arrival.
    fn serve(&mut self, actions: &mut Vec<Action>) {
        while !self.waiting.is_empty() {
            let Some(fresh) = self.turn(State::Ready, State::Moving) else { break };
            let Some((slot, fate)) = self.waiting.pop_front() else { break };
            let outgoing = match &fate {
                Fate::New => None,
                Fate::Waste => Some(self.name("waste")),
                Fate::Kept(name) => Some(name.clone()),
            };
            self.moving.insert(
                slot.clone(),
                Exchange { fresh: fresh.clone(), outgoing: outgoing.clone(), fate },
            );
            actions.push(Action::Swap { slot, fresh, outgoing });
        }
        while self.count(State::Making) < self.waiting.len() {
            if self.spare() < self.bounds.spare {
                self.make(actions);
                continue;
            }
            // Room first; one under way will make some, or be a ready one.
            let helped = !self.stuck && self.drop_waste(1, actions);
            if !helped && self.nothing_under_way() {
                for (slot, _) in self.waiting.drain(..) {
                    actions.push(Action::Fail { slot, why: Refusal::Full });
                }
            }
            break;
        }
    }

    /// At the end everything but the kept turns to waste and is dropped.
    fn clear(&mut self, actions: &mut Vec<Action>) {
        for (slot, _) in self.waiting.drain(..) {
            actions.push(Action::Fail { slot, why: Refusal::Closing });
        }
        let moving = &self.moving;
        for (name, state) in &mut self.databases {
            let idle = *state == State::Ready || *state == State::Slot;
            if idle && !moving.contains_key(name) {
                *state = State::Waste;
            }
        }
        if self.now >= self.drops_rest {
            self.drop_waste(usize::MAX, actions);
        }
    }

    fn make(&mut self, actions: &mut Vec<Action>) {
        let name = self.name("ready");
        self.set(&name, State::Making);
        actions.push(Action::Make(name));
    }

    /// Drops waste, at most so much and one batch at a time; whether that has
    /// begun.
    fn drop_waste(&mut self, most: usize, actions: &mut Vec<Action>) -> bool {
        if self.count(State::Dropping) > 0 {
            return false;
        }
        let mut batch = Vec::new();
        while batch.len() < most
            && let Some(name) = self.turn(State::Waste, State::Dropping)
        {
            batch.push(name);
        }
        let begun = !batch.is_empty();
        if begun {
            actions.push(Action::Drop(batch));
        }
        begun
    }

    fn nothing_under_way(&self) -> bool {
        let under_way = [State::Making, State::Moving, State::Dropping];
        under_way.into_iter().all(|state| self.count(state) == 0)
    }

    fn spare(&self) -> usize {
        self.databases.len() - self.count(State::Slot) - self.count(State::Kept)
    }

    /// Moves one database from a state to another.
    fn turn(&mut self, from: State, to: State) -> Option<String> {
        let (name, state) = self.databases.iter_mut().find(|(_, state)| **state == from)?;
        *state = to;
        Some(name.clone())
    }

    fn set(&mut self, name: &str, state: State) {
        self.databases.insert(name.to_owned(), state);
    }

    fn name(&mut self, word: &str) -> String {
        self.next += 1;
        format!("{}_{word}_{}", self.prefix, self.next - 1)
    }

    /// Every database with its state.
    #[cfg(test)]
    pub(crate) fn databases(&self) -> &BTreeMap<String, State> {
        &self.databases
    }
}
