//! A database that was found, judged and looked at: ready for factories.

use std::sync::Arc;
use std::time::Duration;

use seedbed_api::plan::{Diagnosis, Made, Trouble};
use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{FactoryValues, Ran, Runner, Session};
use seedbed_factory::{Compiled, Factory, Manner};

use super::catalog::{Catalog, Known};
use super::database::{self, MakeSource};
use super::safety::{self, Facts};
use crate::config::Config;
use crate::world::World;

/// `application_name` of sessions that make rows.
pub(super) const APPLICATION: &str = "seedbed make";

/// How long the server may take to answer.
pub(super) const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Waiting for another session's lock is bounded, so that who is in the way can
/// be told.
pub(super) const SETTINGS: &str = "SET lock_timeout = '10s'; SET array_nulls = on";

/// What is wanted of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To look at it.
    Look,
    /// To write into it, if only for a moment.
    Write,
}

/// An open database.
pub(super) struct Opened {
    pub(super) runner: Runner<Session>,
    pub(super) known: Arc<Known>,
    /// Where it is, without password.
    pub(super) place: String,
}

/// Opens the database that is meant.
///
/// # Errors
/// Those of finding it; `Refused` if it must not be written.
pub(super) async fn open(
    world: &World<'_>,
    config: &Config,
    database: &database::Database,
    source: MakeSource<'_>,
    purpose: Purpose,
) -> Result<Opened> {
    let target = &database.target;
    // Who gives a URL to look at means it; a variable may lead anywhere.
    if purpose == Purpose::Write || matches!(source, MakeSource::Around) {
        safety::judge_host(target, config)?;
    }
    let place = target.redacted();
    let session = Session::connect(target, APPLICATION, CONNECT_WAIT).await.map_err(|failure| {
        let hints = failure.hints().to_vec();
        let message = format!("cannot use the database of {}", database.origin);
        let told = Failure::new(failure.kind(), message).because(failure);
        hints.into_iter().fold(told, Failure::hint)
    })?;
    if purpose == Purpose::Write {
        let facts = Facts::of(&session, target).await?;
        safety::judge(target, &facts, config)?;
    }
    session.batch(SETTINGS).await?;
    let catalog = Catalog::new(&world.folders.cache, config);
    let known = catalog.look(&session).await?;
    catalog.note(&config.root, &known);
    Ok(Opened { runner: Runner::owning(session), known, place })
}

/// How often fresh rows are tried again that another session outran. Calls for
/// fresh rows take turns; only those of ordinals, `-n`, can come between.
const OUTRUN_MAX: u32 = 5;

/// Runs a call to its rows; what stops it is told in words.
///
/// # Errors
/// `Database` for rows that cannot be made, with what it means and what to do.
pub(super) async fn run(
    runner: &Runner<Session>,
    factory: &Factory,
    compiled: Compiled,
    manner: Manner,
) -> Result<Vec<Made>> {
    let mut values = FactoryValues::new(factory, runner);
    let mut outrun = 0;
    loop {
        match runner.run(compiled.clone(), manner, &mut values).await? {
            Ran::Done(made) => return Ok(made),
            Ran::Trouble(trouble) if outrun < OUTRUN_MAX && factory.was_outrun(&trouble)? => {
                outrun += 1;
            }
            Ran::Trouble(trouble) => return Err(told(factory.diagnose(&trouble)?, &trouble)),
        }
    }
}

/// A diagnosis as a failure.
fn told(diagnosis: Diagnosis, trouble: &Trouble) -> Failure {
    // Classes of SQLSTATE (manual, appendix A): data exceptions, constraints,
    // names and rights, what a function of the schema raises.
    let kind = match trouble.sqlstate.as_deref() {
        // insufficient_privilege
        Some("42501") => Kind::Refused,
        // lock_not_available, query_canceled
        Some("55P03" | "57014") => Kind::Timeout,
        Some(state) if ["22", "23", "42", "P0"].iter().any(|class| state.starts_with(class)) => {
            Kind::Config
        }
        Some(_) => Kind::Database,
        // The rows that are there say otherwise.
        None => Kind::Config,
    };
    let failure = Failure::new(kind, diagnosis.message);
    let failure = diagnosis.detail.into_iter().fold(failure, Failure::detail);
    diagnosis.hints.into_iter().fold(failure, Failure::hint)
}
