//! A run, action by action.
//!
//! Invariants: runs of one runner go one after the other; the settings of a
//! session that is not the runner's own stay as they are, outside a transaction
//! of our own.

use std::borrow::Borrow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use seedbed_api::Result;
use seedbed_api::plan::{Made, Trouble};
use seedbed_factory::{Action, Compiled, Manner, Row, Run};

use super::own::Own;
use super::source::ValueSource;
use super::statements::Statements;
use crate::{Prepared, Session};

/// How long a statement waits for another session's lock, where nothing else
/// was set. Longer than a test's transaction lasts, shorter than a person's patience.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ran {
    /// All rows are there, parents before children.
    Done(Vec<Made>),
    /// They could not be made; a factory knows what it means.
    Trouble(Box<Trouble>),
}

/// Runs plans on one session, whose parsed statements it keeps.
pub struct Runner<S> {
    session: S,
    pub(super) statements: Mutex<Statements<Prepared>>,
    turn: tokio::sync::Mutex<()>,
    /// Whether a transaction is open during the present run.
    open: AtomicBool,
    /// Whether its BEGIN goes with the next statement.
    begins: AtomicBool,
    lock_wait: Duration,
    /// Whether nobody else relies on the session's settings.
    owns: bool,
    /// Whether waiting for locks is bounded for the rest of the session.
    bounded: AtomicBool,
    log: Option<Mutex<Vec<String>>>,
}

impl Runner<Session> {
    /// On a session that nobody else relies on: that waiting for locks is
    /// bounded is said once, with the first statement that writes outside a
    /// transaction, and stays.
    #[must_use]
    pub fn owning(session: Session) -> Self {
        Self { owns: true, ..Self::new(session) }
    }
}

impl<S: Borrow<Session>> Runner<S> {
    /// On this session, which may be somebody's: its settings stay as they are.
    #[must_use]
    pub fn new(session: S) -> Self {
        Self {
            session,
            statements: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            open: AtomicBool::new(false),
            begins: AtomicBool::new(false),
            lock_wait: LOCK_WAIT,
            owns: false,
            bounded: AtomicBool::new(false),
            log: None,
        }
    }

    /// Waits so long for locks of other sessions (at least a millisecond) in
    /// transactions of its own, unless `lock_timeout` is set; 10 s without this.
    /// To be said before the first run.
    #[must_use]
    pub fn waiting(mut self, lock_wait: Duration) -> Self {
        self.lock_wait = lock_wait.max(Duration::from_millis(1));
        self
    }

    /// Keeps the text of every statement it sends, for [`Runner::log`].
    #[must_use]
    pub fn logging(mut self) -> Self {
        self.log = Some(Mutex::default());
        self
    }

    /// The statements sent since the last call, where they are kept. They hold
    /// no values.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        let log = self.log.as_ref().map(|log| log.lock().unwrap_or_else(PoisonError::into_inner));
        log.map(|mut log| std::mem::take(&mut *log)).unwrap_or_default()
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &Session {
        self.session.borrow()
    }

    /// Forgets the parsed statements, and that waiting is bounded: after
    /// [`Session::reset`] the server knows neither. Needed before a run in the
    /// caller's transaction, and where the session is the runner's own.
    pub fn forget(&self) {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.set_bounded(false);
    }

    /// Runs a compiled call. `manner` says whether a transaction is open on the
    /// session; it is then still open afterwards, and usable. Dropping the
    /// future in a transaction of the run's own undoes it and ends the session:
    /// at once, or while a statement is under way when the session is dropped.
    ///
    /// # Errors
    /// What `source` says; `Database` when the connection breaks; `Config` and
    /// `Bug` as [`Run`]. What the server refuses is no error but [`Ran::Trouble`].
    pub async fn run<V: ValueSource>(
        &self,
        compiled: Compiled,
        manner: Manner,
        source: &mut V,
    ) -> Result<Ran> {
        let _turn = self.turn.lock().await;
        self.set_open(manner == Manner::InTransaction);
        let mut run = Run::new(compiled.plan, compiled.arguments, compiled.count, manner)?;
        let mut own = Own::new(self);
        let ran = self.drive(&mut run, &mut own, source).await;
        if ran.is_err() {
            // The failure is what matters; a server that is gone has rolled back.
            let _ = own.roll_back().await;
        }
        ran
    }

    async fn drive<V: ValueSource>(
        &self,
        run: &mut Run,
        own: &mut Own<'_, S>,
        source: &mut V,
    ) -> Result<Ran> {
        loop {
            let told: Result<Vec<Row>> = match run.action()? {
                Action::Begin => {
                    own.begin();
                    Ok(Vec::new())
                }
                Action::Query { sql, parameters, savepoint, writes } => {
                    self.statement(sql, parameters, savepoint, writes).await
                }
                Action::Values(request) => {
                    let values = source.values(&request).await?;
                    run.valued(values);
                    continue;
                }
                Action::Commit => own.commit().await.map(|()| Vec::new()),
                Action::Rollback => own.roll_back().await.map(|()| Vec::new()),
                Action::Done(made) => return Ok(Ran::Done(made)),
                Action::Trouble(trouble) => return Ok(Ran::Trouble(trouble)),
            };
            match told {
                Ok(rows) => run.answered(rows)?,
                Err(failure) => match self.refusal(&failure) {
                    Some(refusal) => run.refused(refusal)?,
                    None => return Err(failure),
                },
            }
        }
    }

    /// Asks the server something during a run, without harm to a transaction.
    pub(super) async fn ask(&self, sql: &str, parameters: Row) -> Result<Vec<Row>> {
        self.statement(sql, parameters, self.is_open(), false).await
    }

    pub(super) fn lock_wait(&self) -> Duration {
        self.lock_wait
    }

    /// Whether a bound that is set outside a transaction may stay.
    pub(super) fn owns(&self) -> bool {
        self.owns
    }

    /// Whether waiting for locks is bounded already.
    pub(super) fn is_bounded(&self) -> bool {
        self.bounded.load(Ordering::Relaxed)
    }

    pub(super) fn set_bounded(&self, bounded: bool) {
        self.bounded.store(bounded, Ordering::Relaxed);
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }

    /// Has the next statement begin a transaction.
    pub(super) fn set_begin(&self) {
        self.begins.store(true, Ordering::Relaxed);
    }

    /// Whether that is still to be done; asked once.
    pub(super) fn take_begin(&self) -> bool {
        self.begins.swap(false, Ordering::Relaxed)
    }

    pub(super) fn note(&self, statements: &[&str]) {
        if let Some(log) = &self.log {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.extend(statements.iter().map(|sql| (*sql).to_owned()));
        }
    }
}
