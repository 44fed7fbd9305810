//! Conditions a row must meet.

use serde::{Deserialize, Serialize};

use crate::KeyPart;

/// A CHECK of a table or a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// The condition as the server writes it, without `CHECK` and the outer
    /// parentheses.
    pub expression: String,
    /// The table's columns it mentions.
    pub columns: Vec<String>,
    /// Whether it is enforced (`NOT ENFORCED` from PostgreSQL 18 on). One that
    /// is NOT VALID is enforced for new rows.
    pub enforced: bool,
}

/// An exclusion constraint, and unique or primary keys WITHOUT OVERLAPS
/// (PostgreSQL 18), which are of this kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Its name.
    pub name: String,
    /// Its elements.
    pub parts: Vec<KeyPart>,
    /// The operator of each element, as in `&&`.
    pub operators: Vec<String>,
    /// The condition that limits it.
    pub predicate: Option<String>,
    /// Whether it can be checked at the end of the transaction.
    pub deferrable: bool,
}
