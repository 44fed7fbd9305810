//! A client of the lease service on one connection, which is the holder of the
//! leases it gets: they end when this client is dropped.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use seedbed_api::lease::ProblemCode;
use seedbed_api::{Context as _, Failure, Kind, Result, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::address::Address;
use crate::reply::ProblemReply;

/// How long to wait for the service to take a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long to wait for a reply: longer than the service lets anybody wait in
/// its queue, which is an hour.
const REPLY: Duration = Duration::from_secs(2 * 3_600);
/// Bytes of a reply at most.
const LARGEST_REPLY: usize = 64 << 20;

/// A connection that is driven while a request is on it, and only then.
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// A client of the lease service.
pub struct Client {
    address: Address,
    authorization: HeaderValue,
    host: HeaderValue,
    /// `None` after a failure of the connection.
    connection: Option<Connection>,
}

/// Why a connection broke.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// A reply.
struct Said {
    /// Whether it is an answer; else it is a problem.
    ok: bool,
    body: Bytes,
}

struct Connection {
    requests: SendRequest<Full<Bytes>>,
    driver: Driver,
}

impl Client {
    /// Connects to a service.
    ///
    /// # Errors
    /// `ServerGone` if nobody listens there; `Kind::Config` if the token cannot
    /// stand in a header.
    pub async fn connect(address: &Address, token: &Secret) -> Result<Self> {
        let header = |text: &str| {
            HeaderValue::from_str(text)
                .context(Kind::Config, || "the token of the lease service is unusable".to_owned())
        };
        let mut authorization = header(&format!("Bearer {}", token.expose()))?;
        authorization.set_sensitive(true);
        let host = header(&address.host())?;
        let connection = match timeout(CONNECT, Connection::open(address)).await {
            Ok(connection) => connection.map_err(|error| nobody(address).because(error))?,
            Err(_) => return Err(nobody(address)),
        };
        Ok(Self { address: address.clone(), authorization, host, connection: Some(connection) })
    }

    /// Sends one request and reads its answer. If the future is dropped before
    /// it is done, the connection is closed, and its leases end.
    ///
    /// # Errors
    /// What the service tells, with its code; `ServerGone` if the connection
    /// breaks or was broken before.
    pub async fn call<Q, A>(&mut self, method: &str, path: &str, request: Option<&Q>) -> Result<A>
    where
        Q: Serialize + ?Sized,
        A: DeserializeOwned,
    {
        let request = self.request(method, path, request)?;
        let connection = self.connection.take().ok_or_else(|| gone(&self.address))?;
        let (connection, Said { ok, body }) =
            match timeout(REPLY, connection.exchange(request)).await {
                Ok(Ok(reply)) => reply,
                Ok(Err(error)) => return Err(gone(&self.address).because(error)),
                Err(_) => {
                    let message = format!("{} has not answered within two hours", self.address);
                    return Err(Failure::new(Kind::Timeout, message));
                }
            };
        self.connection = connection;
        if ok {
            serde_json::from_slice(&body).map_err(|error| self.foreign_reply(&error))
        } else {
            let told: ProblemReply =
                serde_json::from_slice(&body).map_err(|error| self.foreign_reply(&error))?;
            Err(told.error.into_failure())
        }
    }

    fn request<Q>(&self, method: &str, path: &str, body: Option<&Q>) -> Result<Request<Full<Bytes>>>
    where
        Q: Serialize + ?Sized,
    {
        let cannot = || format!("cannot make a request of {method} {path}");
        let method = Method::from_bytes(method.as_bytes()).context(Kind::Bug, cannot)?;
        let mut builder = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, &self.authorization);
        let mut bytes = Bytes::new();
        if let Some(body) = body {
            bytes = serde_json::to_vec(body).context(Kind::Bug, cannot)?.into();
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        builder.body(Full::new(bytes)).context(Kind::Bug, cannot)
    }

    /// The reply is not of this protocol. serde's message may hold values of
    /// it, so only the place is kept.
    fn foreign_reply(&self, error: &serde_json::Error) -> Failure {
        let place = format!("line {}, column {}", error.line(), error.column());
        let message = format!("{} gave a reply that cannot be read at {place}", self.address);
        Failure::new(Kind::ServerFailed, message)
            .hint("check that SEEDBED_API names a lease service of this version of Seedbed")
    }
}

impl Connection {
    async fn open(address: &Address) -> std::io::Result<Self> {
        match address {
            Address::Unix(path) => Self::over(UnixStream::connect(path).await?).await,
            Address::Tcp(host, port) => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                let stream = TcpStream::connect((host, *port)).await?;
                stream.set_nodelay(true)?;
                Self::over(stream).await
            }
        }
    }

    async fn over<T>(stream: T) -> std::io::Result<Self>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (requests, driver) =
            handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        Ok(Self { requests, driver: Box::pin(driver) })
    }

    /// Sends a request; also gives the connection for the next one, if there
    /// can be one.
    async fn exchange(self, request: Request<Full<Bytes>>) -> Result<(Option<Self>, Said), Broken> {
        let Self { requests, mut driver } = self;
        let mut talk = pin!(talk(requests, request));
        let ended = tokio::select! {
            biased;
            result = talk.as_mut() => {
                let (requests, said) = result?;
                return Ok((Some(Self { requests, driver }), said));
            }
            ended = &mut driver => ended,
        };
        // What was delivered before the end is taken yet. The driver must go,
        // or the other half waits for it for ever.
        drop(driver);
        ended?;
        let (_, said) = talk.await?;
        Ok((None, said))
    }
}

/// One request and its whole reply.
async fn talk(
    mut requests: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<(SendRequest<Full<Bytes>>, Said), Broken> {
    requests.ready().await?;
    let reply = requests.send_request(request).await?;
    let ok = reply.status().is_success();
    let body = Limited::new(reply.into_body(), LARGEST_REPLY).collect().await?.to_bytes();
    Ok((requests, Said { ok, body }))
}

fn nobody(address: &Address) -> Failure {
    ProblemCode::ServerGone
        .failure(format!("no lease service listens on {address}"))
        .hint("seedbed up")
}

fn gone(address: &Address) -> Failure {
    ProblemCode::ServerGone
        .failure(format!("the connection to the lease service on {address} has ended"))
        .hint("see whether `seedbed run` or `seedbed up` still runs: seedbed ps")
}
