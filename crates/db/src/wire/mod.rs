//! The conversation with a server once login is over (manual, "Message Flow"):
//! what is sent ([`Train`]), what is understood ([`Machine`], no input or
//! output), and the socket that both use ([`Line`]). There is no task and no
//! channel: the caller's own task writes, waits and reads, so a train costs
//! one wake-up.

mod doorstep;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod line;
mod machine;
mod socket;
mod train;

pub(crate) use doorstep::{Refusal, log_in};
pub(crate) use line::{End, Line};
pub(crate) use machine::{Machine, Reply};
pub(crate) use socket::{Socket, Stream};
pub(crate) use train::Train;
