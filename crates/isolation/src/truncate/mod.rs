//! The truncate lane, for roles that own the tables and may do no more: only
//! tables that were written to are emptied, the rows that the template held
//! are put back, sequences are restarted.
//!
//! *Invariant*: a reset is never silently wrong. What triggers of ours do not
//! see is looked for in the catalogs, rows that go and come are counted, and
//! whatever does not fit ends in [`Reset::Replace`].

mod emptier;
mod fingerprint;
mod install;
mod plan;
mod relation;
mod reset;
mod rights;
mod script;
mod sequence;
mod session;
mod survey;
mod way;

pub use emptier::{Emptiable, Emptier};
pub(crate) use install::FORMAT;
pub use install::{Baked, bake, strip};
pub use reset::Reset;
