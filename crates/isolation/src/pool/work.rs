//! What the ledger decides, done: each action in a task of its own, whose
//! outcome goes back into the ledger.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Instant;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Complaint, Globals, Session};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use super::exchange::{Exchange, Exchanged, Outgoing};
use super::handle::{PoolFigures, PoolPlan, not_held};
use super::memory::{Circumstances, Memory};
use super::news::{Action, End, Fate, Input, Refusal};
use super::sessions::{ATTEMPTS, Sessions};
use super::stock::Stock;
use super::strategy::Chooser;
use crate::lock::{is_held, run_key};
use crate::marker::{Keepsake, Marker};
use crate::{copying, inventory, removal, roles};

/// What is shared by the handles and tasks of a pool.
pub(super) struct Inner {
    pub(super) plan: PoolPlan,
    pub(super) sessions: Sessions,
    pub(super) opened: Instant,
    /// Something for `tend` to look at.
    pub(super) news: Notify,
    /// Nothing is under way any more.
    pub(super) settled: Notify,
    memory: Option<(Memory, Circumstances)>,
    ledger: Lock<Ledger>,
    turns: Lock<BTreeMap<String, Arc<Mutex<()>>>>,
}

/// The ledger and what belongs to its entries.
pub(super) struct Ledger {
    pub(super) stock: Stock,
    /// By slot: who waits.
    pub(super) orders: BTreeMap<String, Order>,
    pub(super) chooser: Chooser,
    pub(super) figures: PoolFigures,
}

/// A slot's wish for a fresh database.
pub(super) struct Order {
    pub(super) keepsake: Option<Keepsake>,
    pub(super) reply: oneshot::Sender<Result<()>>,
    /// One order for a slot at a time.
    pub(super) _turn: OwnedMutexGuard<()>,
}

impl Inner {
    pub(super) fn new(
        plan: PoolPlan,
        memory: Option<(Memory, Circumstances)>,
        ledger: Ledger,
    ) -> Self {
        Self {
            sessions: Sessions::new(plan.admin.clone()),
            plan,
            opened: Instant::now(),
            news: Notify::new(),
            settled: Notify::new(),
            memory,
            ledger: Lock::new(ledger),
            turns: Lock::new(BTreeMap::new()),
        }
    }

