//! One SQL file, split and understood as far as running it needs.

use crate::Statement;

/// The statements of a file and how to run them.
#[derive(Clone, Debug)]
pub struct Script {
    /// Path of the file, for messages.
    pub file: String,
    /// Its statements in order.
    pub statements: Vec<Statement>,
    /// Whether all of it, `before` and `after` included, is one transaction.
    pub transaction: bool,
    /// Statements that make the migrator's bookkeeping table.
    pub before: Vec<String>,
    /// Statements that record the migration as the migrator itself would.
    pub after: Vec<String>,
    /// Version of the server a dump was taken from, such as `17.2`.
    pub dumped_from: Option<String>,
    /// Dumps: roles the script names (`OWNER TO`, `GRANT … TO`, …) but does
    /// not create, sorted, without `PUBLIC`, `CURRENT_USER` and their like.
    pub roles_mentioned: Vec<String>,
    /// What was passed over, one sentence each.
    pub notices: Vec<String>,
}
