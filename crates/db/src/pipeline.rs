//! The extended protocol: statements parsed once and called many times, and
//! several calls in one round trip.
//!
//! Values are carried, not understood: they travel in the server's binary
//! format, so that what one statement returned (an array of row images) goes
//! into the next one untouched. Text in binary format is text; to look at
//! another type, cast it to text in SQL.

use std::fmt;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use seedbed_api::Result;

use crate::Session;
use crate::wire::Train;

/// A statement that the server has parsed; it belongs to its session. When the
/// last copy is dropped the server is told with the next train.
#[derive(Clone)]
pub struct Prepared(Arc<Statement>);

struct Statement {
    name: String,
    forgotten: Forgotten,
}

/// Names of statements that a session's server need not keep any more.
#[derive(Clone, Default)]
pub(crate) struct Forgotten(Arc<Mutex<Vec<String>>>);

impl Forgotten {
    fn add(&self, name: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }

    fn take(&self) -> Vec<String> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Prepared {
    /// One with a name of its own: taken to another session, it is unknown.
    fn new(forgotten: &Forgotten) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("s{}", COUNT.fetch_add(1, Ordering::Relaxed));
        Self(Arc::new(Statement { name, forgotten: forgotten.clone() }))
    }

    /// What the server calls it.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        self.forgotten.add(mem::take(&mut self.name));
    }
}

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

    pub(crate) fn of(bytes: Option<Vec<u8>>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// A column of any type in text format.
    pub(crate) fn into_text(self) -> io::Result<Option<String>> {
        self.0.map(|bytes| String::from_utf8(bytes).map_err(io::Error::other)).transpose()
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

impl Session {
    /// Has the server parse statements, all in one round trip.
    ///
    /// # Errors
    /// As [`Session::batch`], for the first statement that is refused.
    pub async fn prepare<S: AsRef<str>>(&self, statements: &[S]) -> Result<Vec<Prepared>> {
        let parse = |train: &mut Train| {
            let statements = statements.iter().map(|sql| {
                let prepared = self.unparsed();
                train.parse(prepared.name(), sql.as_ref()).map(|()| prepared)
            });
            statements.collect::<io::Result<Vec<_>>>()
        };
        let mut train = self.train()?;
        let prepared = parse(&mut train).map_err(|error| self.misunderstanding(error))?;
        self.exchange(train.sync(), false, None).await?;
        Ok(prepared)
    }

    /// Runs calls in their order, all in one train: one round trip and one
    /// implicit transaction, which takes effect as a whole or not at all. Calls
    /// of `BEGIN` and `COMMIT` may stand in it; what was committed on the way
    /// stays. After a failure the server skips the calls that are left, a
    /// `COMMIT` or `ROLLBACK` among them too: a transaction that was begun with
    /// `BEGIN` is then open and failed, and the caller's to end.
    ///
    /// In that one transaction what the server caches for a transaction is the
    /// same for all calls: `now()`, and who is at work (`pg_stat_activity`).
    /// Each call has a snapshot of its own where the isolation level is READ
    /// COMMITTED.
    ///
    /// # Errors
    /// As [`Session::batch`], for the first call that fails.
    pub async fn pipeline(&self, calls: &[Call<'_>]) -> Result<Vec<Answer>> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let mut train = self.train()?;
        for call in calls {
            train
                .call(call.statement.name(), call.parameters.iter().copied())
                .map_err(|error| self.misunderstanding(error))?;
        }
        self.depart(train, calls.len()).await
    }

    /// Sends a train of so many calls; one answer for each of them.
    pub(crate) async fn depart(&self, train: Train, calls: usize) -> Result<Vec<Answer>> {
        let answers = self.exchange(train.sync(), true, None).await?.answers;
        if answers.len() == calls {
            return Ok(answers);
        }
        Err(self.misunderstanding("there are more or fewer answers than calls"))
    }

    /// A statement that no train has had parsed yet.
    pub(crate) fn unparsed(&self) -> Prepared {
        Prepared::new(&self.forgotten)
    }

    /// A train that begins with what is left to be forgotten.
    pub(crate) fn train(&self) -> Result<Train> {
        let mut train = Train::new();
        for name in self.forgotten.take() {
            train.forget(&name).map_err(|error| self.misunderstanding(error))?;
        }
        Ok(train)
    }
}
