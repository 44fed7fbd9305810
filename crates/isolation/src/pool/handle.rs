//! The handle of a pool: what a lease service asks of it.
//!
//! *Invariant*: what is begun is finished also if the caller's future is
//! dropped half-way; the work runs in tasks of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use seedbed_api::{Failure, Kind, Listener, Result};
use seedbed_db::{Globals, Session, Target};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::memory::{Circumstances, Memory};
use super::news::{Fate, Input, State};
use super::stock::{Bounds, Stock};
use super::strategy::Chooser;
use super::work::{Inner, Ledger, Order};
use crate::Template;
use crate::inventory;
use crate::lock::{APPLICATION, CONNECT_WAIT, is_held, run_key};
use crate::marker::{Keepsake, clone_name, is_kept_name, run_in_name};
use crate::removal::drop_run;

/// Between two looks at the time while there is something to do in time.
const TICK: Duration = Duration::from_millis(50);
/// The same while there is not.
const NAP: Duration = Duration::from_secs(5);
/// How long work under way may take at the end.
const CLOSE_WAIT: Duration = Duration::from_secs(30);
/// Words in the names of databases that belong to no slot.
const WORDS: [&str; 2] = ["ready_", "waste_"];

/// What a pool is made of.
pub struct PoolPlan {
    /// The maintenance database, the same that all processes use.
    pub admin: Target,
    /// Whose the server's cluster-wide objects are.
    pub globals: Globals,
    /// What is cloned.
    pub template: Template,
    /// The run that owns the clones; it must be held ([`crate::hold`]).
    pub run: String,
    /// Hears notices and warnings of background work.
    pub listener: Arc<dyn Listener>,
    /// The file in which the fastest way to clone is remembered, if any.
    pub memory: Option<PathBuf>,
}

/// Figures of a pool, for reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolFigures {
    /// Databases that are ready now.
    pub ready: usize,
    /// How many are aimed at.
    pub demand: usize,
    /// Databases that wait to be dropped.
    pub waste: usize,
    /// Clones made so far.
    pub made: u64,
    /// Databases replaced so far, set aside ones included.
    pub replaced: u64,
    /// How many of these found a ready one.
    pub from_ready: u64,
    /// Databases dropped so far, without those dropped at the end.
    pub dropped: u64,
    /// How clones are made: the fastest way known so far.
    pub strategy: &'static str,
    /// Whether that is measured (or remembered), not only expected.
    pub measured: bool,
}

/// A pool of clones of one template for one run; clones of the handle are the
/// same pool.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

impl Pool {
    /// Opens a pool. What an earlier pool of the same run left ready or half
    /// dropped becomes waste; slots' databases are left alone.
    ///
    /// # Errors
    /// `ServerFailed` if the run is not held; `Bug` if its name is unusable;
    /// those of [`Session::connect`].
    pub async fn open(plan: PoolPlan) -> Result<Self> {
        let prefix = clone_name(&plan.run, "")?;
        // The longest name the pool will give.
        clone_name(&plan.run, &format!("ready_{}", u32::MAX))?;
        let session = Session::connect(&plan.admin, APPLICATION, CONNECT_WAIT).await?;
        if !is_held(&session, run_key(&plan.run)).await? {
            return Err(not_held(&plan.run));
        }
        let (mut waste, mut first) = (Vec::new(), 0);
        for found in inventory::all(&session).await?.into_iter().filter(|one| one.is_of(&plan.run))
        {
            if let Some(number) = own_number(&prefix, &found.name) {
                first = first.max(number + 1);
                waste.push(found.name);
            }
        }
        let circumstances = Circumstances::of(&session, &plan.admin, &plan.template.name).await?;
        let memory = plan.memory.clone().map(Memory);
        let remembered = memory.as_ref().and_then(|memory| memory.recall(&circumstances));
        let chooser = Chooser::new(session.server_version().0, circumstances.fsync, remembered);
        session.close().await;
        let ledger = Ledger {
            stock: Stock::new(prefix, first, waste, Bounds::USUAL),
            orders: BTreeMap::new(),
            chooser,
            figures: PoolFigures::default(),
        };
        Ok(Self(Arc::new(Inner::new(plan, memory.map(|one| (one, circumstances)), ledger))))
    }

    /// A fresh clone under `name`, one of [`clone_name`] for this run.
    ///
    /// # Errors
    /// `Refused` if the name is taken; `Bug` if it is not the run's; those of
    /// a clone that cannot be made.
    pub async fn make(&self, name: &str) -> Result<Target> {
        self.order(name, Fate::New, None).await?;
        Ok(self.0.plan.admin.with_database(name))
    }

