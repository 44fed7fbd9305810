//! The lease protocol as plain data: what a client asks of the lease service
//! and what it is told. The HTTP surface, the command line and the published
//! OpenAPI document all speak these types.

mod acquire;
mod lane;
mod mark;
mod problem;
mod status;

pub use acquire::{Acquire, HolderKind, Lease, Released};
pub use lane::{Lane, LaneChoice};
pub use mark::{InTheWay, Keep, Kept, MarkRequest, MarkSet, Rewind, Rewound};
pub use problem::{Problem, ProblemCode};
pub use status::{Health, Holding, Holdings, SlotState, SlotStatus};
