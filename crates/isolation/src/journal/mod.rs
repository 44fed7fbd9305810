//! The undo journal behind the rewind lane. Triggers baked into a template
//! keep the old image of every changed row and a hash of the new one; for each
//! row (multiset of old images) − (multiset of new images) *is* the row at the
//! mark, whatever the order of the events was. A rewind deletes every touched
//! row and inserts that difference, under the replica role, in one
//! transaction and two round trips.
//!
//! *Invariant*: a rewind is never silently wrong. What the journal does not
//! see is probed for, the rows an undo touches are counted against the
//! journal, and whatever does not fit ends in [`Rewound::Replace`].
//!
//! What neither a rewind nor the probe sees, because it is outside the database
//! or says nothing about its contents: roles and settings of the server, which
//! a fresh clone shares as well; the order of rows in a table; the mark that
//! `CLUSTER` leaves on an index; statistics; rows behind a foreign table that
//! is truncated before PostgreSQL 16. And one thing that would matter: a schema
//! changed by a superuser who sets `event_triggers = off` (17 and later) in a
//! session of his own.

mod catalog;
mod control;
mod install;
mod key;
mod lease;
mod mark;
mod probe;
mod relation;
mod rewind;
mod rights;
mod saved;
mod sequence;
mod session;
mod sessions;
mod standing;
mod wear;

pub(crate) use catalog::fields;
pub(crate) use install::FORMAT;
pub use install::{Baked, bake, strip};
pub use lease::{Journal, Rewindable};
pub use mark::{Mark, Marked};
pub use rewind::Rewound;
pub use saved::Saved;
pub(crate) use sessions::end as end_sessions;
pub use sessions::{Holds, SessionInfo};
pub use standing::{can_tell, standing};