    /// The database `name` becomes a fresh clone, whether it exists or not;
    /// its sessions are ended. A client that connects meanwhile is refused.
    /// After a failure the old database may stay closed to everyone, so that
    /// nobody takes it for a fresh one; a further call goes on from there.
    ///
    /// # Errors
    /// `Refused` if the database under the name is not the run's; `Timeout` if
    /// its sessions do not end; those of a clone that cannot be made.
    pub async fn replace(&self, name: &str) -> Result<()> {
        self.order(name, Fate::Waste, None).await
    }

    /// The database `name` is renamed to `kept` (one of [`crate::kept_name`])
    /// and marked as kept, which no sweep drops; `name` becomes a fresh clone.
    ///
    /// # Errors
    /// As [`Pool::replace`]; also `Refused` if there is no such database, or
    /// the new name is taken.
    pub async fn set_aside(&self, name: &str, kept: &str, keepsake: Keepsake) -> Result<()> {
        if !is_kept_name(kept) {
            let message = format!("`{kept}` is no name of a kept database");
            return Err(Failure::new(Kind::Bug, message));
        }
        self.order(name, Fate::Kept(kept.to_owned()), Some(keepsake)).await
    }

    /// Makes databases ready ahead of demand and drops waste, until the pool
    /// is closed. Meant for a task of its own; it may be dropped at any time
    /// and called again.
    pub async fn tend(&self) {
        loop {
            let now = self.0.opened.elapsed();
            self.0.feed(Input::Tick { now });
            let (closing, busy) = {
                let ledger = self.0.ledger();
                (ledger.stock.is_closing(), ledger.stock.needs_ticks())
            };
            if closing {
                return;
            }
            // Either way there is something to look at.
            let _ = timeout(if busy { TICK } else { NAP }, self.0.news.notified()).await;
        }
    }

    /// Drops every clone of the run except the kept, slots' ones included, and
    /// finishes interrupted drops. The pool gives out nothing afterwards.
    ///
    /// # Errors
    /// The first failure, after all have been tried.
    pub async fn close(&self) -> Result<()> {
        self.0.feed(Input::Closing);
        self.0.news.notify_one();
        let deadline = Instant::now() + CLOSE_WAIT;
        loop {
            let settled = self.0.settled.notified();
            if self.0.ledger().stock.is_settled() || Instant::now() > deadline {
                break;
            }
            // Looks again by itself, should the news have come in between.
            let _ = timeout(TICK, settled).await;
        }
        self.0.sessions.close().await;
        drop_run(&self.0.plan.admin, &self.0.plan.run).await
    }

    /// Figures, for reports.
    #[must_use]
    pub fn figures(&self) -> PoolFigures {
        let ledger = self.0.ledger();
        PoolFigures {
            ready: ledger.stock.count(State::Ready),
            demand: ledger.stock.demand(),
            waste: ledger.stock.count(State::Waste) + ledger.stock.count(State::Dropping),
            strategy: ledger.chooser.best().word(),
            measured: ledger.chooser.is_settled(),
            ..ledger.figures.clone()
        }
    }

    /// Orders a fresh database for a slot and waits for it.
    async fn order(&self, slot: &str, fate: Fate, keepsake: Option<Keepsake>) -> Result<()> {
        let inner = &self.0;
        let run = &inner.plan.run;
        let prefix = clone_name(run, "")?;
        let spoken_for = slot
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_prefix('_'))
            .is_some_and(|word| WORDS.iter().any(|one| word.starts_with(one)));
        if run_in_name(slot) != Some(run) || spoken_for {
            return Err(Failure::new(
                Kind::Bug,
                format!("`{slot}` is no name for a slot of the run `{run}`"),
            ));
        }
        let turn = inner.turn(slot).lock_owned().await;
        let (reply, answer) = oneshot::channel();
        inner.ledger().orders.insert(slot.to_owned(), Order { keepsake, reply, _turn: turn });
        inner.feed(Input::Wanted { slot: slot.to_owned(), fate });
        inner.news.notify_one();
        answer.await.unwrap_or_else(|closed| {
            Err(Failure::new(Kind::Bug, "the pool forgot an order").because(closed))
        })
    }
}

/// The number in a name the pool itself gave.
fn own_number(prefix: &str, name: &str) -> Option<u64> {
    let rest = name.strip_prefix(prefix)?.strip_prefix('_')?;
    WORDS.iter().find_map(|word| rest.strip_prefix(word)?.parse().ok())
}

/// A run that is not held may be swept any moment.
pub(super) fn not_held(run: &str) -> Failure {
    Failure::new(
        Kind::ServerFailed,
        format!("the run `{run}` is not held: the server ended the connection that did"),
    )
}
