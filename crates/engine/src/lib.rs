//! The façade: configuration, and what the surfaces ask for, as plain data.
//!
//! Reading order: the surroundings → the configuration → groundwork (binaries
//! and recipe) → a site → a build → a private server or a clone on a shared
//! one → the command → cleaning up.

pub mod config;

mod binaries;
mod build;
mod builder;
mod caller;
mod child_environment;
mod cleaning;
mod command;
mod descriptors;
mod door;
mod dump;
mod dump_file;
mod factories;
mod keeping;
mod kept;
mod lease_service;
mod leased;
mod leasing;
mod lingering;
mod pg_dump;
mod private;
mod recipe;
mod renewal;
mod revival;
mod role;
mod run;
mod runtime;
mod service;
mod shared;
mod site;
mod stopwatch;
mod world;

pub use binaries::{Servers, install, list, remove};
pub use cleaning::{Swept, gc, reap, sweep};
pub use door::{Door, OpenDoor, Serve};
pub use dump::{DumpSink, DumpSource, dump, dump_target};
pub use factories::{
    Factories, MadeRows, MakeRequest, MakeSource, Requests, Services, build, explain, is_secret,
    make, python_stub,
};
pub use kept::{Kept, kept, open_kept, remove_kept};
pub use leased::{Held, check_command, lease_api, run_leased};
pub use private::DATABASE;
pub use renewal::warn_if_outdated;
pub use run::{run, run_plain};
pub use seedbed_factory::{Explanation, Lost, Origin};
pub use seedbed_isolation::{HolderId, Leases};
pub use seedbed_server::{
    Api, Claim, ClaimKind, Folders, REAPER_COMMAND, Record, Service, hear_of_children, tail,
};
pub use service::{Down, Launch, LaunchWords, Up, Wish, down, log_file, ps, serve, up};
pub use world::World;
