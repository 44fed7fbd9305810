//! The room against real servers.

mod catalogue;
mod checks;
mod every_type;
mod facts;
mod judging;
mod realistic;
mod uniqueness;
