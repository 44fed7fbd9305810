//! From a graph of rows to a plan.

mod apart;
mod circle;
mod columns;
mod condition;
mod evidence;
mod insert;
mod lock;
mod look_up;
mod normal;
mod raising;
mod steps;
mod twins;
mod update;

pub(crate) use apart::told_apart;
pub(crate) use evidence::names;
pub(crate) use look_up::taken;
pub(crate) use steps::plan;
pub(crate) use twins::twins_of;
pub(crate) use update::is_fixed;
