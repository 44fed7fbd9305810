//! Fresh databases for slots, and the hold on the run that they need. A server
//! that crashed has forgotten who held what: the run is held anew, before a
//! sweep takes its databases for a dead run's.
//!
//! *Invariant*: whoever opened the service holds the run; this room only steps
//! in when that hold is lost.

use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, Target};
use tokio::sync::Mutex;
use tokio::sync::watch::Sender;
use tokio::time::sleep;

use crate::Keepsake;
use crate::lock::{APPLICATION, CONNECT_WAIT, is_held, run_key, try_lock};
use crate::pool::{Pool, PoolFigures, PoolPlan};

/// Between two looks whether the server has ended our connection.
const LOOK: Duration = Duration::from_millis(250);

/// The pool and the hold.
pub(crate) struct Supply {
    pool: Pool,
    admin: Target,
    run: String,
    /// Ends with the server's memory; by that a crash is noticed.
    watch: Mutex<Option<Session>>,
    /// Whether the server could not be reached when that was last looked at.
    gone: Sender<bool>,
}

impl Supply {
    pub(crate) async fn open(plan: PoolPlan) -> Result<Self> {
        let (admin, run) = (plan.admin.clone(), plan.run.clone());
        Ok(Self {
            pool: Pool::open(plan).await?,
            admin,
            run,
            watch: Mutex::new(None),
            gone: Sender::new(false),
        })
    }

    /// As [`Pool::replace`], also after a crash of the server.
    pub(crate) async fn replace(&self, name: &str) -> Result<()> {
        match self.unless_gone(self.pool.replace(name)).await {
            // Such as "the run is not held".
            Err(failure) if failure.kind() == Kind::ServerFailed && self.hold_anew().await => {
                self.pool.replace(name).await
            }
            Err(failure) => Err(self.explain(failure).await),
            Ok(()) => Ok(()),
        }
    }

    /// As [`Pool::set_aside`], also after a crash of the server.
    pub(crate) async fn set_aside(&self, name: &str, kept: &str, what: Keepsake) -> Result<()> {
        match self.unless_gone(self.pool.set_aside(name, kept, what.clone())).await {
            Err(failure) if failure.kind() == Kind::ServerFailed && self.hold_anew().await => {
                self.pool.set_aside(name, kept, what).await
            }
            Err(failure) => Err(self.explain(failure).await),
            Ok(()) => Ok(()),
        }
    }

    /// Looks after the pool and the hold, until the service is closed.
    pub(crate) async fn tend(&self) {
        tokio::select! {
            () = self.pool.tend() => {}
            () = self.keep_held() => {}
        }
    }

    /// Figures of the pool.
    pub(crate) fn figures(&self) -> PoolFigures {
        self.pool.figures()
    }

    /// Drops every database of the run but kept ones.
    pub(crate) async fn close(&self) -> Result<()> {
        let closed = self.pool.close().await;
        self.leave().await;
        closed
    }

    /// Gives the connection back.
    pub(crate) async fn leave(&self) {
        let watch = self.watch.lock().await.take();
        if let Some(watch) = watch {
            watch.close().await;
        }
    }

    /// What the pool complains of may be no more than what a lost server looks
    /// like, such as databases that cannot be dropped.
    async fn explain(&self, failure: Failure) -> Failure {
        match Session::connect(&self.admin, APPLICATION, CONNECT_WAIT).await {
            Ok(session) => {
                session.close().await;
                failure
            }
            Err(lost) => Failure::new(Kind::NoServer, "the server is gone")
                .because(lost)
                .detail(failure.chain()),
        }
    }

    /// Work of the pool, given up when the server is gone: a process of its may
    /// live on without it and wait for a checkpoint (60 s long,
    /// `MAX_SIGNAL_TRIES` in checkpointer.c). The pool ends what it began.
    async fn unless_gone(&self, work: impl Future<Output = Result<()>>) -> Result<()> {
        let mut gone = self.gone.subscribe();
        tokio::select! {
            biased;
            done = work => done,
            Ok(_) = gone.wait_for(|gone| *gone) => {
                Err(Failure::new(Kind::NoServer, "the server is gone"))
            }
        }
    }

    async fn keep_held(&self) {
        loop {
            // What fails now is tried again at the next look.
            if self.watch.lock().await.as_ref().is_none_or(Session::is_closed) {
                let _ = self.hold_anew().await;
                let found = self.watch.lock().await.is_some();
                self.gone.send_replace(!found);
            }
            sleep(LOOK).await;
        }
    }

    /// Takes the hold if nobody has it; whether somebody has it afterwards.
    async fn hold_anew(&self) -> bool {
        let mut watch = self.watch.lock().await;
        if watch.as_ref().is_none_or(Session::is_closed) {
            *watch = Session::connect(&self.admin, APPLICATION, CONNECT_WAIT).await.ok();
        }
        let Some(session) = watch.as_ref() else { return false };
        let key = run_key(&self.run);
        match is_held(session, key).await {
            Ok(false) => try_lock(session, key).await.unwrap_or(false),
            held => held.unwrap_or(false),
        }
    }
}
