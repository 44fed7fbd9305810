//! Factories for clients of the lease service: plans, values and diagnoses for
//! those who run plans themselves, and rows made from outside.
//!
//! What a database looks like is asked with each plan and each make, of its
//! journal or of the catalogs, so a replaced database and a changed schema are
//! noticed then. Values and diagnoses are
//! given by the factory that made the latest plan for that database: a client
//! that holds an older plan is told to ask for it again.
//!
//! *Invariant*: sessions are opened when they are needed and given up at once
//! when a client hangs up; a few are kept for the next request.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use seedbed_api::lease::ProblemCode;
use seedbed_api::plan::{
    Call, Diagnosis, Made, Planned, SchemaFacts, Trouble, Values, ValuesRequest,
};
use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{FactoryValues, Runner, Session, Target, ValueSource as _};
use seedbed_factory::Manner;
use seedbed_isolation::{Leases, SlotTargets, journal};

use super::catalog::{Catalog, Known};
use super::facts;
use super::opening::{self, APPLICATION, CONNECT_WAIT, SETTINGS};
use crate::config::Config;

/// Sessions kept for the next request: the lease service leaves room for a few
/// connections of its own only.
const IDLE_MAX: usize = 2;

/// Everything that clients of one service can ask for.
#[derive(Clone)]
pub struct Services {
    /// Databases.
    pub leases: Leases,
    /// Rows in them.
    pub factories: Factories,
    /// Counts what is asked.
    pub requests: Requests,
}

/// The requests a service was sent; clones count together.
#[derive(Clone, Debug)]
pub struct Requests(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    begun: Instant,
    count: AtomicU64,
    /// Of the last one, in milliseconds since the beginning.
    last_ms: AtomicU64,
}

impl Default for Requests {
    fn default() -> Self {
        let (count, last_ms) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Counted { begun: Instant::now(), count, last_ms }))
    }
}

impl Requests {
    /// Counts one.
    pub fn count(&self) {
        let now_ms = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last_ms.fetch_max(now_ms, Ordering::Relaxed);
        self.0.count.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were.
    #[must_use]
    pub fn so_far(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// How long ago the last one was; the beginning counts as one.
    #[must_use]
    pub fn since_last(&self) -> Duration {
        let last = Duration::from_millis(self.0.last_ms.load(Ordering::Relaxed));
        self.0.begun.elapsed().saturating_sub(last)
    }
}

/// The factories of one service; clones are the same ones.
#[derive(Clone)]
pub struct Factories(Arc<Inner>);

struct Inner {
    catalog: Catalog,
    /// What each database looked like when it was last looked at, by its name,
    /// which is the slot's.
    seen: Mutex<HashMap<String, Arc<Known>>>,
    /// What databases look like whose schema nobody has changed, and the text
    /// by which the journal tells that.
    standing: Mutex<Option<(String, Arc<Known>)>>,
    /// Whether the databases of this service have a journal that can be asked.
    can_tell: OnceLock<bool>,
    idle: Mutex<Vec<(Target, Runner<Session>)>>,
}

impl Factories {
    /// For a project, with its cache folder.
    pub(crate) fn new(cache: &Path, config: &Config) -> Self {
        Self(Arc::new(Inner {
            catalog: Catalog::new(cache, config),
            seen: Mutex::default(),
            standing: Mutex::default(),
            can_tell: OnceLock::new(),
            idle: Mutex::default(),
        }))
    }

    /// The plan of a call.
    ///
    /// # Errors
    /// `Config` for a call that cannot be; those of the database.
    pub async fn plan(&self, place: &SlotTargets, call: &Call) -> Result<Planned> {
        let (target, runner, known) = self.0.look(place).await?;
        let compiled = known.factory.compile(call);
        self.0.give_back(target, runner);
        let compiled = compiled?;
        Ok(Planned {
            plan: (*compiled.plan).clone(),
            arguments: compiled.arguments,
            count: compiled.count,
        })
    }

    /// Generated values for a run of a plan.
    ///
    /// # Errors
    /// `UnknownShape` if the plan is of another schema; `CannotMake` where no
    /// row meets the conditions; those of the database.
    pub async fn values(&self, place: &SlotTargets, run: ValuesRequest) -> Result<Values> {
        let known = self.0.seen(place)?;
        // Only an unknown shape and too many rows keep the machine from being made.
        known.factory.values(&run).map(drop).map_err(of_other_schema)?;
        let (target, runner) = self.0.connect(place).await?;
        let values = FactoryValues::new(&known.factory, &runner).values(&run).await;
        self.0.give_back(target, runner);
        values.map_err(cannot_make)
    }

    /// What a trouble means.
    ///
    /// # Errors
    /// `UnknownShape` if the plan is of another schema.
    pub async fn diagnosis(&self, place: &SlotTargets, trouble: Trouble) -> Result<Diagnosis> {
        let known = self.0.seen(place)?;
        known.factory.diagnose(&trouble).map_err(of_other_schema)
    }

    /// Makes rows and commits them.
    ///
    /// # Errors
    /// `Config` for a call that cannot be; `CannotMake` for rows that cannot;
    /// those of the database.
    pub async fn make(&self, place: &SlotTargets, call: &Call) -> Result<Vec<Made>> {
        let (target, runner, known) = self.0.look(place).await?;
        let made = match known.factory.compile(call) {
            Ok(compiled) => {
                let manner = Manner::Autocommit;
                Box::pin(opening::run(&runner, &known.factory, compiled, manner))
                    .await
                    .map_err(cannot_make)
            }
            Err(failure) => Err(failure),
        };
        self.0.give_back(target, runner);
        made
    }
}

impl Factories {
    /// Builds rows and writes none: columns that only the database fills are
    /// NULL.
    ///
    /// # Errors
    /// `Config` for a call that cannot be, and where only a server can judge
    /// whether a row is valid; those of the database.
    pub async fn build(&self, place: &SlotTargets, call: &Call) -> Result<Vec<Made>> {
        let (target, runner, known) = self.0.look(place).await?;
        self.0.give_back(target, runner);
        known.factory.build(call)
    }

    /// What the database looks like now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn schema(&self, place: &SlotTargets) -> Result<SchemaFacts> {
        let (target, runner, known) = self.0.look(place).await?;
        self.0.give_back(target, runner);
        Ok(facts::facts(&known.fingerprint, &known.schema))
    }
}

impl Inner {
    /// A session, and what its database looks like now.
    async fn look(&self, place: &SlotTargets) -> Result<(Target, Runner<Session>, Arc<Known>)> {
        let (target, mut runner) = self.connect(place).await?;
        let known = match self.look_on(runner.session()).await {
            // It was ended with the database's last lease: a fresh one tells.
            Err(_) if runner.session().is_closed() => {
                runner = open(&target).await?;
                self.look_on(runner.session()).await
            }
            known => known,
        }?;
        lock(&self.seen).insert(target.database.clone(), Arc::clone(&known));
        Ok((target, runner, known))
    }

