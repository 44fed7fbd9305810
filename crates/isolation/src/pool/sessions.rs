//! Connections to the maintenance database for the pool's own work: a few,
//! used again as long as they are sound.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Complaint, Session, Target};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;

use crate::lock::{APPLICATION, CONNECT_WAIT};

/// At once: exchanges, and one clone or drop in the background each. A clone
/// is the server's work; more at a time are not faster.
const SESSIONS_MAX: usize = 4;

/// How often work is taken up again after its connection broke.
pub(crate) const ATTEMPTS: u32 = 4;
/// Pause before another attempt to connect.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// The connections.
pub(crate) struct Sessions {
    admin: Target,
    idle: Mutex<Vec<Session>>,
    permits: Semaphore,
}

/// A connection in use. It is used again only if it is given back.
pub(crate) struct Held<'a> {
    pub(crate) session: Session,
    _permit: SemaphorePermit<'a>,
}

impl Held<'_> {
    /// Whether a failure says that the connection broke, rather than that the
    /// server refused something.
    pub(crate) fn is_broken(&self, failure: &Failure) -> bool {
        was_cut_off(failure) || self.session.is_closed()
    }
}

impl Sessions {
    pub(crate) fn new(admin: Target) -> Self {
        Self { admin, idle: Mutex::new(Vec::new()), permits: Semaphore::new(SESSIONS_MAX) }
    }

    /// A connection, once fewer than the most are in use.
    pub(crate) async fn take(&self) -> Result<Held<'_>> {
        let permit = self.permits.acquire().await;
        let permit = permit.map_err(|closed| {
            Failure::new(Kind::Bug, "the pool's connections are closed").because(closed)
        })?;
        loop {
            let Some(session) = self.idle().pop() else { break };
            if !session.is_closed() {
                return Ok(Held { session, _permit: permit });
            }
        }
        let mut attempt = 1;
        loop {
            match self.connect().await {
                Ok(session) => return Ok(Held { session, _permit: permit }),
                // A server that restarts after a crash resets connections.
                Err(failure) if was_lost(&failure) && attempt < ATTEMPTS => {
                    attempt += 1;
                    sleep(RETRY_PAUSE).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn connect(&self) -> Result<Session> {
        let session = Session::connect(&self.admin, APPLICATION, CONNECT_WAIT).await?;
        // A crash must not bring an old name back; a role's time limits are
        // meant for other work.
        let settings = "SET synchronous_commit = on; SET statement_timeout = 0; \
                        SET lock_timeout = 0; SET client_min_messages = error";
        session.batch(settings).await?;
        Ok(session)
    }

    /// Takes a sound connection back, outside any transaction.
    pub(crate) fn give_back(&self, held: Held<'_>) {
        if !held.session.is_closed() {
            self.idle().push(held.session);
        }
    }

    /// Closes those that are idle.
    pub(crate) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for session in idle {
            session.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `admin_shutdown`, `crash_shutdown`, `cannot_connect_now`.
fn was_cut_off(failure: &Failure) -> bool {
    ["57P01", "57P02", "57P03"].iter().any(|code| Complaint::is(failure, code))
}

/// The same, or the server said nothing at all.
fn was_lost(failure: &Failure) -> bool {
    let silent = Complaint::of(failure).is_none() && failure.kind() != Kind::Timeout;
    silent || was_cut_off(failure)
}
