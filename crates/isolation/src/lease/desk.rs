//! The service behind its handle: slots, the queue, the pool and what was
//! learned, brought together.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use seedbed_api::lease::{
    Acquire, Holdings, Keep, Kept, Lane, LaneChoice, Lease, MarkRequest, MarkSet, ProblemCode,
    Released, Rewind, Rewound,
};
use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Complaint, Session};
use tokio::sync::MutexGuard;

use super::answer::told;
use super::evidence::{Evidence, IDENTITY_MAX};
use super::identity::{LeaseId, LeaseRef, SlotNumber};
use super::lanes::{self, Facts};
use super::manner::Manner;
use super::opening::{LeasePlan, SlotTargets};
use super::queue::Queue;
use super::slot::{Returned, Slot};
use super::supply::Supply;
use crate::lock::{APPLICATION, CONNECT_WAIT};
use crate::pool::PoolPlan;
use crate::{Keepsake, holdings};

/// Connections the service itself may need: one for each slot, and these.
const OWN_CONNECTIONS: u32 = 6;
/// Everything of one service.
pub(crate) struct Desk {
    pub(super) plan: LeasePlan,
    pub(crate) queue: Queue,
    pub(crate) supply: Supply,
    pub(super) places: Vec<Place>,
    evidence: Mutex<Evidence>,
    kept: Mutex<Vec<String>>,
    keepsakes: AtomicU64,
    abandoned: AtomicBool,
}

/// A slot and what may be asked without waiting for it.
pub(super) struct Place {
    slot: tokio::sync::Mutex<Slot>,
    pub(super) database: String,
    manner: Mutex<Manner>,
    /// Whether dead rows should be cleared away.
    worn: AtomicBool,
}

impl Desk {
    pub(crate) async fn open(plan: LeasePlan) -> Result<Self> {
        let supply = Supply::open(PoolPlan {
            admin: plan.admin.clone(),
            globals: plan.globals,
            template: plan.template.clone(),
            run: plan.run.clone(),
            listener: std::sync::Arc::clone(&plan.listener),
            memory: plan.memory.clone(),
        })
        .await?;
        let evidence = Evidence::open(plan.evidence.as_deref()).unwrap_or_else(|failure| {
            plan.listener.warning(failure.chain(), None);
            Evidence::default()
        });
        let mut places = Vec::with_capacity(plan.slots);
        for index in 0..plan.slots {
            let number = SlotNumber::at(index);
            let name = crate::clone_name(&plan.run, &number.0.to_string())?;
            let slot = Slot::new(number, plan.admin.with_database(&name), plan.finish);
            let facts =
                Facts { finish: plan.finish, service: plan.lane, evidence: None, obstacle: None };
            let (lane, _) = lanes::choose(LaneChoice::Auto, &facts)?;
            let manner = Manner {
                wanted: LaneChoice::Auto,
                lane,
                of_lease: None,
                test: None,
                runs: false,
                unexplained: 0,
                broken: false,
                replaced: 0,
            };
            places.push(Place {
                database: slot.database().to_owned(),
                slot: tokio::sync::Mutex::new(slot),
                manner: Mutex::new(manner),
                worn: AtomicBool::new(false),
            });
        }
        let session = connect(&plan).await?;
        // What others have open is not ours to give.
        let Holdings { limit, open, .. } = holdings(&session).await?;
        let limit = limit.saturating_sub(open);
        session.close().await;
        let own = OWN_CONNECTIONS + u32::try_from(plan.slots).unwrap_or(u32::MAX);
        Ok(Self {
            queue: Queue::new(plan.slots, limit.saturating_sub(own)),
            supply,
            places,
            evidence: Mutex::new(evidence),
            kept: Mutex::new(Vec::new()),
            keepsakes: AtomicU64::new(0),
            abandoned: AtomicBool::new(false),
            plan,
        })
    }

