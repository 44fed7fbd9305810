//! How SQL is written: casts from text, comparisons that every type has, and
//! statements that serve one row or many.

mod comparison;
mod input;
mod statement;

pub(crate) use comparison::{Comparison, different, equal};
pub(crate) use input::input;
pub(crate) use statement::{Form, Statement, over};
