//! A plan: statements with data flow between them, for whoever owns the
//! connection. No plan holds COMMIT, DDL, `setval`, TRUNCATE or a trigger switch.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the format. A client refuses a plan with another one.
pub const VERSION: u32 = 1;

/// A factory call, compiled for its *shape*: table, names of the columns that
/// were passed, children, policy. The values themselves are arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// [`VERSION`].
    pub plan: u32,
    /// Name of the shape under this schema; generated values are asked for by it.
    pub shape: String,
    /// Whether whatever is written must be in one transaction. Where none is
    /// open, the client opens one before the first statement whose outcome is
    /// not `matched` and that may not run `alone`: a row that is found costs its
    /// look-up and nothing else.
    pub transaction: bool,
    /// What the steps fill, parents before children.
    pub bindings: Vec<Binding>,
    /// In the order in which they run.
    pub steps: Vec<Step>,
    /// The binding that is the call's result.
    pub result: String,
    /// Run only after a failure, each under a savepoint where a transaction is
    /// open; what they return goes with the trouble.
    pub evidence: Vec<Step>,
}

/// A set of rows by ordinal, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Binding {
    /// Unique in the plan.
    pub name: String,
    /// The table as it is written in SQL.
    pub table: String,
    /// How many rows it has.
    pub rows: Rows,
    /// What steps return after `ordinal` and `same`, in order.
    pub columns: Arc<Vec<Column>>,
    /// Whether its rows are the normalised keys of the binding of this name,
    /// which are sent along when values are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_of: Option<String>,
    /// Columns that were passed and are never updated, such as a time of
    /// creation: rows that are there and differ in nothing else are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

/// How many rows a binding has, and whether its steps work on one row (each
/// parameter is a value) or on many (each parameter is an array in ordinal
/// order, written as the server's array literal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Exactly one.
    One,
    /// So many for each row that was asked for.
    Times(u32),
}

/// A column as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as the server writes it: `bigint`, `character varying(40)`.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// For people and for [`super::Trouble`]: `users: look up`.
    pub name: String,
    /// The binding it fills.
    pub into: String,
    /// The rows of that binding it works on; with none of them it is skipped.
    pub on: Target,
    /// It is also skipped when each of these bindings has all its rows, or was
    /// itself skipped for that reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed_for: Vec<String>,
    /// The statement, with `$1`, `$2`, … Every parameter is of type text and
    /// cast inside. Every column of its rows is text: first the row's ordinal
    /// (NULL where the binding has one row), then whether the columns that were
    /// passed are as they were passed (`t` or `f`; `k`: all but columns that are
    /// never updated; NULL: unchanged), then the binding's columns.
    pub sql: String,
    /// `$1`, `$2`, …
    pub parameters: Vec<Parameter>,
    /// What happened to the rows it returns; absent where a row is only read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<super::Outcome>,
    /// Whether it may fail, so that an open transaction needs a savepoint
    /// around it.
    #[serde(default)]
    pub savepoint: bool,
    /// SQLSTATEs after which the plan goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerates: Vec<String>,
    /// Whether it is trouble that rows of its target are left after it.
    #[serde(default)]
    pub last: bool,
    /// Whether it needs no transaction even where the plan does: what it makes
    /// is whole, and all that was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// Whether it needs its `savepoint` whatever its values are: the server asks
    /// functions or policies about rows. Without this it may fail only by a value
    /// that is none of its column's type, and a client that knows that all are may
    /// leave the savepoint away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raises: bool,
}

/// The rows a step works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Those not found or made yet.
    Missing,
    /// Those found with other values than were passed.
    Differing,
    /// All of them.
    All,
}

/// Where a parameter comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// This text; `null` is NULL.
    Text(Option<String>),
    /// An argument of the call: `email`, `posts.title` for a child's.
    Argument(String),
    /// A generated value: binding and column. Asked for once, when the first
    /// step that needs one runs.
    Value(String, String),
    /// A column of a row: binding and column. Row `i` of a binding with `m`
    /// rows sees row `i * n / m` of one with `n` (whole division): `n` divides `m`.
    Ref(String, String),
    /// The ordinals the step works on.
    Ordinals,
    /// A number of the run.
    Number(Number),
}

/// A number of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// How many rows the step works on.
    Rows,
}
