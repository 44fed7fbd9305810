//! Connections to the maintenance database for the pool's own work: a few,
//! used again as long as they are sound.

use std::sync::{Mutex, MutexGuard, PoisonError};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, Target};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::lock::{APPLICATION, CONNECT_WAIT};

/// At once: exchanges, and one clone or drop in the background each. A clone
/// is the server's work; more at a time are not faster.
const SESSIONS_MAX: usize = 4;

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
        let session = Session::connect(&self.admin, APPLICATION, CONNECT_WAIT).await?;
        // A crash must not bring an old name back; a role's time limits are
        // meant for other work.
        let settings = "SET synchronous_commit = on; SET statement_timeout = 0; \
                        SET lock_timeout = 0; SET client_min_messages = error";
        session.batch(settings).await?;
        Ok(Held { session, _permit: permit })
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
