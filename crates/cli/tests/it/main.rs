//! The `seedbed` binary as a person or a script meets it.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

mod bad_input;
mod cleaning;
mod config;
mod dump;
mod embedded;
mod existing;
mod files;
mod full_disk;
mod generated;
mod handover;
mod help;
mod kept;
mod layers;
mod leases;
mod ledger;
mod make;
mod make_places;
mod make_service;
mod on_demand;
mod ordinary_user;
mod patience;
mod postmaster;
mod project;
mod recipes;
mod run;
mod running;
mod service;
mod session;
mod shared_cache;
mod side_by_side;
mod signals;
mod stub;
mod suites;
mod terminal;
