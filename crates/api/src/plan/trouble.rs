//! What a client says when a plan cannot go on, and what it is told.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ValuesRequest;

/// A plan stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// The run.
    pub run: ValuesRequest,
    /// Name of the step.
    pub step: String,
    /// What was wrong.
    pub reason: Reason,
    /// Ordinals of the rows concerned; empty where that is not known.
    #[serde(default)]
    pub ordinals: Vec<u32>,
    /// What the server said, where it refused the step.
    #[serde(default)]
    pub sqlstate: Option<String>,
    /// The server's message. Its detail is not sent: it holds values.
    #[serde(default)]
    pub message: Option<String>,
    /// Names of constraint, table and column the server gave.
    #[serde(default)]
    pub constraint: Option<String>,
    /// See `constraint`.
    #[serde(default)]
    pub table: Option<String>,
    /// See `constraint`.
    #[serde(default)]
    pub column: Option<String>,
    /// What the plan's evidence steps returned, by name: rows of text.
    #[serde(default)]
    pub evidence: BTreeMap<String, Vec<Vec<Option<String>>>>,
}

/// Why a plan stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The server refused a statement.
    #[default]
    Refused,
    /// Rows of the target were left after a step marked `last`.
    Left,
    /// A step returned two different rows for one ordinal.
    Split,
}

/// What it means: an error as every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// What failed and why.
    pub message: String,
    /// Several lines shown under it.
    #[serde(default)]
    pub detail: Option<String>,
    /// Lines to paste, the likeliest first.
    #[serde(default)]
    pub hints: Vec<String>,
}
