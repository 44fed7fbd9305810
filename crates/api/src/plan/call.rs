//! What is asked of a factory.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// "There shall be such rows." The same call is the same rows, in any process
/// and any language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Name of the table, `users` or `sales.users`.
    pub table: String,
    /// Columns and their values, as text in the server's input syntax.
    #[serde(default)]
    pub set: BTreeMap<String, Argument>,
    /// How many rows; absent: as many as the longest list in `set` has, and
    /// without a list one row, which is not a list of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Rows that refer to the ones made: as many for each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Call>,
    /// Columns of the natural key, where it is not to be inferred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// What happens to a row that is there and differs from `set`.
    #[serde(default)]
    pub policy: Policy,
    /// A new row in any case: the next ordinal that nobody used.
    #[serde(default)]
    pub fresh: bool,
    /// Whose ordinals are counted: `shared`, or a test's identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl Call {
    /// The same with as many rows as the longest list that was passed, where
    /// their number was not.
    #[must_use]
    pub fn counted(&self) -> Cow<'_, Self> {
        let listed = self.set.values().filter_map(|argument| match argument {
            Argument::Each(values) => Some(values.len()),
            Argument::Same(_) => None,
        });
        match (self.count, listed.max().and_then(|count| u32::try_from(count).ok())) {
            (None, Some(count)) => Cow::Owned(Self { count: Some(count), ..self.clone() }),
            _ => Cow::Borrowed(self),
        }
    }
}

/// The value of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a value of a column, expected a text in the server's input syntax (\"5\"), null or a list of these"
)]
pub enum Argument {
    /// One for every row; `null` is NULL.
    Same(Option<String>),
    /// One for each row.
    Each(Vec<Option<String>>),
}

/// What happens to a row that is there and differs from what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The columns that were passed and differ are updated; never a key, never
    /// a time of creation.
    #[default]
    Converge,
    /// It stays as it is.
    Keep,
    /// It is an error.
    Strict,
}
