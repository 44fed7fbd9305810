//! The undo journal against real servers: every state is compared with an
//! untouched clone by `psql` and COPY, never by the journal itself.

mod crashes;
mod decoding;
pub(crate) mod grammar;
pub(crate) mod ground;
mod marks;
mod programs;
mod rights;
mod schema_changes;
mod traps;
