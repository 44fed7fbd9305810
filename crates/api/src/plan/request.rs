//! What a client of the lease service asks about factories: each request names
//! the lease whose database is meant.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Argument, Call, Plan, Trouble, ValuesRequest};

/// Asks for the plan of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanRequest {
    /// The lease, such as `3.17`, or the number of its slot.
    pub lease: String,
    /// The call.
    pub call: Call,
}

/// A plan, and what it is run with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Planned {
    /// The plan of the call's shape: it is the same for every call of that
    /// shape as long as the schema is.
    pub plan: Plan,
    /// The call's arguments by name, a child's as `posts.title`.
    pub arguments: BTreeMap<String, Argument>,
    /// How many rows were asked for.
    pub count: u32,
}

/// Asks for the generated values of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunValues {
    /// The lease, such as `3.17`, or the number of its slot.
    pub lease: String,
    /// The run.
    pub run: ValuesRequest,
}

/// Asks what a trouble means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunTrouble {
    /// The lease, such as `3.17`, or the number of its slot.
    pub lease: String,
    /// The trouble.
    pub trouble: Trouble,
}

/// Asks for rows, made and committed by the service on a connection of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MakeRequest {
    /// The lease, such as `3.17`, or the number of its slot.
    pub lease: String,
    /// The call.
    pub call: Call,
}
