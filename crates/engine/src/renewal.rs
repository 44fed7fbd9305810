//! A service that no longer fits its project makes room for a new one: because
//! a migration was added since, because more workers come than it has slots,
//! because another version of Seedbed asks.
//!
//! Whether somebody uses a service only the service can tell without a moment
//! in between, so it is asked to end *if nobody does* (SIGUSR1). It ends, or
//! it says in its record who uses it.
//!
//! *Invariant*: no lease and no session of a person is ever ended here.

use std::time::Duration;

use rustix::process::Signal;
use seedbed_api::{Failure, Kind, Result, Silent};
use seedbed_server::{Record, Service};

use crate::config::{Config, Origin, Workers};
use crate::lingering::SOMEBODY;
use crate::private::Groundwork;
use crate::service::{Launch, Wish};
use crate::stopwatch::Stopwatch;
use crate::world::World;
use crate::{cleaning, keeping, service};

/// How long a service may take to end: what was kept on it is stored then.
pub(crate) const END_BOUND: Duration = Duration::from_secs(90);

/// How long it may take to say who uses it.
const ANSWER_BOUND: Duration = Duration::from_secs(10);

/// How long to wait until whoever is on the way has come, or has not.
const ARRIVAL_BOUND: Duration = Duration::from_secs(5);

/// How often to ask meanwhile.
const AGAIN: Duration = Duration::from_millis(100);

/// How often to look.
const LOOK: Duration = Duration::from_millis(5);

/// When a service that nobody looks after ends by itself.
const IDLE_ON_DEMAND: Duration = Duration::from_secs(15 * 60);

/// Databases beyond those that are wanted first: for a second terminal, a
/// notebook, a run that begins before the last one's end. One that nobody
/// leases is never made.
const SPARE: usize = 4;

/// What a service must be like.
pub(crate) struct Wanted {
    recipe: String,
    /// `None`: any number will do.
    slots: Option<usize>,
    on_demand: bool,
    idle: Option<Duration>,
}

/// Why a service does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It is of another version of Seedbed.
    Seedbed,
    /// Its slots have another schema than the project.
    Recipe,
    /// It has fewer slots than there are workers.
    Slots,
    /// It was started on demand, and now a person wants one to stay.
    Fleeting,
}

/// What came of asking a service to make room.
pub(crate) enum Retired {
    /// It has ended.
    Ended,
    /// They use it.
    InUse(String),
}

impl Wanted {
    pub(crate) fn of(config: &Config, ground: &Groundwork, wish: Wish) -> Self {
        let asked = config.workers.value;
        let slots = if wish.on_demand { asked.or(Some(Workers::Auto)) } else { asked };
        let unsaid = config.idle_timeout.origin == Origin::Default;
        Self {
            recipe: ground.recipe.fingerprint().to_string(),
            slots: slots.map(Workers::count),
            on_demand: wish.on_demand,
            idle: if wish.on_demand && unsaid {
                Some(IDLE_ON_DEMAND)
            } else {
                config.idle_timeout.value
            },
        }
    }

    /// What is wrong with a service, the worst first.
    pub(crate) fn misfit(&self, record: &Record) -> Option<Misfit> {
        let service = record.service.as_ref()?;
        if service.seedbed != env!("CARGO_PKG_VERSION") {
            Some(Misfit::Seedbed)
        } else if service.recipe != self.recipe {
            Some(Misfit::Recipe)
        } else if self.slots.is_some_and(|slots| slots > service.slots) {
            Some(Misfit::Slots)
        } else {
            (service.on_demand && !self.on_demand).then_some(Misfit::Fleeting)
        }
    }

    /// How the service is started that takes the place of `before`: what a
    /// person has started stays as that person wanted it.
    pub(crate) fn launch(&self, before: Option<&Service>) -> Launch {
        let asked = self.slots.unwrap_or_else(|| Workers::Auto.count());
        let slots = if self.on_demand { asked.max(Workers::Auto.count()) + SPARE } else { asked };
        let own = Launch { slots, idle: self.idle, on_demand: self.on_demand };
        match before {
            Some(before) if self.on_demand => Launch {
                slots: before.slots.max(if before.on_demand { slots } else { asked }),
                idle: if before.on_demand {
                    self.idle
                } else {
                    before.idle_s.map(Duration::from_secs)
                },
                on_demand: before.on_demand,
            },
            _ => own,
        }
    }

    /// Says that a service was ended for a new one.
    pub(crate) fn tell(&self, world: &World<'_>, record: &Record, misfit: Misfit) {
        let of_person = record.service.as_ref().is_some_and(|service| !service.on_demand);
        let whose = if of_person { " that `seedbed up` started" } else { "" };
        let why = misfit.why();
        world.listener.notice(format!("the service{whose} is started anew: {why}"));
    }