    /// Never held across a wait.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What puts orders for one slot one after the other.
    pub(super) fn turn(&self, slot: &str) -> Arc<Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(slot.to_owned()).or_default())
    }

    /// Tells the ledger what happened and begins what it wants done.
    pub(super) fn feed(self: &Arc<Self>, input: Input) {
        self.feed_because(input, None);
    }

    /// The same; `why` a clone could not be made. Returns it if it concerns
    /// nobody who waits.
    fn feed_because(self: &Arc<Self>, input: Input, mut why: Option<Failure>) -> Option<Failure> {
        let wanted = matches!(&input, Input::Wanted { fate, .. } if *fate != Fate::New);
        let (actions, settled) = {
            let mut ledger = self.ledger();
            let actions = ledger.stock.feed(input);
            let at_once = actions.iter().any(|one| matches!(one, Action::Swap { .. }));
            ledger.figures.from_ready += u64::from(wanted && at_once);
            (actions, ledger.stock.is_settled())
        };
        for action in actions {
            match action {
                Action::Fail { slot, why: refusal } => self.refuse(&slot, refusal, why.take()),
                Action::Make(name) => self.begin(|inner| async move {
                    let made = inner.make(&name).await;
                    let input = Input::Made { name, ok: made.is_ok() };
                    if let Some(unheard) = inner.feed_because(input, made.err()) {
                        let message = format!("no database was made ready: {}", unheard.chain());
                        inner.plan.listener.warning(message, None);
                    }
                }),
                Action::Swap { slot, fresh, outgoing } => self.begin(|inner| async move {
                    let (end, result) = inner.swap(&slot, &fresh, outgoing).await;
                    // First the ledger: an answer lets the slot's next order in.
                    inner.feed(Input::Swapped { slot: slot.clone(), end });
                    if let Some(result) = result {
                        inner.answer(&slot, result);
                    }
                }),
                Action::Drop(names) => self.begin(|inner| async move {
                    let input = inner.discard(names).await;
                    inner.feed(input);
                }),
            }
        }
        if settled {
            self.settled.notify_waiters();
        }
        why
    }

    /// Begins work in a task of its own.
    fn begin<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(Arc<Self>) -> F,
    ) {
        let (inner, work) = (Arc::clone(self), work(Arc::clone(self)));
        tokio::spawn(async move {
            work.await;
            inner.news.notify_one();
        });
    }

    /// Answers an order.
    fn answer(&self, slot: &str, result: Result<()>) {
        let order = self.ledger().orders.remove(slot);
        if let Some(order) = order {
            // The caller may have gone; the work is done all the same.
            let _ = order.reply.send(result);
        }
    }

    fn refuse(&self, slot: &str, why: Refusal, reason: Option<Failure>) {
        let run = &self.plan.run;
        let failure = match why {
            Refusal::NotMade => reason.unwrap_or_else(|| {
                Failure::new(Kind::Database, format!("no clone could be made for `{slot}`"))
            }),
            Refusal::Full => Failure::new(
                Kind::Environment,
                format!("no clone is made for `{slot}`: too many databases of the run `{run}` cannot be dropped"),
            )
            .hint("seedbed gc"),
            Refusal::Closing => {
                Failure::new(Kind::Refused, format!("the databases of the run `{run}` are being dropped"))
            }
        };
        self.answer(slot, Err(failure));
    }

    /// Clones the template, in the fastest way known or in one to be tried.
    async fn make(&self, name: &str) -> Result<()> {
        let mut attempt = 1;
        loop {
            let held = self.sessions.take().await?;
            match self.make_with(&held.session, name).await {
                Ok(()) => {
                    self.sessions.give_back(held);
                    return Ok(());
                }
                // invalid_catalog_name: somebody dropped it before it was whole.
                Err(failure)
                    if (held.is_broken(&failure) || Complaint::is(&failure, "3D000"))
                        && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn make_with(&self, session: &Session, name: &str) -> Result<()> {
        let plan = &self.plan;
        if !is_held(session, run_key(&plan.run)).await? {
            return Err(not_held(&plan.run));
        }
        // What an attempt left whose connection broke.
        self.discard_with(session, name).await?;
        self.restore_roles(session).await?;
        let strategy = self.ledger().chooser.next();
        let marker = Marker::Clone { run: plan.run.clone() };
        let template = Some(plan.template.name.as_str());
        let took = copying::copy_by(session, strategy, template, name, &marker).await?;
        let best = {
            let mut ledger = self.ledger();
            ledger.figures.made += 1;
            ledger.chooser.took(strategy, took).then(|| ledger.chooser.best())
        };
        if let (Some(best), Some((memory, circumstances))) = (best, &self.memory)
            && let Err(failure) = memory.note(circumstances, best)
        {
            plan.listener.notice(failure.chain());
        }
        Ok(())
    }

    /// Roles are cluster-wide: a test may have dropped one of the recipe's.
    async fn restore_roles(&self, session: &Session) -> Result<()> {
        if self.plan.globals == Globals::Ours {
            roles::restore(session, &self.plan.template.roles, &*self.plan.listener).await?;
        }
        Ok(())
    }

    /// Puts a fresh database in a slot's place; the answer for who waits.
    async fn swap(
        &self,
        slot: &str,
        fresh: &str,
        outgoing: Option<String>,
    ) -> (End, Option<Result<()>>) {
        let keepsake = self.ledger().orders.get(slot).and_then(|order| order.keepsake.clone());
        let outgoing = match (outgoing, keepsake) {
            (None, _) => Outgoing::Nobody,
            (Some(name), None) => Outgoing::Waste(name),
            (Some(name), Some(keepsake)) => Outgoing::Kept(name, keepsake),
        };
        let mut exchange = Exchange {
            admin: &self.plan.admin,
            run: &self.plan.run,
            slot,
            fresh,
            outgoing: &outgoing,
            seen: None,
        };
        let mut attempt = 1;
        loop {
            let held = match self.sessions.take().await {
                Ok(held) => held,
                Err(failure) => {
                    let begun = exchange.seen.is_some();
                    return (if begun { End::Unknown } else { End::Failed }, Some(Err(failure)));
                }
            };
            let done = match self.restore_roles(&held.session).await {
                Ok(()) => exchange.run(&held.session).await,
                Err(failure) => Err(failure),
            };
            match done {
                Ok(Exchanged::FreshGone) => {
                    self.sessions.give_back(held);
                    return (End::FreshGone, None);
                }
                Ok(Exchanged::Done { old }) => {
                    self.sessions.give_back(held);
                    let replaced = !matches!(outgoing, Outgoing::Nobody);
                    self.ledger().figures.replaced += u64::from(replaced);
                    return (End::Done { old }, Some(Ok(())));
                }
                Err(failure) if held.is_broken(&failure) => {
                    if attempt == ATTEMPTS {
                        return (End::Unknown, Some(Err(failure)));
                    }
                    attempt += 1;
                }
                Err(failure) => return (End::Failed, Some(Err(failure))),
            }
        }
    }

    /// Drops databases of ours.
    async fn discard(&self, names: Vec<String>) -> Input {
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for name in names {
            match self.discard_one(&name).await {
                Ok(()) => done.push(name),
                Err(failure) => {
                    let message = format!("cannot drop `{name}`: {}", failure.chain());
                    self.plan.listener.warning(message, None);
                    failed.push(name);
                }
            }
        }
        self.ledger().figures.dropped += done.len() as u64;
        Input::Dropped { done, failed }
    }

    async fn discard_one(&self, name: &str) -> Result<()> {
        let mut attempt = 1;
        loop {
            let held = self.sessions.take().await?;
            let dropped = self.discard_with(&held.session, name).await;
            match dropped {
                Ok(()) => {
                    self.sessions.give_back(held);
                    return Ok(());
                }
                Err(failure) if held.is_broken(&failure) && attempt < ATTEMPTS => attempt += 1,
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn discard_with(&self, session: &Session, name: &str) -> Result<()> {
        match inventory::named(session, name).await? {
            Some(found) if found.is_of(&self.plan.run) => {
                removal::drop_database(session, &self.plan.admin, &found).await
            }
            _ => Ok(()),
        }
    }
}
