//! Reading a database's schema from its catalogs: [`crate::Session::schema`]
//! for what it looks like, [`crate::Session::catalog_fingerprint`] for whether
//! it still looks like that.
//!
//! *Invariant*: nothing is written and nothing stays set, in a transaction of
//! the caller's neither; no right beyond connecting is needed.

mod answer;
mod assembly;
mod assignment;
mod catalog;
mod column;
mod expression;
mod fingerprint;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod key;
mod node_tree;
mod reading;
mod statement;
mod type_book;
