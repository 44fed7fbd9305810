//! The rows a call is about: those that were asked for, their children, and the
//! parents that must be there first. Shared parents are one node, so that a
//! diamond has one row at its top; a circle of nodes is a circle of rows.

mod defaults;
mod grow;
mod join;
mod node;
mod order;
mod parent;
mod partition;
mod prune;
mod telling;
mod vary;

pub(crate) use grow::grow;
pub(crate) use node::{Graph, Identity, Node, Place, Source};
pub(crate) use order::order;