    /// A service that does not fit is in use: an error, unless one can live
    /// with it.
    pub(crate) fn put_up_with(
        &self,
        world: &World<'_>,
        record: &Record,
        misfit: Misfit,
        users: &str,
    ) -> Result<()> {
        let project = record.project.display();
        let why = misfit.why();
        let message =
            format!("the service of {project} must be started anew, but is in use: {users}");
        match misfit {
            Misfit::Slots => {
                world.listener.notice(format!("{message}; {why}, so some workers wait"));
                Ok(())
            }
            Misfit::Fleeting => {
                world.listener.notice(format!("{message}; {why}"));
                Ok(())
            }
            Misfit::Recipe | Misfit::Seedbed if self.on_demand => {
                Err(Failure::new(Kind::Refused, message)
                    .detail(why)
                    .hint(format!(
                        "seedbed ps --slots   # wait for who is there, or end it: {users}"
                    ))
                    .hint("seedbed down   # only then: it takes their databases away"))
            }
            Misfit::Recipe | Misfit::Seedbed => {
                let hint = "seedbed down && seedbed up".to_owned();
                world.listener.warning(format!("{message}; {why}"), Some(hint));
                Ok(())
            }
        }
    }
}

impl Misfit {
    fn why(self) -> &'static str {
        match self {
            Self::Seedbed => "it is of another version of Seedbed",
            Self::Recipe => "the project's schema has changed since it was started",
            Self::Slots => "more workers come than it has databases",
            Self::Fleeting => "`seedbed service` started it, and it ends after a short rest",
        }
    }
}

/// Asks a service to end if nobody uses it, and waits until it has.
///
/// # Errors
/// `Timeout` if it neither ends nor answers.
pub(crate) fn retire(world: &World<'_>, record: &Record) -> Result<Retired> {
    let settled = seedbed_server::until(ARRIVAL_BOUND, AGAIN, || match ask_to_end(world, record) {
        Ok(Retired::InUse(users)) if users == SOMEBODY => None,
        answer => Some(answer),
    });
    settled.unwrap_or_else(|| Ok(Retired::InUse(SOMEBODY.to_owned())))
}

fn ask_to_end(world: &World<'_>, record: &Record) -> Result<Retired> {
    let refusals = |record: &Record| {
        let refusal = record.service.as_ref().and_then(|service| service.refusal.clone());
        refusal.unwrap_or_default()
    };
    // What it has refused since the record was read is no answer to this.
    let latest = seedbed_server::living(&world.folders).into_iter().find(|it| it.id == record.id);
    let before = refusals(latest.as_ref().unwrap_or(record)).count;
    record.owner.signal(Signal::USR1);
    let answer = seedbed_server::until(ANSWER_BOUND, LOOK, || {
        let living = seedbed_server::living(&world.folders);
        let now = living.into_iter().find(|other| other.id == record.id);
        match now.filter(|now| now.service.is_some() && now.owner.alive()) {
            None => Some(Retired::Ended),
            Some(now) => {
                let refusal = refusals(&now);
                (refusal.count > before).then_some(Retired::InUse(refusal.users))
            }
        }
    });
    match answer {
        Some(Retired::Ended) => {
            record.owner.wait_gone(END_BOUND);
            bury(world, record).map(|()| Retired::Ended)
        }
        Some(in_use) => Ok(in_use),
        None => Err(unending(record)),
    }
}

/// Waits until nothing is left of a service that ends.
///
/// # Errors
/// `Timeout` naming its process.
pub(crate) fn bury(world: &World<'_>, record: &Record) -> Result<()> {
    let claim = world.folders.runs().join(&record.id);
    // Its reaper, or we, finish what a killed service left.
    let gone = seedbed_server::until(END_BOUND, LOOK, || {
        // What resists has been told before, once is enough.
        cleaning::sweep(&world.folders, &Silent);
        (!claim.exists()).then_some(())
    });
    gone.ok_or_else(|| unending(record))?;
    keeping::tell_stored(world, &record.id);
    Ok(())
}

fn unending(record: &Record) -> Failure {
    let message = format!("the server of {} does not end", record.project.display());
    Failure::new(Kind::Timeout, message).hint(format!("kill -9 {}; seedbed gc", record.owner.pid))
}

/// Says if the service that `seedbed up` keeps for this project has another
/// schema than the project.
pub fn warn_if_outdated(world: &World<'_>, config: &Config) {
    let quiet = World { listener: &Silent, ..world.clone() };
    // What is wrong with the project itself is not news for who wants a lease.
    let Ok(ground) = Groundwork::lay(&quiet, config, &mut Stopwatch::new(&Silent)) else { return };
    let wanted = Wanted::of(config, &ground, Wish::default());
    let misfit = service::matching(world, config, &ground)
        .and_then(|record| wanted.misfit(&record))
        .filter(|misfit| matches!(misfit, Misfit::Recipe | Misfit::Seedbed));
    if let Some(misfit) = misfit {
        world.listener.warning(
            format!("the service that is up is not what this project needs: {}", misfit.why()),
            Some("seedbed up   # starts it anew once nobody uses it".to_owned()),
        );
    }
}
