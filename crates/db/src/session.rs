//! One connection and what the server said about itself.
//!
//! Dropping a session closes the socket without waiting. From PostgreSQL 14 on
//! the server is told to look for that every second
//! (`client_connection_check_interval`), so an interrupted migration ends its
//! statement and releases its locks soon after Ctrl-C; server 13 notices at its
//! next write to the socket.
//!
//! Dropping a future of a session half-way ends the session: nobody knows what
//! the server did of it, and its answer belongs to no question.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::BytesMut;
use seedbed_api::{Failure, Kind, Result};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::pipeline::Forgotten;
use crate::wire::{End, Line, Refusal, Reply, Train, log_in};
use crate::{Complaint, Host, Target, Value};

/// Pause between two attempts while the server says it is starting up.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// A connection. Statements of one session run one after the other.
pub struct Session {
    line: Mutex<Line>,
    pub(crate) forgotten: Forgotten,
    version: (u16, u16),
    superuser: bool,
    place: String,
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
            .application_name(application_name)
            .ssl_mode(SslMode::Disable);
        if let Some(password) = &target.password {
            config.password(password.expose());
        }
        let place = target.redacted();
        let deadline = Instant::now() + wait;
        loop {
            let (line, greeting) = match timeout_at(deadline, log_in(target, &config)).await {
                Err(_elapsed) => return Err(silent(&place, wait)),
                Ok(Ok(entered)) => entered,
                Ok(Err(refused)) => {
                    // A server that is just crashing hangs up without a word.
                    if refused.is_passing() && Instant::now() < deadline {
                        sleep(RETRY_PAUSE).await;
                        continue;
                    }
                    return Err(refusal(target, refused));
                }
            };
            let session = Self {
                line: Mutex::new(line),
                forgotten: Forgotten::default(),
                version: greeting.get("server_version").map_or((0, 0), parse_version),
                superuser: greeting.get("is_superuser") == Some("on"),
                place,
            };
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
        self.query(sql, false, None).await.map(drop)
    }

    /// Runs a statement and returns its rows as text; NULL is `None`.
    ///
    /// # Errors
    /// As [`Session::batch`].
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        let reply = self.query(sql, true, None).await?;
        let rows = reply.answers.into_iter().flat_map(|answer| answer.rows);
        rows.map(|row| row.into_iter().map(Value::into_text).collect::<io::Result<_>>())
            .collect::<io::Result<_>>()
            .map_err(|error| self.misunderstanding(error))
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
        let reply = self.query(statement, false, Some(data)).await?;
        if !reply.took_data {
            return Err(self.misunderstanding("the statement asks for no data"));
        }
        Ok(reply.answers.last().map_or(0, |answer| answer.affected))
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

    /// Says goodbye and closes the socket. The server's process may need a
    /// moment more to end.
    pub async fn close(self) {
        self.line.into_inner().close();
    }

    /// Whether the connection is gone: ended by the server, broken, or left by
    /// a call that was given up half-way. Not while a call runs.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.line.try_lock().is_ok_and(|mut line| line.is_ended())
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

    /// Sends a text by the simple query protocol.
    async fn query(&self, sql: &str, keeps_rows: bool, data: Option<&[u8]>) -> Result<Reply> {
        let train = Train::query(sql).map_err(|error| self.misunderstanding(error))?;
        self.exchange(train, keeps_rows, data).await
    }

    /// Sends a train and waits for all of its reply.
    pub(crate) async fn exchange(
        &self,
        train: BytesMut,
        keeps_rows: bool,
        data: Option<&[u8]>,
    ) -> Result<Reply> {
        let reply = self.line.lock().await.exchange(train, keeps_rows, data).await;
        let reply = reply.map_err(|end| self.broken(end))?;
        if let Some(complaint) = reply.complaint {
            return Err(Failure::new(
                Kind::Database,
                format!("{} refused a statement", self.place),
            )
            .because(complaint));
        }
        if reply.gave_data {
            return Err(self.misunderstanding("nobody takes the data of a COPY … TO STDOUT"));
        }
        Ok(reply)
    }

    fn broken(&self, end: End) -> Failure {
        let failure =
            Failure::new(Kind::Database, format!("the connection to {} broke", self.place));
        match end {
            End::Told(complaint) => failure.because(*complaint),
            End::Lost(why) => failure.because(why),
            End::GivenUp => failure.because("an earlier call was given up half-way"),
        }
    }

    pub(crate) fn misunderstanding(
        &self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Failure {
        Failure::new(Kind::Database, format!("the conversation with {} failed", self.place))
            .because(cause)
    }
}

fn silent(place: &str, wait: Duration) -> Failure {
    let seconds = wait.as_secs_f32();
    Failure::new(Kind::Timeout, format!("{place} did not answer within {seconds:.1} s"))
}

fn refusal(target: &Target, refusal: Refusal) -> Failure {
    let place = target.redacted();
    let message = format!("cannot connect to {place}");
    if let Some(complaint) = refusal.complaint() {
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
    let ready = match &target.host {
        Host::Socket(folder) => format!("pg_isready -h {} -p {}", folder.display(), target.port),
        Host::Tcp(name) => format!("pg_isready -h {name} -p {}", target.port),
    };
    match &refusal {
        Refusal::Unreachable(error)
            if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) =>
        {
            Failure::new(Kind::NoServer, format!("no server listens at {place}"))
                .because(refusal)
                .hint(ready)
        }
        _ if refusal.is_loss() => {
            Failure::new(Kind::NoServer, message).because(refusal).hint(ready)
        }
        // Such as a server that insists on a password the URL lacks.
        _ => Failure::new(Kind::Config, message).because(refusal),
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
