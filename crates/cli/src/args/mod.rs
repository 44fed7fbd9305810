//! The command line: one file for each subcommand.

mod cache;
mod command_line;
mod completions;
mod config;
mod down;
mod dump;
mod gc;
mod lane;
mod lease;
mod logs;
mod man;
mod ps;
mod reaper;
mod reference;
mod run;
mod serve;
mod server;
mod up;

pub(crate) use cache::{CacheArgs, CacheCommand};
pub(crate) use command_line::{Cli, Command, GlobalArgs};
pub(crate) use completions::CompletionsArgs;
pub(crate) use config::{ConfigArgs, ConfigCommand};
pub(crate) use down::DownArgs;
pub(crate) use dump::DumpArgs;
pub(crate) use gc::GcArgs;
pub(crate) use lane::parse_lane;
pub(crate) use lease::{KeepArgs, LeaseArgs, MarkArgs, ReleaseArgs, RewindArgs, WhichLease};
pub(crate) use logs::LogsArgs;
pub(crate) use man::ManArgs;
pub(crate) use ps::PsArgs;
pub(crate) use reaper::ReaperArgs;
pub(crate) use reference::ReferenceArgs;
pub(crate) use run::{RunArgs, ServerFlags};
pub(crate) use serve::ServeArgs;
pub(crate) use server::{ServerArgs, ServerCommand};
pub(crate) use up::UpArgs;