    /// Makes every slot's database, for holders who come without a lease.
    pub(crate) async fn warm(&self) -> Result<()> {
        for (index, place) in self.places.iter().enumerate() {
            let lease = LeaseId { slot: SlotNumber::at(index), count: 0 };
            let mut slot = place.slot.lock().await;
            slot.begin(&self.supply, lease).await?;
            let (lane, _) = self.choose(&slot, LaneChoice::Auto, None)?;
            place.manner().lane = lane;
        }
        Ok(())
    }

    /// Looks at a request before it joins the queue.
    pub(crate) fn admit(&self, request: &Acquire) -> Result<Option<SlotNumber>> {
        if let Some(wanted) = &request.template {
            let ours = self.plan.template.fingerprint.to_string();
            if wanted.is_empty() || !ours.starts_with(wanted.as_str()) {
                return Err(ProblemCode::UnknownTemplate
                    .failure("the service has another template than the client expects")
                    .hint("start the run anew: the recipe has changed"));
            }
        }
        let Some(text) = &request.slot else { return Ok(None) };
        let slot = SlotNumber::parse(text)?;
        self.place(slot).map(|_| Some(slot))
    }

    /// Prepares a slot for its new holder.
    pub(crate) async fn begin(&self, lease: LeaseId, request: &Acquire) -> Result<Lease> {
        let place = self.place(lease.slot)?;
        let mut slot = place.slot.lock().await;
        // It may have ended while we waited.
        self.queue.current(LeaseRef { slot: lease.slot, count: Some(lease.count) })?;
        let test = request.test.clone();
        let is_first = slot.base().is_empty();
        let begun = slot.begin(&self.supply, lease).await.map_err(|failure| self.gone(failure))?;
        let (lane, because) = self.choose(&slot, request.lane, test.as_deref())?;
        let mut manner = place.manner();
        *manner = Manner {
            wanted: request.lane,
            lane,
            of_lease: test.clone(),
            test,
            runs: true,
            unexplained: 0,
            broken: false,
            replaced: manner.replaced + u64::from(begun.replaced && !is_first),
        };
        let targets = self.target_of(&place.database);
        Ok(Lease {
            lease: lease.name(),
            slot: lease.slot.name(),
            url: targets.command.url().expose().to_owned(),
            socket_url: targets.socket.map(|target| target.url().expose().to_owned()),
            database: place.database.clone(),
            lane,
            because,
            mark: slot.base(),
            template: self.plan.template.fingerprint.to_string(),
        })
    }

    pub(crate) async fn mark(&self, lease: LeaseRef, request: &MarkRequest) -> Result<MarkSet> {
        let (place, mut slot) = self.leased(lease).await?;
        let (wanted, of_lease) = {
            let manner = place.manner();
            (manner.wanted, manner.of_lease.clone())
        };
        let test = request.test.clone().or(of_lease);
        let (lane, _) = self.choose(&slot, wanted, test.as_deref())?;
        {
            let mut manner = place.manner();
            manner.lane = lane;
            manner.runs = test.is_some();
            manner.test = test;
        }
        let set = slot.mark().await.map_err(|failure| self.gone(failure))?;
        let depth = u32::try_from(set.depth).unwrap_or(u32::MAX);
        Ok(MarkSet { mark: set.mark, depth, redoable: set.redoable })
    }

    pub(crate) async fn rewind(&self, lease: LeaseRef, request: &Rewind) -> Result<Rewound> {
        let (place, mut slot) = self.leased(lease).await?;
        let test = request.test.clone().or_else(|| place.manner().running().map(str::to_owned));
        let mark = request.mark.as_deref();
        if request.keep {
            let (kept, returned) = self.set_aside(&mut slot, mark, test).await?;
            place.manner().replaced += 1;
            return Ok(Rewound { kept: Some(kept), ..told(returned, false) });
        }
        let lane = place.manner().lane();
        let returned =
            slot.rewind(&self.supply, mark, lane).await.map_err(|failure| self.gone(failure))?;
        let committed = lane == Lane::Rollback && (returned.tables > 0 || returned.evidence);
        self.learn(lease.slot, place, test.as_deref(), &returned);
        place.manner().runs = false;
        place.worn.store(slot.is_worn(), Ordering::Relaxed);
        Ok(told(returned, committed))
    }

