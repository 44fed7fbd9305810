//! The service over real sockets, with a recorder in the place of the leases.

#![expect(clippy::unwrap_used, reason = "a test that meets an error fails by it")]

mod admission;
mod bounds;
mod calls;
mod garbage;
mod ground;
mod holders;
mod recorder;
