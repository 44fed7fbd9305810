//! The ledger's words: what it is told, what it answers, and in which state a
//! database can be. Plain data.

use std::time::Duration;

/// What a database is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Being cloned.
    Making,
    /// As the template, for whoever wants one.
    Ready,
    /// On its way to a slot's name.
    Moving,
    /// Under a slot's name, in use.
    Slot,
    /// Set aside for a person.
    Kept,
    /// To be dropped.
    Waste,
    /// Being dropped.
    Dropping,
}

/// What becomes of the database that is under a slot's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// There is none: the slot is new.
    New,
    /// It is dropped later.
    Waste,
    /// It is kept under this name.
    Kept(String),
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The fresh database has the slot's name; whether there was an old one.
    Done {
        /// There was, and it has its new name.
        old: bool,
    },
    /// The fresh database was gone; nothing changed.
    FreshGone,
    /// Nothing changed.
    Failed,
    /// The server can no longer be asked.
    Unknown,
}

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A slot needs a fresh database. One request for a slot at a time.
    Wanted {
        /// Name of the slot's database.
        slot: String,
        /// What becomes of the old one.
        fate: Fate,
    },
    /// A clone was made, or not.
    Made {
        /// Its name.
        name: String,
        /// Whether it is whole.
        ok: bool,
    },
    /// An exchange ended.
    Swapped {
        /// Name of the slot's database.
        slot: String,
        /// How.
        end: End,
    },
    /// A batch of drops ended; those that failed still exist.
    Dropped {
        /// Names.
        done: Vec<String>,
        /// Names.
        failed: Vec<String>,
    },
    /// Time has passed: background work may begin.
    Tick {
        /// Since the pool was opened.
        now: Duration,
    },
    /// Everything but the kept shall go.
    Closing,
}

/// Why a slot gets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The clone could not be made.
    NotMade,
    /// Too many databases wait to be dropped, and they cannot be.
    Full,
    /// The pool is closing.
    Closing,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Clone the template under this name; answer with `Made`.
    Make(String),
    /// Give `fresh` the name of the slot; answer with `Swapped`.
    Swap {
        /// Name of the slot's database.
        slot: String,
        /// A ready one.
        fresh: String,
        /// The old one's new name; `None` if there must be no old one.
        outgoing: Option<String>,
    },
    /// Tell who wanted a database for this slot that there is none.
    Fail {
        /// Name of the slot's database.
        slot: String,
        /// Why.
        why: Refusal,
    },
    /// Drop these; answer with `Dropped`.
    Drop(Vec<String>),
}
