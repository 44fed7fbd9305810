//! One request from its head to its reply.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::header::{ALLOW, HeaderValue};
use seedbed_api::lease::ProblemCode;
use seedbed_api::{Failure, Result};
use tokio::time::timeout;

use crate::aside::long;
use crate::ask::{Answer, Ask};
use crate::desk::Desk;
use crate::line::Line;
use crate::reply::{self, Reply};
use crate::serve::Serve;
use crate::{body, route};

/// How often a client that waits is looked at. hyper notices its end at once,
/// but not if the client has sent another request ahead.
const GLANCE: Duration = Duration::from_secs(1);

/// A client's visit: what its requests need.
pub(crate) struct Visit<S: Serve> {
    pub(crate) desk: Arc<Desk<S>>,
    pub(crate) line: Arc<Line>,
    /// `None` if there are too many clients to let it in.
    pub(crate) holder: Option<S::Holder>,
}

/// The client has gone in the middle of its request.
#[derive(Debug)]
pub(crate) struct HungUp;

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client has hung up")
    }
}

impl std::error::Error for HungUp {}

impl<S: Serve> Visit<S> {
    /// Replies to a request.
    pub(crate) async fn reply(&self, request: Request<Incoming>) -> Result<Reply, HungUp> {
        let _busy = self.line.begin();
        let (ask, holder) = match self.ask(request).await {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        if let Some(long) = long(&ask) {
            let desk = Arc::clone(&self.desk);
            let work = async move { written(desk.service.answer(ask, holder).await) };
            let reply = self.unless_hung_up(self.desk.aside.work(long, work)).await?;
            return Ok(reply.unwrap_or_else(|failure| reply::problem(&failure)));
        }
        Ok(written(self.unless_hung_up(self.desk.service.answer(ask, holder)).await?))
    }

    /// What is asked, and by whom; the reply if it must not be answered.
    async fn ask(&self, request: Request<Incoming>) -> Result<(Ask, S::Holder), Reply> {
        let (head, body) = request.into_parts();
        let Some(holder) = self.holder else { return Err(self.turn_away(&full(), &body)) };
        self.desk.gate.admit(&head).map_err(|failure| self.turn_away(&failure, &body))?;
        let (path, query) = (head.uri.path(), head.uri.query());
        let found = match route::find(head.method.as_str(), path, query) {
            Ok(found) => found,
            Err(failure) if body.is_end_stream() => return Err(with_allow(&failure, path)),
            Err(failure) => {
                self.line.leave_unread();
                return Err(reply::last(with_allow(&failure, path)));
            }
        };
        let bytes =
            body::read(body, found.largest(), self.desk.limits.body).await.map_err(|failure| {
                self.line.leave_unread();
                reply::last(reply::problem(&failure))
            })?;
        let ask = found.ask(&bytes).map_err(|failure| reply::problem(&failure))?;
        Ok((ask, holder))
    }

    /// For a client that is not let in: its connection ends.
    fn turn_away(&self, failure: &Failure, body: &Incoming) -> Reply {
        if !body.is_end_stream() {
            self.line.leave_unread();
        }
        reply::last(reply::problem(failure))
    }

    async fn unless_hung_up<F: Future>(&self, work: F) -> Result<F::Output, HungUp> {
        let mut work = pin!(work);
        loop {
            match timeout(GLANCE, work.as_mut()).await {
                Ok(output) => return Ok(output),
                Err(_) if self.line.stream.hung_up() => return Err(HungUp),
                Err(_) => {}
            }
        }
    }
}

/// An answer or a problem, as it is sent.
fn written(answer: Result<Answer>) -> Reply {
    match answer {
        Ok(answer) => reply::answer(&answer),
        Err(failure) => reply::problem(&failure),
    }
}

fn full() -> Failure {
    ProblemCode::TooManyClients
        .failure("too many clients are connected to the lease service")
        .hint("use one connection for each worker, and close it when the worker ends")
}

fn with_allow(failure: &Failure, path: &str) -> Reply {
    let mut reply = reply::problem(failure);
    if failure.code() == Some(ProblemCode::UnknownMethod)
        && let Ok(methods) = HeaderValue::from_str(&route::allowed(path))
    {
        reply.headers_mut().insert(ALLOW, methods);
    }
    reply
}
