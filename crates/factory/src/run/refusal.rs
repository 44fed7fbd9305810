//! What the server said when it refused a statement.

/// The fields of the server's report that a trouble carries. No DETAIL: it
/// holds values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// SQLSTATE, five characters.
    pub sqlstate: String,
    /// The primary message.
    pub message: String,
    /// Name of the constraint, where the server gave one.
    pub constraint: Option<String>,
    /// Name of the table, where the server gave one.
    pub table: Option<String>,
    /// Name of the column, where the server gave one.
    pub column: Option<String>,
}
