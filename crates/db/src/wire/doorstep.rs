//! Login, which `tokio-postgres` does on our socket. It reads as much as there
//! is, and what it read beyond the end of the login would be lost with it; so
//! it is handed bytes up to that message and no further.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Buf as _, BytesMut};
use postgres_protocol::message::backend::{Header, READY_FOR_QUERY_TAG};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, UnixStream, lookup_host};
use tokio_postgres::{Config, NoTls};

use super::{Line, Socket, Stream};
use crate::{Complaint, Host, Target};

/// Room for all of a server's greeting.
const READ_BYTES: usize = 4096;
/// Settings of the server that it tells at login and that are asked for.
const TOLD: [&str; 2] = ["server_version", "is_superuser"];

/// What the server said of itself, by the setting's name.
pub(crate) struct Greeting(HashMap<&'static str, String>);

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nothing listens there, or it cannot be reached.
    Unreachable(io::Error),
    /// The login did not come to its end.
    Login(tokio_postgres::Error),
}

impl Greeting {
    pub(crate) fn get(&self, setting: &str) -> Option<&str> {
        self.0.get(setting).map(String::as_str)
    }
}

impl Refusal {
    /// What the server said.
    pub(crate) fn complaint(&self) -> Option<Complaint> {
        match self {
            Self::Unreachable(_) => None,
            Self::Login(error) => error.as_db_error().map(Complaint::from_server),
        }
    }

    /// Whether another attempt may fare better: the server is starting up
    /// (SQLSTATE 57P03) or hung up without an answer.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => false,
            Self::Login(error) => {
                error.is_closed() || error.code().is_some_and(|code| code.code() == "57P03")
            }
        }
    }

    /// Whether there was no answer, rather than one that was not understood.
    pub(crate) fn is_loss(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Login(error) => {
                error.is_closed() || error.source().is_some_and(|source| source.is::<io::Error>())
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(_) => f.write_str("error connecting to server"),
            Self::Login(error) => error.fmt(f),
        }
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable(error) => Some(error),
            Self::Login(error) => error.source(),
        }
    }
}

/// Connects and logs in. Of a name's addresses the first that works is taken.
pub(crate) async fn log_in(target: &Target, config: &Config) -> Result<(Line, Greeting), Refusal> {
    match &target.host {
        Host::Socket(folder) => {
            let path = folder.join(format!(".s.PGSQL.{}", target.port));
            let stream = UnixStream::connect(path).await.map_err(Refusal::Unreachable)?;
            enter(stream, config, |stream| stream.into_std().map(Stream::Unix)).await
        }
        Host::Tcp(name) => {
            let mut last =
                io::Error::new(io::ErrorKind::InvalidInput, "the name of the host has no address");
            let addresses = lookup_host((name.as_str(), target.port)).await;
            let mut refusal = None;
            for address in addresses.map_err(Refusal::Unreachable)? {
                refusal = match connect(address).await {
                    Ok(stream) => {
                        match enter(stream, config, |stream| stream.into_std().map(Stream::Tcp))
                            .await
                        {
                            Ok(entered) => return Ok(entered),
                            Err(refusal) => Some(refusal),
                        }
                    }
                    Err(error) => {
                        last = error;
                        None
                    }
                };
            }
            Err(refusal.unwrap_or(Refusal::Unreachable(last)))
        }
    }
}

async fn connect(address: std::net::SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_keepalive(true)?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn enter<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    config: &Config,
    take: impl FnOnce(S) -> io::Result<Stream>,
) -> Result<(Line, Greeting), Refusal> {
    let mut door = Doorstep::new(stream);
    let entered = config.connect_raw(&mut door, NoTls).await;
    // Neither is ever polled, so neither says goodbye to the server.
    let (client, connection) = entered.map_err(Refusal::Login)?;
    let told =
        TOLD.into_iter().filter_map(|name| Some((name, connection.parameter(name)?.to_owned())));
    let greeting = Greeting(told.collect());
    drop(connection);
    drop(client);
    let socket = take(door.stream).and_then(Socket::new).map_err(Refusal::Unreachable)?;
    Ok((Line::new(socket, door.read), greeting))
}

/// A stream that is read message by message up to the end of the login.
struct Doorstep<S> {
    stream: S,
    /// Read and not handed on.
    read: BytesMut,
    /// What is left of the message that is being handed on.
    left: usize,
    /// Whether that is the last one.
    last: bool,
}

impl<S> Doorstep<S> {
    fn new(stream: S) -> Self {
        Self { stream, read: BytesMut::with_capacity(READ_BYTES), left: 0, last: false }
    }

    /// Hands on what may be; whether that was anything.
    fn hand_on(&mut self, out: &mut ReadBuf<'_>) -> bool {
        let before = out.remaining();
        while out.remaining() > 0 && !self.read.is_empty() {
            if self.left == 0 {
                if self.last {
                    break;
                }
                match Header::parse(&self.read) {
                    Ok(Some(header)) => {
                        self.left = usize::try_from(header.len()).unwrap_or(0) + 1;
                        self.last = header.tag() == READY_FOR_QUERY_TAG;
                    }
                    Ok(None) => break,
                    // No message of this protocol: let it be complained about.
                    Err(_) => self.left = self.read.len(),
                }
            }
            let some = self.left.min(self.read.len()).min(out.remaining());
            out.put_slice(&self.read[..some]);
            self.read.advance(some);
            self.left -= some;
        }
        out.remaining() < before
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Doorstep<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.hand_on(out) {
                return Poll::Ready(Ok(()));
            }
            if this.left == 0 && this.last {
                return Poll::Ready(Err(io::Error::other("the login is over")));
            }
            match pin!(this.stream.read_buf(&mut this.read)).poll(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Doorstep<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_after_the_login_is_handed_on() {
        let login = b"R\0\0\0\x08\0\0\0\0S\0\0\0\x08a\0b\0Z\0\0\0\x05I";
        let after = b"S\0\0\0\x08c\0";
        for room in [1, 2, 5, 64] {
            let all = [&login[..], &after[..]].concat();
            let mut door = Doorstep::new(&all[..]);
            let mut handed = Vec::new();
            let mut some = vec![0; room];
            while handed.len() < login.len() {
                let count = door.read(&mut some).await.unwrap();
                handed.extend_from_slice(&some[..count]);
            }
            assert_eq!(handed, login, "{room}");
            assert!(door.read(&mut some).await.is_err());
            assert_eq!(door.read[..], after[..], "{room}");
        }
    }
}
