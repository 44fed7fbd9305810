//! The lease service: slots, who holds them, and their way back to a mark.
//!
//! Reading order: names → the ledger (pure) → the queue at it → a slot → lanes
//! and evidence → the desk that brings them together → the handle.

mod answer;
mod desk;
mod evidence;
mod identity;
mod lanes;
mod leases;
mod ledger;
mod manner;
mod names;
mod opening;
mod queue;
mod slot;
mod strangers;
mod supply;
mod survey;
mod worker;

pub use identity::slot_number;
pub(crate) use lanes::finish;
pub use leases::{HolderId, Leases};
pub use opening::{LeasePlan, SlotTargets};
