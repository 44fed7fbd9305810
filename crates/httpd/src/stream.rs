//! The two kinds of connection, as one. Everything works on a shared
//! reference, so that a connection can be asked whether its client has hung up
//! while HTTP reads and writes on it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::Shutdown;
use tokio::io::ReadBuf;
use tokio::net::{TcpStream, UnixStream};

/// What says that the other end will send nothing more.
#[cfg(target_os = "linux")]
const HANG_UP: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const HANG_UP: PollFlags = PollFlags::HUP;

/// A connection.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let result = match self {
                Self::Tcp(stream) => {
                    ready!(stream.poll_read_ready(context))?;
                    stream.try_read_buf(buffer)
                }
                Self::Unix(stream) => {
                    ready!(stream.poll_read_ready(context))?;
                    stream.try_read_buf(buffer)
                }
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result.map(|_| ())),
            }
        }
    }

    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let result = match self {
                Self::Tcp(stream) => {
                    ready!(stream.poll_write_ready(context))?;
                    stream.try_write(bytes)
                }
                Self::Unix(stream) => {
                    ready!(stream.poll_write_ready(context))?;
                    stream.try_write(bytes)
                }
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// Writes what fits at once, if anything does.
    pub(crate) fn write_what_fits(&self, bytes: &[u8]) {
        // A client that reads nothing is not waited for: these are last words.
        let _ = match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
        };
    }

    /// Sends nothing more; what was sent still arrives.
    pub(crate) fn shut_down_writing(&self) -> io::Result<()> {
        match rustix::net::shutdown(self, Shutdown::Write) {
            // The other end was faster.
            Ok(()) | Err(rustix::io::Errno::NOTCONN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the other end has closed its side, whatever is still unread.
    pub(crate) fn hung_up(&self) -> bool {
        let mut fds = [PollFd::new(self, HANG_UP)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let gone = HANG_UP | PollFlags::HUP | PollFlags::ERR;
        poll(&mut fds, Some(&now)).is_ok_and(|_| fds[0].revents().intersects(gone))
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}
