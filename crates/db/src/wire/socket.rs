//! The stream to a server: a unix socket or TCP.
//!
//! The runtime is asked about writing only where a write would block. A unix
//! socket tells whoever listens for it each time its peer has read, which would
//! wake us once more for every train, in the middle of the server's work.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll, ready};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A connected stream that does not block.
pub(crate) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// A stream that the runtime watches.
pub(crate) struct Socket {
    stream: AsyncFd<Stream>,
    /// While a train is too large for the socket's buffer.
    blocked: Option<AsyncFd<OwnedFd>>,
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Unix(stream) => stream.as_raw_fd(),
            Self::Tcp(stream) => stream.as_raw_fd(),
        }
    }
}

impl Stream {
    fn read(&self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => (&*stream).read(out),
            Self::Tcp(stream) => (&*stream).read(out),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => (&*stream).write(bytes),
            Self::Tcp(stream) => (&*stream).write(bytes),
        }
    }

    fn duplicate(&self) -> io::Result<OwnedFd> {
        Ok(match self {
            Self::Unix(stream) => stream.try_clone()?.into(),
            Self::Tcp(stream) => stream.try_clone()?.into(),
        })
    }
}

impl Socket {
    /// Has the runtime that we are in watch a stream.
    pub(crate) fn new(stream: Stream) -> io::Result<Self> {
        let stream = watch(stream, Interest::READABLE)?;
        Ok(Self { stream, blocked: None })
    }

    /// Reads some bytes; none at the stream's end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.stream.poll_read_ready(cx))?;
            match guard.get_inner().read(out) {
                Ok(count) => {
                    // There was no more: the next read waits without a try.
                    if count > 0 && count < out.len() {
                        guard.clear_ready();
                    }
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => guard.clear_ready(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Writes some bytes.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.stream.get_ref().write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                written => return Poll::Ready(written),
            }
            if let Some(blocked) = &self.blocked {
                // What was known before the write has been disproved by it.
                ready!(blocked.poll_write_ready(cx))?.clear_ready();
            } else {
                let duplicate = self.stream.get_ref().duplicate()?;
                self.blocked = Some(watch(duplicate, Interest::WRITABLE)?);
            }
        }
    }

    /// All of a train is written.
    pub(crate) fn unblock(&mut self) {
        self.blocked = None;
    }

    /// Reads what is there, past the runtime, which may not have looked lately.
    pub(crate) fn read_now(&self, out: &mut [u8]) -> io::Result<usize> {
        self.stream.get_ref().read(out)
    }

    /// Writes as much as there is room for, and ends the stream.
    pub(crate) fn end(&self, last_words: &[u8]) -> io::Result<()> {
        self.stream.get_ref().write(last_words)?;
        match self.stream.get_ref() {
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

#[expect(
    deprecated,
    reason = "its successor is unsafe for the sake of types that give their descriptor away; \
              both of ours own one and keep it"
)]
fn watch<T: AsRawFd>(stream: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(stream, interest)
}
