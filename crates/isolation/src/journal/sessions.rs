//! The other sessions of the database. One that holds a transaction id, a
//! snapshot while it waits, or a lock the undo needs is ended; readers that
//! hold nothing are only reported.

use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, Value};
use tokio::time::{Instant, sleep};

/// How long the server may take to end sessions; `pg_terminate_backend` with a
/// timeout of its own looks only every 100 ms.
const END_WAIT: Duration = Duration::from_secs(5);
const END_PAUSE: Duration = Duration::from_millis(1);

/// What a session holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A transaction that wrote or locked rows.
    Transaction,
    /// A snapshot, while its transaction waits for the client.
    Snapshot,
    /// A lock on a table.
    Lock,
    /// Nothing but an open transaction.
    Nothing,
    /// A prepared transaction (`PREPARE TRANSACTION`), which has no session.
    Prepared,
}

impl Holds {
    fn named(name: &str) -> Self {
        match name {
            "transaction" => Self::Transaction,
            "snapshot" => Self::Snapshot,
            "lock" => Self::Lock,
            _ => Self::Nothing,
        }
    }
}

/// A session that is inside a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Process number of its backend; 0 for a prepared transaction.
    pub pid: i32,
    /// Its `application_name`, which carries the test's identity.
    pub application: String,
    /// The role that connected.
    pub role: String,
    /// What it holds.
    pub holds: Holds,
}

impl SessionInfo {
    /// A transaction that was prepared and left.
    pub(super) fn prepared() -> Self {
        Self { pid: 0, application: String::new(), role: String::new(), holds: Holds::Prepared }
    }

    /// Reads a row such as those of `lockers.sql`.
    pub(crate) fn read(row: &[Value]) -> Result<Self> {
        let text = |index: usize| row.get(index).and_then(Value::as_text).unwrap_or_default();
        let pid = text(0).parse().map_err(|error| {
            Failure::new(Kind::Bug, "a process number is no number").because(error)
        });
        Ok(Self {
            pid: pid?,
            application: text(1).into(),
            role: text(2).into(),
            holds: Holds::named(text(3)),
        })
    }

    /// Reads a JSON list of such rows, as in `probe.sql`; NULL is an empty one.
    pub(super) fn read_list(list: &Value) -> Result<Vec<Self>> {
        let Some(list) = list.as_text() else { return Ok(Vec::new()) };
        let list: Vec<(i32, String, String, String)> =
            serde_json::from_str(list).map_err(|error| {
                Failure::new(Kind::Bug, "the list of sessions cannot be read").because(error)
            })?;
        let session = |(pid, application, role, holds): (i32, String, String, String)| Self {
            pid,
            application,
            role,
            holds: Holds::named(&holds),
        };
        Ok(list.into_iter().map(session).collect())
    }

    /// Whether it stands in the way of a rewind.
    pub(crate) fn is_in_the_way(&self) -> bool {
        self.holds != Holds::Nothing
    }
}

/// Ends sessions and waits until they are gone.
pub(crate) async fn end(session: &Session, sessions: &[SessionInfo]) -> Result<()> {
    let pids: Vec<String> = sessions.iter().map(|other| other.pid.to_string()).collect();
    let pids = format!("'{{{}}}'::integer[]", pids.join(","));
    session.rows(&format!("SELECT pg_terminate_backend(pid) FROM unnest({pids}) pid")).await?;
    let left = format!(
        "SELECT string_agg(pid::text, ', ') FROM pg_stat_get_activity(NULL) WHERE pid = ANY ({pids})"
    );
    let deadline = Instant::now() + END_WAIT;
    while let Some(left) = session.value(&left).await? {
        if Instant::now() > deadline {
            let seconds = END_WAIT.as_secs();
            return Err(Failure::new(
                Kind::Timeout,
                format!("sessions of the test do not end within {seconds} s: {left}"),
            )
            .hint(format!("SELECT * FROM pg_stat_activity WHERE pid IN ({left})")));
        }
        sleep(END_PAUSE).await;
    }
    Ok(())
}
