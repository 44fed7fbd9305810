//! The extended protocol: statements parsed once and called many times, and
//! several calls in one round trip.
//!
//! Values are carried, not understood: they travel in the server's binary
//! format, so that what one statement returned (an array of row images) goes
//! into the next one untouched. Text in binary format is text; to look at
//! another type, cast it to text in SQL.

use std::error::Error;
use std::fmt;
use std::pin::pin;

use bytes::BytesMut;
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use seedbed_api::Result;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::Session;

/// A statement that the server has parsed; it belongs to its session.
#[derive(Clone)]
pub struct Prepared(tokio_postgres::Statement);

/// A parameter or a column in the server's binary format, or NULL. It may hold
/// what is in a user's row, so it shows nothing of itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Value(Option<Vec<u8>>);

/// A statement and its parameters, in the order `$1`, `$2`, …
pub struct Call<'a> {
    /// What to run.
    pub statement: &'a Prepared,
    /// One value for each parameter.
    pub parameters: Vec<&'a Value>,
}

/// What came back of one call.
pub struct Answer {
    /// Rows, if the statement returns any.
    pub rows: Vec<Vec<Value>>,
    /// Rows that a DELETE, INSERT or UPDATE touched; else rows returned.
    pub affected: u64,
}

impl Value {
    /// NULL.
    pub const NULL: Self = Self(None);

    /// A parameter of type `text`.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(Some(text.as_bytes().to_vec()))
    }

    /// Whether this is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.is_none()
    }

    /// A column of type `text`; `None` for NULL and for what is no UTF-8.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(self.0.as_deref()?).ok()
    }

    /// Length in bytes; 0 for NULL.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.as_ref().map_or(0, Vec::len)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}

impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            None => Ok(IsNull::Yes),
            Some(bytes) => {
                out.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Session {
    /// Has the server parse statements, all in one round trip.
    ///
    /// # Errors
    /// As [`Session::batch`], for the first statement that is refused.
    pub async fn prepare<S: AsRef<str>>(&self, statements: &[S]) -> Result<Vec<Prepared>> {
        let parsing = statements.iter().map(|sql| self.client.prepare(sql.as_ref()));
        let parsed = join_all(parsing).await;
        parsed
            .into_iter()
            .map(|statement| statement.map(Prepared).map_err(|error| self.failure(error)))
            .collect()
    }

    /// Runs calls in their order, all in one round trip. Each is a statement
    /// of its own: what belongs together stands between calls of `BEGIN` and
    /// `COMMIT`. After a failure the server goes on with the next call, which
    /// inside a transaction it refuses.
    ///
    /// # Errors
    /// As [`Session::batch`], for the first call that fails.
    pub async fn pipeline(&self, calls: &[Call<'_>]) -> Result<Vec<Answer>> {
        // `join_all` polls in order, and a request is sent by its first poll.
        let answers = join_all(calls.iter().map(|call| self.call(call))).await;
        answers.into_iter().map(|answer| answer.map_err(|error| self.failure(error))).collect()
    }

    async fn call(&self, call: &Call<'_>) -> Result<Answer, tokio_postgres::Error> {
        let parameters = call.parameters.iter().map(|value| *value as &(dyn ToSql + Sync));
        let mut stream = pin!(self.client.query_raw(&call.statement.0, parameters).await?);
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await? {
            let values: Result<Vec<Value>, _> =
                (0..row.len()).map(|column| row.try_get(column)).collect();
            rows.push(values?);
        }
        Ok(Answer { rows, affected: stream.rows_affected().unwrap_or(0) })
    }
}
