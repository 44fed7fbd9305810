//! What the server said when it refused a statement, field by field (manual,
//! "Error and Notice Message Fields"). Display is one line without DETAIL,
//! because DETAIL may hold row values; the surfaces that may show it ask.

use std::error::Error as StdError;
use std::fmt;

use seedbed_api::Failure;
use tokio_postgres::error::{DbError, ErrorPosition};

/// An error report of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// `ERROR`, `FATAL` or `PANIC`, in the server's language.
    pub severity: String,
    /// SQLSTATE, five characters.
    pub code: String,
    /// The primary message.
    pub message: String,
    /// Secondary message; may hold row values.
    pub detail: Option<String>,
    /// The server's suggestion.
    pub hint: Option<String>,
    /// The call stack (`CONTEXT`): function and line, COPY table and line.
    pub context: Option<String>,
    /// Place of the error in the statement that was sent: characters, from 1.
    pub position: Option<usize>,
    /// The statement generated inside a function, where that is what failed.
    pub inner_statement: Option<String>,
    /// Name of the table it is about, without its schema.
    pub table: Option<String>,
    /// Name of the column it is about.
    pub column: Option<String>,
    /// Name of the constraint or unique index that was violated.
    pub constraint: Option<String>,
}

impl Complaint {
    /// The server's report inside a failure's chain of causes, if there is one.
    #[must_use]
    pub fn of(failure: &Failure) -> Option<&Self> {
        let mut cause = StdError::source(failure);
        while let Some(error) = cause {
            if let Some(complaint) = error.downcast_ref::<Self>() {
                return Some(complaint);
            }
            cause = error.source();
        }
        None
    }

    /// Whether a failure was caused by a server report with this SQLSTATE.
    #[must_use]
    pub fn is(failure: &Failure, code: &str) -> bool {
        Self::of(failure).is_some_and(|complaint| complaint.code == code)
    }

    /// One without any field, to [`Complaint::set`] them.
    pub(crate) fn empty() -> Self {
        Self {
            severity: String::new(),
            code: String::new(),
            message: String::new(),
            detail: None,
            hint: None,
            context: None,
            position: None,
            inner_statement: None,
            table: None,
            column: None,
            constraint: None,
        }
    }

    /// Takes a field as it is sent; those not kept are ignored.
    pub(crate) fn set(&mut self, field: u8, value: String) {
        match field {
            b'S' => self.severity = value,
            b'C' => self.code = value,
            b'M' => self.message = value,
            b'D' => self.detail = Some(value),
            b'H' => self.hint = Some(value),
            b'W' => self.context = Some(value),
            b't' => self.table = Some(value),
            b'c' => self.column = Some(value),
            b'n' => self.constraint = Some(value),
            b'P' => self.position = value.parse().ok(),
            // Follows the position, which is one of the two statements only.
            b'q' if self.position.is_none() => self.inner_statement = Some(value),
            _ => {}
        }
    }

    pub(crate) fn from_server(error: &DbError) -> Self {
        let (position, inner_statement) = match error.position() {
            Some(ErrorPosition::Original(position)) => (Some(*position as usize), None),
            Some(ErrorPosition::Internal { query, .. }) => (None, Some(query.clone())),
            None => (None, None),
        };
        Self {
            severity: error.severity().to_owned(),
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            context: error.where_().map(str::to_owned),
            position,
            inner_statement,
            table: error.table().map(str::to_owned),
            column: error.column().map(str::to_owned),
            constraint: error.constraint().map(str::to_owned),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (SQLSTATE {})", self.severity, self.message, self.code)
    }
}

impl StdError for Complaint {}
