//! The door: two listeners, and who comes in by them.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdTcpListener};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use seedbed_api::{Context as _, Kind, Result, Secret};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::address::Address;
use crate::aside::Aside;
use crate::connection::Caller;
use crate::desk::Desk;
use crate::gate::Gate;
use crate::limits::{Limits, TOLD_FULL};
use crate::peer::Peer;
use crate::serve::Serve;
use crate::socket_file::SocketFile;
use crate::stream::Stream;

/// How long to wait for a descriptor when the process has none left, unless
/// a client goes first.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// An open door: clients can connect, and are served once [`Door::serve`] runs.
#[derive(Debug)]
pub struct Door {
    tcp: StdTcpListener,
    address: SocketAddr,
    unix: Option<(StdUnixListener, SocketFile)>,
    token: Secret,
    limits: Limits,
}

impl Door {
    /// Listens on a free port of 127.0.0.1 and, if wanted, on a unix socket.
    /// Its folder must exist and be closed to other accounts (0700).
    ///
    /// # Errors
    /// `Kind::Refused` if somebody listens on the socket, if a file of another
    /// sort is in its place, or if others may enter the folder;
    /// `Kind::Environment` if the system refuses.
    pub fn open(socket: Option<&Path>, token: Secret) -> Result<Self> {
        let cannot = || "cannot listen on 127.0.0.1".to_owned();
        let tcp =
            StdTcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context(Kind::Environment, cannot)?;
        let address = tcp.local_addr().context(Kind::Environment, cannot)?;
        tcp.set_nonblocking(true).context(Kind::Environment, cannot)?;
        let unix = socket.map(SocketFile::bind).transpose()?;
        if let Some((listener, file)) = &unix {
            listener
                .set_nonblocking(true)
                .context(Kind::Environment, || format!("cannot use {}", file.path().display()))?;
        }
        Ok(Self { tcp, address, unix, token, limits: Limits::default() })
    }

    /// The same door with other bounds.
    #[must_use]
    pub fn limited(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where it is reached over TCP.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::Tcp(self.address.ip().to_string(), self.address.port())
    }

    /// Where it is reached over the unix socket, if there is one.
    #[must_use]
    pub fn socket(&self) -> Option<Address> {
        self.unix.as_ref().map(|(_, file)| Address::Unix(file.path().to_owned()))
    }

    /// Serves clients until `stop` returns; then lets requests in progress
    /// finish within [`Limits::grace`] and ends every connection. The file of
    /// the socket is removed as soon as nobody new is let in. If this future is
    /// dropped, every connection ends at once.
    ///
    /// # Errors
    /// `Kind::Environment` if the runtime cannot watch the listeners.
    pub async fn serve<S: Serve>(self, service: S, stop: impl Future<Output = ()>) -> Result<()> {
        let cannot = || "cannot watch the listeners of the lease service".to_owned();
        let tcp = TcpListener::from_std(self.tcp).context(Kind::Environment, cannot)?;
        let (unix, file) = match self.unix {
            Some((unix, file)) => {
                let unix = UnixListener::from_std(unix).context(Kind::Environment, cannot)?;
                (Some(unix), Some(file))
            }
            None => (None, None),
        };
        let gate = Gate::new(&self.token);
        let mut reception = Reception {
            desk: Arc::new(Desk { service, gate, limits: self.limits, aside: Aside::new() }),
            room: self.limits.affordable_clients(),
            visits: JoinSet::new(),
            stop: watch::Sender::new(false),
        };
        reception.receive(&tcp, unix.as_ref(), stop).await;
        drop((tcp, unix, file));
        reception.close().await;
        Ok(())
    }
}

/// Everybody who is inside.
struct Reception<S: Serve> {
    desk: Arc<Desk<S>>,
    /// How many clients there is room for.
    room: usize,
    visits: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl<S: Serve> Reception<S> {
    async fn receive(
        &mut self,
        tcp: &TcpListener,
        unix: Option<&UnixListener>,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = stop.as_mut() => return,
                Some(_) = self.visits.join_next() => continue,
                accepted = tcp.accept() => accepted.map(|(stream, _)| over_tcp(stream)),
                accepted = accept_unix(unix) => accepted.map(over_unix),
            };
            match accepted {
                Ok((stream, peer)) => self.let_in(stream, peer),
                Err(error) if is_the_clients(&error) => {}
                Err(_) => {
                    tokio::select! {
                        () = stop.as_mut() => return,
                        Some(_) = self.visits.join_next() => {}
                        () = sleep(OUT_OF_DESCRIPTORS) => {}
                    }
                }
            }
        }
    }

    fn let_in(&mut self, stream: Stream, peer: Peer) {
        // Those who have left since the last look are not inside any more.
        while self.visits.try_join_next().is_some() {}
        let inside = self.visits.len();
        if inside < self.room + TOLD_FULL {
            let caller = Caller { stream, peer, welcome: inside < self.room };
            self.visits.spawn(caller.attend(Arc::clone(&self.desk), self.stop.subscribe()));
        }
    }

    async fn close(mut self) {
        self.stop.send_replace(true);
        // Each visit has this bound itself; one that is not polled has none.
        let _ = timeout(self.desk.limits.grace * 2, async {
            while self.visits.join_next().await.is_some() {}
        })
        .await;
        self.visits.shutdown().await;
    }
}

fn over_tcp(stream: TcpStream) -> (Stream, Peer) {
    // Without it a reply may wait for 40 ms; a client that has gone shows later.
    let _ = stream.set_nodelay(true);
    (Stream::Tcp(stream), Peer::Unknown)
}

fn over_unix(stream: UnixStream) -> (Stream, Peer) {
    let peer = Peer::of(&stream);
    (Stream::Unix(stream), peer)
}

async fn accept_unix(listener: Option<&UnixListener>) -> std::io::Result<UnixStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Whether an error of accept(2) concerns only the client that was to come.
fn is_the_clients(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
