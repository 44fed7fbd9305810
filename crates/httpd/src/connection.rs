//! One connection from its first byte to its end.
//!
//! *Invariant*: whatever ends it — the client's end, its process's end, a
//! stall, the service's end, a panic — the request in progress is dropped
//! first, then the holder is told to be gone, once.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use seedbed_api::lease::ProblemCode;
use tokio::io::ReadBuf;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::desk::Desk;
use crate::handler::Visit;
use crate::limits::{BUFFER, LARGEST_HEAD};
use crate::line::Line;
use crate::peer::Peer;
use crate::reply;
use crate::seat::Seat;
use crate::serve::Serve;
use crate::stream::Stream;
use crate::wire::Wire;

/// How long bytes nobody wants are taken in, so that a client which is still
/// sending finds the reply and not a reset connection.
const LINGER: Duration = Duration::from_secs(1);
/// How many of them.
const LINGER_BYTES: usize = 8 << 20;

/// A client that has connected.
pub(crate) struct Caller {
    pub(crate) stream: Stream,
    pub(crate) peer: Peer,
    /// Whether there is room for it.
    pub(crate) welcome: bool,
}

impl Caller {
    /// Serves it until it has gone, or until `stop` says so and its request in
    /// progress, if there is one, is done.
    pub(crate) async fn attend<S: Serve>(self, desk: Arc<Desk<S>>, stop: watch::Receiver<bool>) {
        let limits = desk.limits;
        // Dropped last: see the invariant.
        let seat = self.welcome.then(|| Seat::take(desk.service.clone()));
        let line = Arc::new(Line::new(self.stream));
        let holder = seat.as_ref().map(Seat::holder);
        let visit = Arc::new(Visit { desk, line: Arc::clone(&line), holder });
        let wire = TokioIo::new(Wire::new(Arc::clone(&line), limits));
        {
            let mut http = pin!(builder().serve_connection(
                wire,
                service_fn(move |request| {
                    let visit = Arc::clone(&visit);
                    async move { visit.reply(request).await }
                }),
            ));
            let mut gone = pin!(self.peer.ended());
            let mut stopped = pin!(stopped(stop));
            tokio::select! {
                biased;
                // Why a client has gone is of no interest to anybody.
                _ = http.as_mut() => {}
                () = gone.as_mut() => return,
                () = stopped.as_mut() => {
                    http.as_mut().graceful_shutdown();
                    tokio::select! {
                        _ = http => {}
                        () = gone => return,
                        () = sleep(limits.grace) => return,
                    }
                }
            }
        }
        part(&line, limits.head).await;
    }
}

fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .half_close(false)
        .header_read_timeout(None)
        .max_header_size(LARGEST_HEAD)
        .max_buf_size(BUFFER)
        .auto_date_header(false)
        .writev(false);
    builder
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // If the sender is gone, so is the task that accepts, and this one with it.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The last words to a client, if it may still be listening.
async fn part(line: &Line, head: Duration) {
    if line.is_head_too_slow() {
        // Where not a byte of it came, hyper has closed the connection already.
        let message = format!("the request did not arrive within {} s", head.as_secs());
        line.stream.write_what_fits(&reply::spoken(&ProblemCode::TooSlow.failure(message)));
        let _ = line.stream.shut_down_writing();
    } else if line.is_unread() {
        let _ = timeout(LINGER, take_in(&line.stream)).await;
    }
}

async fn take_in(stream: &Stream) -> Result<(), Infallible> {
    let mut bytes = vec![0_u8; 16 << 10];
    let mut taken = 0;
    while taken < LINGER_BYTES {
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = std::future::poll_fn(|context| stream.poll_read(context, &mut buffer)).await;
        match (read, buffer.filled().len()) {
            (Err(_), _) | (Ok(()), 0) => break,
            (Ok(()), length) => taken += length,
        }
    }
    Ok(())
}
