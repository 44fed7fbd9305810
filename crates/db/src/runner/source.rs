//! Where the generated values of a run come from.

use std::borrow::Borrow;
use std::future::Future;

use seedbed_api::Result;
use seedbed_api::plan::{Values, ValuesRequest};
use seedbed_factory::{Factory, Need};

use super::steps::Runner;
use crate::Session;

/// Gives values; asked at most once in a run.
pub trait ValueSource {
    /// The values of a request.
    ///
    /// # Errors
    /// Whatever keeps the rows from being made; the run ends with it.
    fn values(&mut self, request: &ValuesRequest) -> impl Future<Output = Result<Values>> + Send;
}

/// A factory in this process, which asks the run's own session what only the
/// server knows: in the run's transaction, and without ever harming it.
pub struct FactoryValues<'a, S> {
    factory: &'a Factory,
    runner: &'a Runner<S>,
}

impl<'a, S: Borrow<Session>> FactoryValues<'a, S> {
    /// Of `factory`, for runs of `runner`.
    #[must_use]
    pub fn new(factory: &'a Factory, runner: &'a Runner<S>) -> Self {
        Self { factory, runner }
    }
}

impl<S: Borrow<Session> + Send + Sync> ValueSource for FactoryValues<'_, S> {
    async fn values(&mut self, request: &ValuesRequest) -> Result<Values> {
        let mut machine = self.factory.values(request)?;
        let mut answer = None;
        loop {
            match machine.step(answer.take())? {
                Need::Done(values) => return Ok(values),
                Need::Query(question) => {
                    match self.runner.ask(&question.sql, question.parameters).await {
                        Ok(rows) => answer = Some(rows),
                        Err(failure) => {
                            let refusal = self.runner.refusal(&failure);
                            if !refusal.is_some_and(|refusal| machine.refused(&refusal)) {
                                return Err(failure);
                            }
                        }
                    }
                }
            }
        }
    }
}