    pub(crate) async fn keep(&self, lease: LeaseRef, request: &Keep) -> Result<Kept> {
        let (place, mut slot) = self.leased(lease).await?;
        let test = request.test.clone().or_else(|| place.manner().test.clone());
        let (kept, _) = self.set_aside(&mut slot, None, test).await?;
        place.manner().replaced += 1;
        Ok(kept)
    }

    async fn set_aside(
        &self,
        slot: &mut Slot,
        mark: Option<&str>,
        test: Option<String>,
    ) -> Result<(Kept, Returned)> {
        let number = self.keepsakes.fetch_add(1, Ordering::Relaxed) + 1;
        let name = crate::kept_name(&format!("{}_{number}", self.plan.run))?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let keepsake = Keepsake {
            run: self.plan.run.clone(),
            name: slot.database().to_owned(),
            test: test.filter(|test| test.len() <= IDENTITY_MAX),
            project: Some(self.plan.project.to_string_lossy().into_owned()),
            created_s: since.map_or(0, |since| since.as_secs()),
        };
        let parted = slot.part_with(&self.supply, mark, &name, keepsake).await;
        let goal = parted.map_err(|failure| self.gone(failure))?;
        // At once: whatever fails now, the database is there.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        let url = self.target_of(&name).command.url().expose().to_owned();
        let resumed = slot.resume(&self.supply, goal).await;
        let returned = resumed.map_err(|failure| self.gone(failure))?;
        Ok((Kept { name, url }, returned))
    }

    /// Brings a slot back whose lease has ended, and offers it again. What
    /// fails is tried again by the next lease.
    pub(crate) async fn clean_up(&self, number: SlotNumber) -> Released {
        let mut released = Released { slot: number.name(), replaced: false };
        if let Ok(place) = self.place(number) {
            let mut slot = place.slot.lock().await;
            let manner = place.manner().clone();
            // Where each test is a process, the end of its lease is its only rewind.
            let test = manner.running();
            match slot.finish(&self.supply, manner.lane()).await {
                Ok(returned) => {
                    released.replaced = returned.replaced;
                    place.worn.store(slot.is_worn(), Ordering::Relaxed);
                    self.learn(number, place, test, &returned);
                }
                Err(failure) => {
                    place.manner().broken = true;
                    if !self.queue.is_ending() {
                        let slot = number.name();
                        self.plan.listener.warning(
                            format!("{slot} cannot be brought back: {}", failure.chain()),
                            Some("seedbed ps --slots".to_owned()),
                        );
                    }
                }
            }
        }
        self.queue.clean(number);
        released
    }

    /// Whether [`Desk::refresh`] has something to do.
    pub(crate) fn is_worn(&self, slot: SlotNumber) -> bool {
        self.place(slot).is_ok_and(|place| place.worn.load(Ordering::Relaxed))
    }

    /// Clears dead rows away, unless somebody wants something of the slot: then
    /// there is another time.
    pub(crate) async fn refresh(&self, slot: SlotNumber) {
        if let Ok(place) = self.place(slot)
            && let Ok(mut slot) = place.slot.try_lock()
        {
            slot.refresh().await;
            place.worn.store(slot.is_worn(), Ordering::Relaxed);
        }
    }

    /// Where holders of the nth slot, counted from 0, connect.
    pub(crate) fn targets(&self, index: usize) -> Option<SlotTargets> {
        self.places.get(index).map(|place| self.target_of(&place.database))
    }

