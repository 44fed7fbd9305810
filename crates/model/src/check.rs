//! Conditions: read, understood as far as it goes, and turned into what narrows
//! the values drawn.

mod constant;
mod demand;
mod evaluate;
mod expression;
mod functions;
mod lexer;
mod narrow;
mod normal;
mod parser;
#[cfg(test)]
mod tests;

pub(crate) use constant::read;
pub(crate) use demand::{Bound, Case, Demand};
pub(crate) use evaluate::{Outcome, Row, Unknown, holds, is_understood, value};
pub(crate) use expression::{Expression, Sort, Value};
pub(crate) use lexer::{CAST, Token, words};
pub(crate) use narrow::narrow;
pub(crate) use normal::{Branch, branches};
pub(crate) use parser::parse;
