//! A service that ends with its test, and bytes sent to it by hand.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use seedbed_api::Secret;
use seedbed_httpd::{Address, Client, Door, Limits, fresh_token};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::recorder::Recorder;

/// A wait that ran out means that the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Short bounds, for the tests that run into one of them.
pub(crate) const HASTE: Duration = Duration::from_millis(150);

/// A service of its own for one test.
pub(crate) struct House {
    pub(crate) recorder: Recorder,
    pub(crate) token: Secret,
    pub(crate) tcp: Address,
    pub(crate) unix: Address,
    pub(crate) serving: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
    _folder: TempDir,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::limited(Limits::default())
    }

    pub(crate) fn limited(limits: Limits) -> Self {
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(private).tempdir().unwrap();
        let token = fresh_token().unwrap();
        let path = folder.path().join("api.sock");
        let door = Door::open(Some(&path), token.clone()).unwrap().limited(limits);
        let (tcp, unix) = (door.address(), door.socket().unwrap());
        let recorder = Recorder::new();
        let (stop, stopped) = oneshot::channel::<()>();
        let service = recorder.clone();
        let serving = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            door.serve(service, stopped).await.unwrap();
        });
        Self { recorder, token, tcp, unix, serving, stop: Some(stop), _folder: folder }
    }

    pub(crate) fn both(&self) -> [&Address; 2] {
        [&self.tcp, &self.unix]
    }

    pub(crate) fn socket(&self) -> PathBuf {
        match &self.unix {
            Address::Unix(path) => path.clone(),
            Address::Tcp(..) => unreachable!("the unix address is a path"),
        }
    }

    pub(crate) async fn client(&self, address: &Address) -> Client {
        Client::connect(address, &self.token).await.unwrap()
    }

    pub(crate) async fn raw(&self, address: &Address) -> Raw {
        let stream: Box<dyn Bytes> = match address {
            Address::Unix(path) => Box::new(UnixStream::connect(path).await.unwrap()),
            Address::Tcp(host, port) => {
                Box::new(TcpStream::connect((host.as_str(), *port)).await.unwrap())
            }
        };
        Raw { stream, ahead: Vec::new() }
    }

    /// The head of a request that is let in, without the empty line.
    pub(crate) fn head(&self, line: &str) -> String {
        let token = self.token.expose();
        format!("{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n")
    }

    /// A whole request.
    pub(crate) fn request(&self, line: &str, body: &str) -> String {
        format!("{}Content-Length: {}\r\n\r\n{body}", self.head(line), body.len())
    }

    /// Asks the service to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Returns when it has stopped; everybody must be gone by then.
    pub(crate) async fn stopped(mut self) -> Recorder {
        self.stop();
        timeout(PATIENCE, &mut self.serving).await.unwrap().unwrap();
        assert!(!self.socket().exists());
        assert!(self.recorder.all_ended_once(), "{:?}", self.recorder.notes());
        self.recorder.clone()
    }
}

pub(crate) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// A client without manners.
pub(crate) struct Raw {
    stream: Box<dyn Bytes>,
    /// What came behind the last reply.
    ahead: Vec<u8>,
}

/// A reply that was read by hand.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    /// Lower case.
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Said {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }
}

impl Raw {
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// As `say`, for bytes the service may refuse to take.
    pub(crate) async fn try_to_say(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.unwrap()
    }

    pub(crate) async fn half_close(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// One reply with a body of known length.
    pub(crate) async fn hear(&mut self) -> Said {
        timeout(PATIENCE, self.reply()).await.unwrap()
    }

    async fn reply(&mut self) -> Said {
        let end = loop {
            if let Some(at) = self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await;
        };
        let head = String::from_utf8(self.ahead.drain(..end).collect()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        while self.ahead.len() < length {
            self.more().await;
        }
        let body: Vec<u8> = self.ahead.drain(..length).collect();
        Said { status, head, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.ahead).await.unwrap();
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&self.ahead));
    }

    /// Returns when the service has closed the connection.
    pub(crate) async fn closed(&mut self) {
        self.rest().await;
    }

    /// Whether the last words hold this one.
    pub(crate) async fn ends_with(&mut self, word: &str) -> bool {
        String::from_utf8_lossy(&self.rest().await).contains(word)
    }

    async fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.ahead);
        // A reset is an end as well.
        let _ = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.unwrap();
        rest
    }
}
