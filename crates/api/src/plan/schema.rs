//! The JSON schema of plans and of what travels with them.

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::{Call, Diagnosis, Made, Plan, Trouble, Values, ValuesRequest};

/// Everything that clients and Seedbed say to each other about plans.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(title = "Seedbed plans, version 1")]
enum Document {
    /// What is asked of a factory.
    Call(Call),
    /// What it compiles to.
    Plan(Plan),
    /// Asks for generated values.
    ValuesRequest(ValuesRequest),
    /// Generated values.
    Values(Values),
    /// Says that a plan stopped.
    Trouble(Trouble),
    /// What that means.
    Diagnosis(Diagnosis),
    /// What came of a call.
    Made(Vec<Made>),
}

/// The schema as it is published.
#[must_use]
pub fn schema() -> Schema {
    schema_for!(Document)
}
