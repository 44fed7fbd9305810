//! One statement of a plan, in as few round trips as its surroundings allow:
//! one, with savepoint and release in the same train, once the server has
//! parsed it.
//!
//! Invariant: in a transaction that is not ours, a statement with a savepoint
//! leaves the transaction usable, whatever becomes of it; so does the first
//! use of any statement, because only then parsing can fail.

use std::borrow::Borrow;
use std::sync::PoisonError;

use seedbed_api::Result;
use seedbed_factory::{Refusal, Row};

use super::steps::Runner;
use crate::{Answer, Call, Complaint, Prepared, Session, Value};

const SAVEPOINT: &str = "SAVEPOINT seedbed_step";
const RELEASE: &str = "RELEASE SAVEPOINT seedbed_step";
/// ROLLBACK TO alone would leave the savepoint behind.
const UNDO: &str = "ROLLBACK TO SAVEPOINT seedbed_step; RELEASE SAVEPOINT seedbed_step";
/// Ends with the train. A bound that somebody else set stays.
const BOUND_WAIT: &str = "SELECT pg_catalog.set_config('lock_timeout', $1::text, true) \
                          WHERE pg_catalog.current_setting('lock_timeout') = '0'";
/// `invalid_sql_statement_name`: the session was reset behind our back.
const UNKNOWN_STATEMENT: &str = "26000";

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
        if !writes {
            let statement = self.parsed([sql]).await?;
            return self.last_answer(&[call(&statement[0], parameters)]).await;
        }
        let statements = self.parsed([BOUND_WAIT, sql]).await?;
        let wait = Value::text(&self.lock_wait().as_millis().to_string());
        let bound = call(&statements[0], std::slice::from_ref(&wait));
        self.last_answer(&[bound, call(&statements[1], parameters)]).await
    }

    /// A statement within a transaction.
    async fn inside(&self, sql: &str, parameters: &[Value], savepoint: bool) -> Result<Answer> {
        let [set, statement, release] = self.known([SAVEPOINT, sql, RELEASE]);
        if let (Some(statement), false) = (&statement, savepoint) {
            self.note(&[sql]);
            return self.last_answer(&[call(statement, parameters)]).await;
        }
        self.note(&[SAVEPOINT, sql, RELEASE]);
        let ran = match (set, statement, release) {
            (Some(set), Some(statement), Some(release)) => {
                let calls = [call(&set, &[]), call(&statement, parameters), call(&release, &[])];
                self.middle_answer(&calls, 1).await
            }
            _ => {
                self.session().batch(SAVEPOINT).await?;
                self.first_time(sql, parameters).await
            }
        };
        if ran.is_err() && !self.session().is_closed() {
            self.note(&[UNDO]);
            // Where the savepoint could not even be set, the transaction had
            // failed before: then there is nothing to undo, and the failure says so.
            let _ = self.session().batch(UNDO).await;
        }
        ran
    }

    /// Has the server parse what it does not know, under the savepoint that is set.
    async fn first_time(&self, sql: &str, parameters: &[Value]) -> Result<Answer> {
        let [_, statement, release] = self.parsed([SAVEPOINT, sql, RELEASE]).await?;
        self.middle_answer(&[call(&statement, parameters), call(&release, &[])], 0).await
    }

    async fn last_answer(&self, calls: &[Call<'_>]) -> Result<Answer> {
        self.middle_answer(calls, calls.len().saturating_sub(1)).await
    }

    /// The answer to one call of a train.
    async fn middle_answer(&self, calls: &[Call<'_>], place: usize) -> Result<Answer> {
        let mut answers = self.session().pipeline(calls).await?;
        if place < answers.len() {
            return Ok(answers.swap_remove(place));
        }
        Err(self.session().misunderstanding("an answer is missing"))
    }

    /// The statements of these texts that were parsed already.
    fn known<const N: usize>(&self, texts: [&str; N]) -> [Option<Prepared>; N] {
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        texts.map(|sql| statements.get(sql))
    }

    /// The statements of these texts; those not known are parsed in one round trip.
    async fn parsed<const N: usize>(&self, texts: [&str; N]) -> Result<[Prepared; N]> {
        loop {
            let known = self.known(texts);
            let unknown: Vec<&str> = texts
                .iter()
                .zip(&known)
                .filter_map(|(sql, known)| known.is_none().then_some(*sql))
                .collect();
            if unknown.is_empty()
                && let Ok(all) = known.into_iter().flatten().collect::<Vec<_>>().try_into()
            {
                return Ok(all);
            }
            let parsed = self.session().prepare(&unknown).await?;
            let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
            for (sql, prepared) in unknown.into_iter().zip(parsed) {
                statements.put(sql, prepared);
            }
        }
    }
}

fn call<'a>(statement: &'a Prepared, parameters: &'a [Value]) -> Call<'a> {
    Call { statement, parameters: parameters.iter().collect() }
}
