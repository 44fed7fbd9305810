//! The contract with people and programs: what can fail and with which exit
//! code, what happens while Seedbed works, and which environment variables
//! are read and written. Plain data; no input or output happens here.

mod environment;
mod event;
mod exit_code;
mod failure;
mod secret;

pub mod lease;
pub mod plan;

pub use environment::{EnvVar, READ, WRITTEN};
pub use event::{Event, Listener, Phase, Phases, Silent};
pub use exit_code::ExitCode;
pub use failure::{Context, Failure, Kind, Result};
pub use secret::Secret;
