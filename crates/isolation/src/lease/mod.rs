//! The lease service: slots, who holds them, and their way back to a mark.

mod leases;

pub use leases::{HolderId, Leases};
