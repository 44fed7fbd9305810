//! Generated values: asked for by shape, once for a run, only when a row must
//! be made.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Argument;

/// Asks for the values of a plan's `value` parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValuesRequest {
    /// The plan's shape.
    pub shape: String,
    /// The call's arguments by name, a child's as `posts.title`.
    pub arguments: BTreeMap<String, Argument>,
    /// How many rows were asked for.
    pub count: u32,
    /// Normalised keys by binding: rows of the bindings with `key_of`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, Vec<Option<Vec<Option<String>>>>>,
    /// The rows to make, by binding; absent: all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<String, Vec<u32>>,
}

/// By binding, by column: one value for each row of the binding, by ordinal;
/// NULL also for rows that were not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Values(pub BTreeMap<String, BTreeMap<String, Vec<Option<String>>>>);
