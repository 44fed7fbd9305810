//! The `seedbed` binary as a person or a script meets it.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

mod config;
mod files;
mod generated;
mod help;
mod run;
mod session;
mod terminal;
