//! What Seedbed put into a database beside the project's own objects.

use std::collections::{BTreeMap, BTreeSet};

/// Traces of ours in one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Schemas that hold nothing but ours. A trigger that calls a function in
    /// one of them is ours.
    pub schemas: BTreeSet<String>,
    /// Names of triggers and event triggers that are ours.
    pub triggers: BTreeSet<String>,
    /// Sequences whose CACHE was set to 1, by schema and name, and what it was.
    pub caches: BTreeMap<(String, String), String>,
}
