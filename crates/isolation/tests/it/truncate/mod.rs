//! The truncate lane against real servers, as a plain role that owns its
//! tables and as a superuser: every state is compared with the template by
//! `psql` and COPY, never by what the lane itself remembers.

mod ground;
mod notes;
mod programs;
mod rights;
mod rows;
mod schema_changes;
mod sequences;
mod sessions;
mod timing;
mod triggers;
