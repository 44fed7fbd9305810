//! One connection, its driver task and what the server said about itself.
//!
//! Dropping a session, or a future of one and then the session, closes the
//! socket without waiting. From PostgreSQL 14 on the server is told to look
//! for that every second (`client_connection_check_interval`), so an
//! interrupted migration ends its statement and releases its locks soon after
//! Ctrl-C; server 13 notices at its next write to the socket.

use std::io::{Cursor, ErrorKind};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::SinkExt as _;
use seedbed_api::{Failure, Kind, Result};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::{Complaint, Host, Target};

/// Data of one COPY message; bounds memory and keeps the server busy.
const COPY_CHUNK_BYTES: usize = 64 * 1024;
/// Pause between two attempts while the server says it is starting up.
const RETRY_PAUSE: Duration = Duration::from_millis(20);
/// How long a polite goodbye may take before the socket is simply dropped.
const GOODBYE: Duration = Duration::from_secs(2);

/// A connection. Statements of one session run one after the other.
pub struct Session {
    pub(crate) client: Client,
    driver: Driver,
    version: (u16, u16),
    superuser: bool,
    place: String,
}

/// The task that moves bytes; ended together with the session.
struct Driver {
    task: JoinHandle<()>,
    /// Why it ended, where that was not our doing.
    ended: Arc<OnceLock<tokio_postgres::Error>>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Session {
    /// Connects. A server that answers "starting up" (SQLSTATE 57P03), or hangs
    /// up without an answer, is asked again until `wait` has passed; `wait` also bounds a silent host.
    ///
    /// # Errors
    /// `NoServer` when nothing listens there, `Config` when role, password or
    /// database are wrong, `Timeout` when `wait` ran out, else `Database`.
    pub async fn connect(target: &Target, application_name: &str, wait: Duration) -> Result<Self> {
        let mut config = Config::new();
        config
            .user(&target.user)
            .dbname(&target.database)
            .port(target.port)
            .application_name(application_name)
            .ssl_mode(SslMode::Disable);
        match &target.host {
            Host::Socket(folder) => config.host_path(folder),
            Host::Tcp(name) => config.host(name),
        };
        if let Some(password) = &target.password {
            config.password(password.expose());
        }
        let place = target.redacted();
        let deadline = Instant::now() + wait;
        loop {
            let (client, connection) = match timeout_at(deadline, config.connect(NoTls)).await {
                Err(_elapsed) => return Err(silent(&place, wait)),
                Ok(Ok(pair)) => pair,
                Ok(Err(error)) => {
                    // A server that is just crashing hangs up without a word.
                    let starting = error.is_closed()
                        || error.code().is_some_and(|code| code.code() == "57P03");
                    if starting && Instant::now() < deadline {
                        sleep(RETRY_PAUSE).await;
                        continue;
                    }
                    return Err(refusal(target, error));
                }
            };
            let version = connection.parameter("server_version").map_or((0, 0), parse_version);
            let superuser = connection.parameter("is_superuser") == Some("on");
            let ended = Arc::new(OnceLock::new());
            let report = Arc::clone(&ended);
            let task = tokio::spawn(async move {
                if let Err(error) = connection.await {
                    // Set once, here only.
                    let _ = report.set(error);
                }
            });
            let driver = Driver { task, ended };
            let session = Self { client, driver, version, superuser, place };
            session.live_as_long_as_we().await?;
            return Ok(session);
        }
    }

    /// Runs one or several statements and ignores their rows. Several in one
    /// text form one implicit transaction (simple query protocol).
    ///
    /// # Errors
    /// `Database` with the server's [`Complaint`] as cause.
    pub async fn batch(&self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).await.map_err(|error| self.failure(error))
    }

