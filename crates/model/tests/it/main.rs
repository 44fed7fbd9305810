//! The room against real servers.

mod catalogue;
mod checks;
mod judging;
mod types;
mod uniqueness;