    /// What the session's database looks like now. All of a service come from
    /// one template, so where the journal says that nothing changed a schema
    /// the catalogs need not be read again: that takes milliseconds.
    async fn look_on(&self, session: &Session) -> Result<Arc<Known>> {
        let can_tell = match self.can_tell.get() {
            Some(known) => *known,
            None => {
                let known = journal::can_tell(session).await?;
                *self.can_tell.get_or_init(|| known)
            }
        };
        if !can_tell {
            return self.catalog.look(session).await;
        }
        // A test may have dropped the journal with everything else.
        let Ok(before) = journal::standing(session).await else {
            return self.catalog.look(session).await;
        };
        if let Some(standing) = &before
            && let Some((text, known)) = lock(&self.standing).as_ref()
            && text == standing
        {
            return Ok(Arc::clone(known));
        }
        let known = self.catalog.look(session).await?;
        if let Some(standing) = before
            && journal::standing(session).await.is_ok_and(|after| after.as_ref() == Some(&standing))
        {
            *lock(&self.standing) = Some((standing, Arc::clone(&known)));
        }
        Ok(known)
    }

    fn seen(&self, place: &SlotTargets) -> Result<Arc<Known>> {
        lock(&self.seen).get(&place.command.database).cloned().ok_or_else(unknown_shape)
    }

    async fn connect(&self, place: &SlotTargets) -> Result<(Target, Runner<Session>)> {
        let target = place.socket.clone().unwrap_or_else(|| place.command.clone());
        if let Some(runner) = self.idle_in(&target) {
            return Ok((target, runner));
        }
        let runner = open(&target).await?;
        Ok((target, runner))
    }

    fn idle_in(&self, target: &Target) -> Option<Runner<Session>> {
        let mut idle = lock(&self.idle);
        idle.retain(|(_, runner)| !runner.session().is_closed());
        let at = idle.iter().position(|(of, _)| of == target)?;
        Some(idle.remove(at).1)
    }

    fn give_back(&self, target: Target, runner: Runner<Session>) {
        if runner.session().is_closed() {
            return;
        }
        let mut idle = lock(&self.idle);
        if idle.len() == IDLE_MAX {
            idle.remove(0);
        }
        idle.push((target, runner));
    }
}

async fn open(target: &Target) -> Result<Runner<Session>> {
    let session = Session::connect(target, APPLICATION, CONNECT_WAIT).await?;
    session.batch(SETTINGS).await?;
    Ok(Runner::owning(session))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unknown_shape() -> Failure {
    ProblemCode::UnknownShape
        .failure("the plan is of another schema or another service, or too many others were asked for since")
        .hint("ask for the plan again: POST /v1/plans")
}

/// What a factory says of a shape it does not know, for clients.
fn of_other_schema(failure: Failure) -> Failure {
    let is_of_shape = failure.kind() == Kind::Config && failure.code().is_none();
    if is_of_shape { unknown_shape().because(failure) } else { failure }
}

/// Says that the fault is with the rows, unless it is the server's.
fn cannot_make(failure: Failure) -> Failure {
    match failure.kind() {
        Kind::NoServer | Kind::ServerFailed | Kind::Bug | Kind::Environment => failure,
        _ if failure.code().is_some() => failure,
        _ => failure.coded(ProblemCode::CannotMake),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_code_of_its_own_is_no_other_schema() {
        let failure = || Failure::new(Kind::Config, "a call");
        let told = of_other_schema(failure().coded(ProblemCode::CannotMake));
        assert_eq!(told.code(), Some(ProblemCode::CannotMake));
        assert_eq!(of_other_schema(failure()).code(), Some(ProblemCode::UnknownShape));
    }
}