    /// Runs a statement and returns its rows as text; NULL is `None`.
    ///
    /// # Errors
    /// As [`Session::batch`].
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        let messages = self.client.simple_query(sql).await.map_err(|error| self.failure(error))?;
        let mut rows = Vec::new();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                rows.push((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect());
            }
        }
        Ok(rows)
    }

    /// The first column of the first row, if there is a row and it is not NULL.
    ///
    /// # Errors
    /// As [`Session::batch`].
    pub async fn value(&self, sql: &str) -> Result<Option<String>> {
        Ok(self.rows(sql).await?.into_iter().next().and_then(|row| row.into_iter().next()?))
    }

    /// Streams `data` into a `COPY … FROM STDIN` in bounded chunks and returns
    /// the number of rows.
    ///
    /// # Errors
    /// As [`Session::batch`]; the line in the data is in `Complaint::context`.
    pub async fn copy_in(&self, statement: &str, data: &[u8]) -> Result<u64> {
        let sink = self.client.copy_in::<_, Cursor<Vec<u8>>>(statement).await;
        let mut sink = pin!(sink.map_err(|error| self.failure(error))?);
        for chunk in data.chunks(COPY_CHUNK_BYTES) {
            if sink.feed(Cursor::new(chunk.to_vec())).await.is_err() {
                // The server's reason is in its answer, which `finish` reads.
                break;
            }
        }
        sink.finish().await.map_err(|error| self.failure(error))
    }

    /// Makes the session as good as new (`DISCARD ALL`): settings, temporary
    /// objects, prepared statements and advisory locks are gone.
    ///
    /// # Errors
    /// As [`Session::batch`]; inside a transaction SQLSTATE 25001.
    pub async fn reset(&self) -> Result<()> {
        self.batch("DISCARD ALL").await?;
        self.live_as_long_as_we().await
    }

    /// Says goodbye and waits until the socket is closed (at most two seconds).
    /// The server's process may need a moment more to end.
    pub async fn close(self) {
        let Self { client, mut driver, .. } = self;
        drop(client);
        // A goodbye that takes too long is cut short by the driver's drop.
        let _ = tokio::time::timeout(GOODBYE, &mut driver.task).await;
    }

    /// Whether the connection is gone: ended by the server, or broken.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Major and minor version of the server, such as `(15, 18)`.
    #[must_use]
    pub fn server_version(&self) -> (u16, u16) {
        self.version
    }

    /// Whether the role that connected is a superuser.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.superuser
    }

    /// Where this session is connected, for messages; no password in it.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Ties the session's life to ours: it ends soon after we do, and not
    /// before, however long it only holds its locks.
    async fn live_as_long_as_we(&self) -> Result<()> {
        const STAY: &str = "SET idle_session_timeout = 0";
        if self.version.0 < 14 {
            return Ok(());
        }
        let both = format!("{STAY}; SET client_connection_check_interval = '1s'");
        match self.batch(&both).await {
            // Only Linux and a few others can look (SQLSTATE 22023 elsewhere).
            Err(failure) if Complaint::is(&failure, "22023") => self.batch(STAY).await,
            other => other,
        }
    }

    pub(crate) fn failure(&self, error: tokio_postgres::Error) -> Failure {
        if let Some(report) = error.as_db_error() {
            return Failure::new(Kind::Database, format!("{} refused a statement", self.place))
                .because(Complaint::from_server(report));
        }
        if error.is_closed() {
            let failure =
                Failure::new(Kind::Database, format!("the connection to {} broke", self.place));
            return match self.driver.ended.get() {
                Some(reason) => match reason.as_db_error() {
                    Some(report) => failure.because(Complaint::from_server(report)),
                    None => failure.because(reason.to_string()),
                },
                None => failure.because(error),
            };
        }
        Failure::new(Kind::Database, format!("the conversation with {} failed", self.place))
            .because(error)
    }
}

fn silent(place: &str, wait: Duration) -> Failure {
    let seconds = wait.as_secs_f32();
    Failure::new(Kind::Timeout, format!("{place} did not answer within {seconds:.1} s"))
}

fn refusal(target: &Target, error: tokio_postgres::Error) -> Failure {
    let place = target.redacted();
    let message = format!("cannot connect to {place}");
    if let Some(report) = error.as_db_error() {
        let complaint = Complaint::from_server(report);
        let (kind, hint) = match complaint.code.as_str() {
            "28P01" | "28000" => {
                (Kind::Config, Some("check user and password of the URL".to_owned()))
            }
            "3D000" => {
                let name = crate::quote_ident(&target.database);
                (Kind::Config, Some(format!("CREATE DATABASE {name};")))
            }
            "53300" => (
                Kind::Database,
                Some("end other clients, or raise max_connections of the server".to_owned()),
            ),
            _ => (Kind::Database, None),
        };
        let failure = Failure::new(kind, message).because(complaint);
        return match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        };
    }
    let cause = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind);
    let ready = match &target.host {
        Host::Socket(folder) => format!("pg_isready -h {} -p {}", folder.display(), target.port),
        Host::Tcp(name) => format!("pg_isready -h {name} -p {}", target.port),
    };
    match cause {
        Some(ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {
            Failure::new(Kind::NoServer, format!("no server listens at {place}"))
                .because(error)
                .hint(ready)
        }
        Some(_) => Failure::new(Kind::NoServer, message).because(error).hint(ready),
        None if error.is_closed() => {
            Failure::new(Kind::NoServer, message).because(error).hint(ready)
        }
        // Such as a server that insists on a password the URL lacks.
        None => Failure::new(Kind::Config, message).because(error),
    }
}

/// Leading numbers of `15.18 (Debian …)`, `17beta1`, `16.4`.
fn parse_version(text: &str) -> (u16, u16) {
    let mut numbers = text
        .split(|character: char| !character.is_ascii_digit())
        .map(|digits| digits.parse().unwrap_or(0));
    let major = numbers.next().unwrap_or(0);
    let minor = if text.starts_with(&format!("{major}.")) { numbers.next() } else { None };
    (major, minor.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_two_numbers() {
        for (text, expected) in [
            ("15.18 (Debian 15.18-1.pgdg12+1)", (15, 18)),
            ("18.4", (18, 4)),
            ("19beta2", (19, 0)),
            ("13devel", (13, 0)),
            ("", (0, 0)),
        ] {
            assert_eq!(parse_version(text), expected, "{text}");
        }
    }
}
