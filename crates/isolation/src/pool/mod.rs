//! Ready databases: clones made ahead, put in a slot's place by a rename, and
//! dropped when nobody waits. What the pool owns is written in a ledger
//! (`stock`) that decides; the rest of this room does.
//!
//! *Invariants*: no CREATE or DROP DATABASE stands between a slot and its next
//! database while a ready one exists; each database carries its run's mark
//! from its first moment, so that whatever is left by a crash is swept.

mod exchange;
mod handle;
mod holdings;
mod kept;
mod memory;
mod news;
mod sessions;
mod stock;
#[cfg(test)]
mod stock_model;
mod strategy;
mod vacating;
mod work;

pub use handle::{Pool, PoolFigures, PoolPlan};
pub use holdings::holdings;
pub use kept::{KeptDatabase, drop_all_but_kept, drop_kept, kept};
pub(crate) use strategy::Strategy;
pub(crate) use vacating::{VACATE_WAIT, vacate};