    pub(crate) fn kept(&self) -> Vec<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn close(&self) -> Result<()> {
        self.queue.close();
        if self.abandoned.load(Ordering::Relaxed) {
            for place in &self.places {
                // What is under way ends with the server.
                if let Ok(mut slot) = place.slot.try_lock() {
                    slot.close().await;
                }
            }
            self.supply.leave().await;
            return Ok(());
        }
        for place in &self.places {
            place.slot.lock().await.close().await;
        }
        self.supply.close().await
    }

    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    /// The slot a request means, locked, and still under that lease.
    async fn leased(&self, lease: LeaseRef) -> Result<(&Place, MutexGuard<'_, Slot>)> {
        if self.queue.is_ending() {
            return Err(ProblemCode::Ending.failure("the lease service is about to end"));
        }
        self.queue.current(lease)?;
        let place = self.place(lease.slot)?;
        let slot = place.slot.lock().await;
        // It may have ended while we waited.
        let current = self.queue.current(lease)?;
        if slot.lease() != current && lease.count.is_some() {
            return Err(ProblemCode::LeaseEnded
                .failure(format!("the lease {} has ended", current.name()))
                .hint("seedbed lease -- COMMAND"));
        }
        Ok((place, slot))
    }

    pub(super) fn place(&self, slot: SlotNumber) -> Result<&Place> {
        self.places.get(slot.index()).ok_or_else(|| {
            let slots = self.places.len();
            ProblemCode::UnknownSlot
                .failure(format!("there is no {}, only {slots} slots", slot.name()))
                .hint("seedbed ps --slots")
        })
    }

    fn target_of(&self, database: &str) -> SlotTargets {
        let socket = self.plan.socket.as_ref();
        SlotTargets {
            command: self.plan.command.with_database(database),
            socket: socket.map(|target| target.with_database(database)),
        }
    }

    fn choose(
        &self,
        slot: &Slot,
        wanted: LaneChoice,
        test: Option<&str>,
    ) -> Result<(Lane, String)> {
        let evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        lanes::choose(
            wanted,
            &Facts {
                finish: self.plan.finish,
                service: self.plan.lane,
                evidence: test.and_then(|test| evidence.of(test)),
                obstacle: slot.obstacle(),
            },
        )
    }

    /// Remembers what a reset has shown, and tells it.
    fn learn(&self, number: SlotNumber, place: &Place, test: Option<&str>, returned: &Returned) {
        let mut manner = place.manner();
        if !returned.replaced {
            manner.unexplained = 0;
            return;
        }
        manner.replaced += 1;
        let Some(why) = returned.why.as_deref().filter(|_| returned.evidence) else { return };
        let Some(test) = test else {
            manner.unexplained += 1;
            return;
        };
        let mut evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        let known = evidence.of(test).is_some();
        if let Err(failure) = evidence.note(test, why) {
            self.plan.listener.warning(failure.chain(), None);
        }
        if !known {
            let slot = number.name();
            self.plan.listener.notice(format!(
                "`{test}` cannot be rewound ({why}); {slot} was replaced, and is from now on \
                 after this test"
            ));
        }
    }

    /// Says that the server is gone where that is why something failed.
    pub(super) fn gone(&self, failure: Failure) -> Failure {
        if failure.code().is_some() || !is_loss(&failure) {
            return failure;
        }
        let message = "the database server does not answer";
        ProblemCode::ServerGone.failure(message).because(failure).hint("seedbed logs")
    }
}

impl Place {
    pub(super) fn manner(&self) -> std::sync::MutexGuard<'_, Manner> {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn connect(plan: &LeasePlan) -> Result<Session> {
    Session::connect(&plan.admin, APPLICATION, CONNECT_WAIT).await
}

/// Whether a connection or the server was lost.
fn is_loss(failure: &Failure) -> bool {
    match failure.kind() {
        Kind::NoServer | Kind::ServerFailed | Kind::Timeout => true,
        // admin_shutdown, crash_shutdown, cannot_connect_now
        Kind::Database => Complaint::of(failure)
            .is_none_or(|complaint| ["57P01", "57P02", "57P03"].contains(&&*complaint.code)),
        _ => false,
    }
}
