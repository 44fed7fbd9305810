//! From arguments to the engine: one file for each subcommand.

mod cache;
mod completions;
mod config;
mod context;
mod dispatch;
mod down;
mod dump;
mod gc;
mod kept;
mod lease;
mod lease_service;
mod logs;
mod make;
mod man;
mod ps;
mod reaper;
mod reference;
mod run;
mod server;
mod service;
mod stub;
mod up;

use context::Context;
pub(crate) use dispatch::main;
