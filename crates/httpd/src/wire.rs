//! The bytes of one connection, with a clock on what a client can delay: the
//! head of a request, and the reading of a reply.
//!
//! hyper has a clock for heads too, but it also runs while a connection is
//! idle, and an idle connection is a holder that may live for hours. A piece of
//! a head that came together with a whole request is not timed: its client has
//! shown the token, and may be silent for as long as it likes anyway.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::Limits;
use crate::line::Line;

/// One connection's bytes.
pub(crate) struct Wire {
    line: Arc<Line>,
    limits: Limits,
    /// Since when a head is arriving; from the beginning for the first one.
    head_since: Option<Instant>,
    /// How many heads were complete when the clock was last looked at.
    requests: u64,
    head: Option<Pin<Box<Sleep>>>,
    stall: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub(crate) fn new(line: Arc<Line>, limits: Limits) -> Self {
        let head_since = Some(Instant::now());
        Self { line, limits, head_since, requests: 0, head: None, stall: None }
    }

    /// Stops the clock of a head that has become a request.
    fn look_at_requests(&mut self) {
        if self.requests != self.line.requests() {
            self.requests = self.line.requests();
            self.head_since = None;
            self.head = None;
        }
    }

    fn head_clock(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.look_at_requests();
        let Some(since) = self.head_since.filter(|_| !self.line.busy()) else {
            return Poll::Pending;
        };
        let end = since + self.limits.head;
        let clock = self.head.get_or_insert_with(|| Box::pin(sleep_until(end)));
        clock.as_mut().poll(context).map(|()| {
            self.line.tell_head_too_slow();
            Err(io::ErrorKind::TimedOut.into())
        })
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.line.stream.poll_read(context, buffer) {
            Poll::Pending => this.head_clock(context),
            ready => {
                this.look_at_requests();
                if !this.line.busy() && this.head_since.is_none() {
                    this.head_since = Some(Instant::now());
                }
                ready
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.line.stream.poll_write(context, bytes) {
            Poll::Pending => {
                let end = this.limits.stall;
                let clock =
                    this.stall.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + end)));
                clock.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
            ready => {
                this.stall = None;
                ready
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.line.stream.shut_down_writing())
    }
}
