//! A transaction of our own around a plan that needs one.
//!
//! Invariant: it ends with the run. A run that fails rolls it back; a run that
//! is dropped sends a last ROLLBACK and leaves the session ended, as every
//! call that is given up half-way does, so that nobody goes on inside it.

use std::borrow::Borrow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use seedbed_api::Result;

use super::steps::Runner;
use crate::Session;

const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// Looks after the transaction of one run.
pub(super) struct Own<'a, S: Borrow<Session>> {
    runner: &'a Runner<S>,
    is_open: bool,
}

impl<'a, S: Borrow<Session>> Own<'a, S> {
    /// None is open yet.
    pub(super) fn new(runner: &'a Runner<S>) -> Self {
        Self { runner, is_open: false }
    }

    /// Opens it with the first statement in it; waiting for locks is bounded
    /// in it, unless somebody did that.
    pub(super) fn begin(&mut self) {
        // Before the first byte is sent: a drop from now on must end it.
        self.is_open = true;
        self.runner.set_begin();
        self.runner.set_open(true);
    }

    /// Commits it. Whatever the server says, it is over then.
    pub(super) async fn commit(&mut self) -> Result<()> {
        self.end(COMMIT).await
    }

    /// Rolls it back, if it is open.
    pub(super) async fn roll_back(&mut self) -> Result<()> {
        if self.is_open { self.end(ROLLBACK).await } else { Ok(()) }
    }

    async fn end(&mut self, how: &str) -> Result<()> {
        let ended = if self.runner.take_begin() {
            // Nothing was sent.
            Ok(())
        } else {
            self.runner.note(&[how]);
            self.runner.session().batch(how).await
        };
        self.is_open = false;
        self.runner.set_open(false);
        ended
    }
}

impl<S: Borrow<Session>> Drop for Own<'_, S> {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        self.runner.set_open(false);
        if self.runner.take_begin() {
            return;
        }
        // Polled once: the text goes out with the first poll, and giving the
        // call up then ends the session. One that has ended says so at once.
        let mut rollback = pin!(self.runner.session().batch(ROLLBACK));
        let polled = rollback.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        debug_assert!(!matches!(polled, Poll::Ready(Ok(()))), "a server cannot be that fast");
    }
}
