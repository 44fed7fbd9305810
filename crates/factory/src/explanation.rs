//! What `seedbed explain` tells of a call: plain data, no row values but those
//! that were passed.

use seedbed_api::plan::Plan;
use serde::Serialize;

/// How a call is understood.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The table, as people write it.
    pub table: String,
    /// What a row is found by, as people write it: `email`, `lower(email)`.
    pub key: Vec<String>,
    /// Name of the unique index, if it is one.
    pub index: Option<String>,
    /// Why this key, in one sentence.
    pub why: String,
    /// The other unique keys.
    pub lost: Vec<Lost>,
    /// Where each column's value comes from when a row is made, parents'
    /// columns included; in the order of the table.
    pub columns: Vec<Origin>,
    /// The plan.
    pub plan: Plan,
}

/// A key that was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Name of its index.
    pub index: String,
    /// What it is made of.
    pub columns: Vec<String>,
    /// Why it lost, in one sentence.
    pub why: String,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The binding of the plan: `users`, `orgs@0`.
    pub binding: String,
    /// The column.
    pub column: String,
    /// Where from, in one sentence.
    pub from: String,
}
