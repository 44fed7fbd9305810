//! Where databases run: find or fetch PostgreSQL, prepare clusters once, copy
//! and start them, watch them, and leave nothing behind.
//!
//! Reading order: which binaries → which folders and account → an image of a
//! cluster → a running postmaster → who owns what → cleaning up.

pub mod binaries;

mod account;
mod base;
mod claim;
mod cluster;
mod folders;
mod handshake;
mod image;
mod inheritance;
mod kept;
mod lock;
mod machine;
mod manifest;
mod password;
mod postmaster;
mod process;
mod reaper;
mod record;
mod settings;
mod storage;
mod sweep;
mod sysv;
mod tail;
mod terminal;
mod wait;

pub use account::{Account, give};
pub use base::Base;
pub use claim::{Claim, Orphan, living, orphans};
pub use cluster::Copied;
pub use folders::{Folders, ensure, ensure_private, remove, trust};
pub use image::{Builder, Image, Images, MOST_IMAGES};
pub use inheritance::{close_inherited_files, hear_of_children, is_ignored};
pub use kept::{KeptCluster, KeptClusters, KeptInside};
pub use lock::Lock;
pub use password::{fresh as fresh_password, random_word, verifier};
pub use postmaster::{Plan, Postmaster, SUPERUSER};
pub use process::{ProcessId, end, group_alive};
pub use reaper::{COMMAND as REAPER_COMMAND, Reaper, wait_for_owner};
pub use record::{Api, ClaimKind, Foreign, Record, Refusal, Service};
pub use settings::{has_own_sessions, parameters};
pub use storage::Storage;
pub use sweep::{DATA, RUN_MARK, end_command, end_processes, remove_files};
pub use tail::tail;
pub use terminal::Terminal;
pub use wait::{pause, until};
