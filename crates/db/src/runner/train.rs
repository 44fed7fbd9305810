//! One statement of a plan, in one round trip: what bounds waiting, BEGIN,
//! savepoint and release, and what the server has to parse travel in its train.
//!
//! Invariant: in a transaction that is not ours, a statement with a savepoint
//! leaves the transaction usable, whatever becomes of it; so does the first
//! use of any statement, because only then parsing can fail.

use std::borrow::Borrow;
use std::io;
use std::sync::PoisonError;

use seedbed_api::Result;
use seedbed_factory::{Refusal, Row};

use super::steps::Runner;
use crate::wire::Train;
use crate::{Answer, Complaint, Prepared, Session, Value};

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const SAVEPOINT: &str = "SAVEPOINT seedbed_step";
const RELEASE: &str = "RELEASE SAVEPOINT seedbed_step";
/// ROLLBACK TO alone would leave the savepoint behind.
const UNDO: &str = "ROLLBACK TO SAVEPOINT seedbed_step; RELEASE SAVEPOINT seedbed_step";
/// Ends with the train where `$2` is true. A bound that somebody else set stays.
const BOUND_WAIT: &str = "SELECT pg_catalog.set_config('lock_timeout', $1::text, $2::text::bool) \
                          WHERE pg_catalog.current_setting('lock_timeout') = '0'";
/// `invalid_sql_statement_name`: the session was reset behind our back.
const UNKNOWN_STATEMENT: &str = "26000";

/// One statement of a train.
struct Leg<'a> {
    sql: &'a str,
    parameters: &'a [Value],
}

impl<S: Borrow<Session>> Runner<S> {
    /// Runs a statement with text parameters; every column is text.
    pub(super) async fn statement(
        &self,
        sql: &str,
        parameters: Row,
        savepoint: bool,
        writes: bool,
    ) -> Result<Vec<Row>> {
        let parameters: Vec<Value> =
            parameters.into_iter().map(|text| Value::of(text.map(String::into_bytes))).collect();
        let answer = if self.is_open() {
            self.inside(sql, &parameters, savepoint).await
        } else {
            match self.alone(sql, &parameters, writes).await {
                Err(failure) if Complaint::is(&failure, UNKNOWN_STATEMENT) => {
                    self.forget();
                    self.alone(sql, &parameters, writes).await
                }
                other => other,
            }
        }?;
        let text = |row: Vec<Value>| row.into_iter().map(Value::into_text).collect();
        let rows = answer.rows.into_iter().map(text).collect::<std::io::Result<_>>();
        rows.map_err(|error| self.session().misunderstanding(error))
    }

    /// What the server said, if that is why a statement failed and there is
    /// still somebody to talk to.
    pub(super) fn refusal(&self, failure: &seedbed_api::Failure) -> Option<Refusal> {
        let complaint = Complaint::of(failure)?;
        if self.session().is_closed() {
            return None;
        }
        Some(Refusal {
            sqlstate: complaint.code.clone(),
            message: complaint.message.clone(),
            constraint: complaint.constraint.clone(),
            table: complaint.table.clone(),
            column: complaint.column.clone(),
        })
    }

    /// A statement that is its own transaction.
    async fn alone(&self, sql: &str, parameters: &[Value], writes: bool) -> Result<Answer> {
        self.note(&[sql]);
        let statement = Leg { sql, parameters };
        if !writes || self.is_bounded() {
            return self.travel(&[statement], 0).await;
        }
        let bound = self.bound(!self.owns());
        let answer =
            self.travel(&[Leg { sql: BOUND_WAIT, parameters: &bound }, statement], 1).await?;
        // A train that fails takes the bound back with it.
        self.set_bounded(self.owns());
        Ok(answer)
    }

    /// A statement within a transaction, which is begun first where that was put off.
    async fn inside(&self, sql: &str, parameters: &[Value], savepoint: bool) -> Result<Answer> {
        let mut legs = Vec::with_capacity(5);
        let bound;
        if self.take_begin() {
            legs.push(Leg { sql: BEGIN, parameters: &[] });
            if !self.is_bounded() {
                bound = self.bound(true);
                legs.push(Leg { sql: BOUND_WAIT, parameters: &bound });
            }
        }
        let savepoint = savepoint || !self.knows(sql);
        if savepoint {
            legs.push(Leg { sql: SAVEPOINT, parameters: &[] });
        }
        let place = legs.len();
        legs.push(Leg { sql, parameters });
        if savepoint {
            legs.push(Leg { sql: RELEASE, parameters: &[] });
        }
        for leg in &legs {
            self.note(&[leg.sql]);
        }
        let ran = self.travel(&legs, place).await;
        if savepoint && ran.is_err() && !self.session().is_closed() {
            self.note(&[UNDO]);
            // Where the savepoint could not even be set, the transaction had
            // failed before: then there is nothing to undo, and the failure says so.
            let _ = self.session().batch(UNDO).await;
        }
        ran
    }

    /// Parameters of [`BOUND_WAIT`].
    fn bound(&self, local: bool) -> [Value; 2] {
        let wait = self.lock_wait().as_millis().to_string();
        [Value::text(&wait), Value::text(if local { "true" } else { "false" })]
    }

    /// Sends all in one train; the answer to one of them. A statement that the
    /// server does not know is parsed on the way.
    async fn travel(&self, legs: &[Leg<'_>], place: usize) -> Result<Answer> {
        let session = self.session();
        let mut train = session.train()?;
        let parsed =
            self.load(legs, &mut train).map_err(|error| session.misunderstanding(error))?;
        let mut answers = session.depart(train, legs.len()).await?;
        if !parsed.is_empty() {
            let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
            for (sql, statement) in parsed {
                statements.put(sql, statement);
            }
        }
        if place < answers.len() {
            return Ok(answers.swap_remove(place));
        }
        Err(session.misunderstanding("an answer is missing"))
    }

    /// Puts legs into a train; those that it has parsed.
    fn load<'a>(
        &self,
        legs: &[Leg<'a>],
        train: &mut Train,
    ) -> io::Result<Vec<(&'a str, Prepared)>> {
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        let mut parsed = Vec::new();
        for leg in legs {
            let known = statements.get(leg.sql);
            let statement = known.clone().unwrap_or_else(|| self.session().unparsed());
            if known.is_none() {
                train.parse(statement.name(), leg.sql)?;
            }
            train.call(statement.name(), leg.parameters)?;
            if known.is_none() {
                parsed.push((leg.sql, statement));
            }
        }
        Ok(parsed)
    }

    /// Whether a statement was parsed already.
    fn knows(&self, sql: &str) -> bool {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).is_some()
    }
}
