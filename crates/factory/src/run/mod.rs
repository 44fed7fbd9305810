//! The interpreter of plans, written out in `docs/plan.md`: a machine without
//! input or output ([`Run`]). Whoever owns a connection does what it asks for
//! ([`Action`]) and tells it what came of that.

mod array;
mod bound;
mod filled;
mod machine;
mod parameter;
mod refusal;
#[cfg(test)]
mod tests;

pub(crate) use bound::bounded;
pub use machine::{Action, Manner, Run};
pub use refusal::Refusal;

/// A row as text; NULL is `None`.
pub type Row = Vec<Option<String>>;
