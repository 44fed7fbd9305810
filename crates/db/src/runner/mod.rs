//! Runs factory plans on a session: the adapter between the machine of
//! `seedbed-factory` and a server. [`Runner`] keeps a session's parsed
//! statements, [`ValueSource`] is where generated values come from.

mod own;
mod source;
mod statements;
mod steps;
mod train;

pub use source::{FactoryValues, ValueSource};
pub use steps::{Ran, Runner};
