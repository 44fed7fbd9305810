//! The room against real servers.

mod catalogue;
mod checks;
mod facts;
mod judging;
mod types;
mod uniqueness;
