//! The socket of a session and who speaks on it. Reads and writes go on at the
//! same time: a server that answers a large train blocks on its answers while
//! we would block on the train.
//!
//! A future that is dropped half-way leaves an answer under way that nobody
//! knows the question of; from then on the line is ended.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use postgres_protocol::message::frontend::{self, CopyData};

use super::{Machine, Reply, Socket};
use crate::Complaint;

/// Data of one COPY message; bounds memory and keeps the server busy.
const COPY_CHUNK_BYTES: usize = 64 * 1024;
/// Room to read into; the server sends at most 8 KiB at a time.
const READ_BYTES: usize = 16 * 1024;

/// A connection after its login.
pub(crate) struct Line {
    socket: Socket,
    machine: Machine,
    /// Where bytes arrive.
    heard: Box<[u8]>,
    /// What is left to be sent.
    output: BytesMut,
    end: Option<End>,
}

/// Why a line is of no use any more.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The server said why.
    Told(Box<Complaint>),
    /// What the operating system or the protocol says.
    Lost(String),
    /// A call was given up half-way.
    GivenUp,
}

impl Line {
    /// Takes the socket over, with what was read from it already.
    pub(crate) fn new(socket: Socket, read: BytesMut) -> Self {
        Self {
            socket,
            machine: Machine::new(read),
            heard: vec![0; READ_BYTES].into(),
            output: BytesMut::new(),
            end: None,
        }
    }

    /// Sends a train and waits until the server is ready again. What a COPY
    /// asks for is taken from `data`, once; any other is refused its data.
    pub(crate) async fn exchange(
        &mut self,
        train: BytesMut,
        keeps_rows: bool,
        mut data: Option<&[u8]>,
    ) -> Result<Reply, End> {
        if let Some(end) = self.known_end() {
            return Err(end);
        }
        self.machine.begin(keeps_rows);
        self.output = train;
        let moved = poll_fn(|cx| self.poll_exchange(cx, &mut data)).await;
        self.output = BytesMut::new();
        self.socket.unblock();
        moved.map_err(|error| self.ended(&error))
    }

    fn poll_exchange(
        &mut self,
        cx: &mut Context<'_>,
        data: &mut Option<&[u8]>,
    ) -> Poll<io::Result<Reply>> {
        loop {
            if self.output.is_empty() && self.machine.wants_data() {
                self.load(data)?;
            }
            let mut blocked = true;
            let mut failed = None;
            if !self.output.is_empty() {
                match self.socket.poll_write(cx, &self.output) {
                    Poll::Ready(Ok(0)) => failed = Some(ErrorKind::WriteZero.into()),
                    Poll::Ready(Ok(count)) => {
                        self.output.advance(count);
                        blocked = false;
                    }
                    // The server may have said why; that is still to be read.
                    Poll::Ready(Err(error)) => failed = Some(error),
                    Poll::Pending => {}
                }
            }
            match self.poll_read(cx) {
                Poll::Ready(Ok(())) => blocked = false,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if let Some(error) = failed {
                        return Poll::Ready(Err(error));
                    }
                }
            }
            // Half a message that the server does not want any more (a COPY
            // that failed) is still sent to its end.
            if self.output.is_empty()
                && let Some(reply) = self.machine.take_reply()
            {
                return Poll::Ready(Ok(reply));
            }
            if blocked {
                return Poll::Pending;
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let count = ready!(self.socket.poll_read(cx, &mut self.heard))?;
        if count == 0 {
            return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
        }
        self.machine.input().extend_from_slice(&self.heard[..count]);
        Poll::Ready(self.machine.advance())
    }

    /// The next message of a COPY.
    fn load(&mut self, data: &mut Option<&[u8]>) -> io::Result<()> {
        match data {
            Some(left) if !left.is_empty() => {
                let (chunk, rest) = left.split_at(left.len().min(COPY_CHUNK_BYTES));
                CopyData::new(chunk)?.write(&mut self.output);
                *left = rest;
                return Ok(());
            }
            Some(_) => frontend::copy_done(&mut self.output),
            None => frontend::copy_fail("there is no data for this COPY", &mut self.output)?,
        }
        *data = None;
        self.machine.data_ended();
        Ok(())
    }

    /// Why nothing can be sent any more, as far as that is known.
    fn known_end(&mut self) -> Option<End> {
        if self.end.is_none() && self.machine.is_underway() {
            self.end = Some(End::GivenUp);
        }
        self.end.clone()
    }

    fn ended(&mut self, error: &io::Error) -> End {
        let end = match self.machine.last_complaint() {
            Some(complaint) => End::Told(complaint.into()),
            None if error.kind() == ErrorKind::UnexpectedEof => {
                End::Lost("the server closed the connection".to_owned())
            }
            None => End::Lost(error.to_string()),
        };
        self.end.insert(end).clone()
    }

    /// Whether the line has ended. Looks at the socket for that.
    pub(crate) fn is_ended(&mut self) -> bool {
        if self.known_end().is_some() {
            return true;
        }
        loop {
            let heard = match self.socket.read_now(&mut self.heard) {
                Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.machine.input().extend_from_slice(&self.heard[..count]);
                    self.machine.advance()
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            if let Err(error) = heard {
                self.ended(&error);
                return true;
            }
        }
    }

    /// Says goodbye, where anybody would hear it.
    pub(crate) fn close(mut self) {
        if self.known_end().is_none() {
            let mut goodbye = BytesMut::new();
            frontend::terminate(&mut goodbye);
            // Who is gone already needs none.
            let _ = self.socket.end(&goodbye);
        }
    }
}
