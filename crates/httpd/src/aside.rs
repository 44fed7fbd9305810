//! Work that takes long is done beside the service's thread: plans, values and
//! rows of huge batches are computed, and their answers written, by threads of
//! a pool, so that no hand-out of a lease waits for them.
//!
//! *Invariants*: never more is computed at once than there are processors; rows
//! that are written may wait for a client's own transaction, and so never keep
//! that client's plans and values waiting; a client that hangs up ends its work
//! at the next point where that waits.

use std::future::Future;
use std::sync::Arc;
use std::thread::available_parallelism;

use seedbed_api::lease::ProblemCode;
use seedbed_api::plan::Call;
use seedbed_api::{Failure, Result};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::spawn_blocking;

use crate::ask::Ask;

/// Rows that are made in a few milliseconds: to change threads is not worth it.
const FEW_ROWS: u64 = 500;

/// Calls that write many rows at once, at most. They wait for others' locks more
/// than they compute, and whoever holds those may want to write as well.
const WRITERS: usize = 64;

/// Turns at working beside.
#[derive(Clone, Debug)]
pub(crate) struct Aside {
    computing: Arc<Semaphore>,
    writing: Arc<Semaphore>,
}

/// What a request that takes long does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Long {
    /// It waits for nobody.
    Computes,
    /// It may wait for other sessions.
    Writes,
}

impl Aside {
    /// As many turns at computing as there are processors.
    pub(crate) fn new() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let turns = |turns| Arc::new(Semaphore::new(turns));
        Self { computing: turns(processors), writing: turns(WRITERS) }
    }

    /// Does the work, after that of those who came before. It is dropped with
    /// the future.
    ///
    /// # Errors
    /// `Internal` where the work panicked or the service ends.
    pub(crate) async fn work<F>(&self, long: Long, work: F) -> Result<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let turns = match long {
            Long::Computes => &self.computing,
            Long::Writes => &self.writing,
        };
        let turn = Arc::clone(turns).acquire_owned().await.map_err(ended)?;
        let runtime = Handle::current();
        let (client, gone) = oneshot::channel::<()>();
        let worker = spawn_blocking(move || {
            // Its turn ends when the work does, whoever still waits for it.
            let _turn = turn;
            runtime.block_on(async {
                tokio::select! {
                    done = work => Some(done),
                    _ = gone => None,
                }
            })
        });
        let done = worker.await.map_err(ended)?;
        drop(client);
        done.ok_or_else(|| ProblemCode::Internal.failure("the work was given up"))
    }
}

fn ended(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    ProblemCode::Internal.failure("the work was not finished").because(error)
}

/// Whether a request is about so many rows that others would wait for it.
pub(crate) fn long(ask: &Ask) -> Option<Long> {
    let (rows, long) = match ask {
        Ask::Plan(request) => (rows(&request.call), Long::Computes),
        Ask::Build(request) => (rows(&request.call), Long::Computes),
        Ask::Values(request) => (u64::from(request.run.count), Long::Computes),
        Ask::Make(request) => (rows(&request.call), Long::Writes),
        _ => return None,
    };
    (rows > FEW_ROWS).then_some(long)
}

/// Rows that a call asks for, those of its children included.
fn rows(call: &Call) -> u64 {
    let children = call.with.iter().map(rows).fold(1, u64::saturating_add);
    u64::from(call.count.unwrap_or(1)).saturating_mul(children)
}

#[cfg(test)]
mod tests {
    use seedbed_api::plan::MakeRequest;

    use super::*;

    #[test]
    fn what_asks_for_many_rows_is_long() {
        let call = |count, with| Call { count, with, ..Call::default() };
        let make = |call| Ask::Make(MakeRequest { call, ..MakeRequest::default() });
        assert_eq!(long(&make(call(None, vec![]))), None);
        assert_eq!(long(&make(call(Some(100), vec![call(Some(3), vec![])]))), None);
        assert_eq!(long(&make(call(Some(100), vec![call(Some(10), vec![])]))), Some(Long::Writes));
        let deep =
            (0..40).fold(call(Some(9), vec![]), |inner, _| call(Some(u32::MAX), vec![inner]));
        assert!(long(&make(deep)).is_some(), "and no number overflows");
        assert_eq!(long(&Ask::Slots), None);
    }

    #[tokio::test]
    async fn others_go_on_meanwhile_and_what_nobody_waits_for_ends() {
        let aside = Aside::new();
        let (release, released) = std::sync::mpsc::channel::<()>();
        // It blocks its thread until this thread has gone on.
        let long = aside.work(Long::Computes, async move { released.recv().is_ok() });
        let other = async {
            tokio::task::yield_now().await;
            release.send(())
        };
        let (long, other) = tokio::join!(long, other);
        assert!(long.unwrap() && other.is_ok());

        let (dropped, told) = oneshot::channel::<()>();
        let endless = async move {
            let _dropped = dropped;
            std::future::pending::<()>().await;
        };
        {
            let mut work = std::pin::pin!(aside.work(Long::Computes, endless));
            assert!(futures_poll(work.as_mut()).await.is_pending());
        }
        assert!(told.await.is_err(), "the work was dropped");
    }

    /// Polls once.
    async fn futures_poll<F: Future>(work: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
        let mut work = Some(work);
        std::future::poll_fn(move |context| {
            std::task::Poll::Ready(
                work.take().map_or(std::task::Poll::Pending, |w| w.poll(context)),
            )
        })
        .await
    }
}
