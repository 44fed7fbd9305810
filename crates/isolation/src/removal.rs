//! Dropping databases: clones of a run at its end, and what dead processes
//! left. Every drop looks at the database's state again under the lock that
//! protects it, so a state seen earlier is never acted upon.

use seedbed_api::{Failure, Kind, Listener, Result};
use seedbed_db::{Complaint, Session, Target, quote_ident};

use crate::inventory::{self, Found, State};
use crate::lock::{APPLICATION, CONNECT_WAIT, run_key, try_lock, unlock};
use crate::pool::{VACATE_WAIT, vacate};

/// Whoever drops the same database at the same time makes one of both fail
/// (SQLSTATE XX000, "tuple concurrently updated"; 55000, 55006, 3D000).
const DROP_ATTEMPTS: u32 = 3;

/// Drops clones of a run by name, with whoever is still connected to them;
/// refuses all if one is something else. Names without a database are passed
/// over.
///
/// # Errors
/// `Refused` if one is not a clone of the run (nothing is dropped then), else
/// the first failure after all have been tried.
pub async fn drop_clones(admin: &Target, run: &str, names: &[String]) -> Result<()> {
    let session = Session::connect(admin, APPLICATION, CONNECT_WAIT).await?;
    let outcome = drop_all(&session, admin, run, names).await;
    session.close().await;
    outcome
}

async fn drop_all(session: &Session, admin: &Target, run: &str, names: &[String]) -> Result<()> {
    let mut clones = Vec::new();
    for name in names {
        match inventory::named(session, name).await? {
            None => {}
            Some(found) if matches!(found.state(), State::Clone { .. }) => clones.push(found),
            Some(found) if found.is_of(run) => clones.push(found),
            Some(_) => {
                return Err(Failure::new(
                    Kind::Refused,
                    format!("the database `{name}` is not a clone made by Seedbed"),
                ));
            }
        }
    }
    let mut first = Ok(());
    for found in clones {
        let done = drop_database(session, admin, &found).await;
        first = first.and(done);
    }
    first
}

/// Drops every clone of a run, whatever it is called, and what is left of
/// drops that were interrupted. What was kept stays. Another process may do
/// the same at the same time.
///
/// # Errors
/// The first failure of the last attempt, after all have been tried.
pub async fn drop_run(admin: &Target, run: &str) -> Result<()> {
    let session = Session::connect(admin, APPLICATION, CONNECT_WAIT).await?;
    let mut outcome = Ok(());
    for _ in 0..DROP_ATTEMPTS {
        outcome = drop_found(&session, admin, run).await;
        if outcome.is_ok() || session.is_closed() {
            break;
        }
    }
    session.close().await;
    outcome
}

async fn drop_found(session: &Session, admin: &Target, run: &str) -> Result<()> {
    let mut first = Ok(());
    for found in inventory::all(session).await? {
        if found.is_of(run) {
            let done = drop_database(session, admin, &found).await;
            first = first.and(done);
        }
    }
    first
}

/// Drops a database if its state is still the expected one.
pub(crate) async fn drop_if(
    session: &Session,
    admin: &Target,
    name: &str,
    expected: &State,
) -> Result<()> {
    match inventory::named(session, name).await? {
        Some(found) if found.state() == *expected => drop_database(session, admin, &found).await,
        _ => Ok(()),
    }
}

/// Drops what nobody holds any more.
pub(crate) async fn sweep(
    session: &Session,
    admin: &Target,
    listener: &dyn Listener,
) -> Result<Vec<String>> {
    let mut swept = Vec::new();
    for found in inventory::all(session).await? {
        let state = found.state();
        let key = match &state {
            State::Clone { run } => run_key(run),
            State::Unfinished { lock } => *lock,
            State::Template(_) | State::Kept | State::Foreign => continue,
        };
        if !try_lock(session, key).await? {
            continue;
        }
        let dropped = drop_if(session, admin, &found.name, &state).await;
        unlock(session, key).await?;
        match dropped {
            Ok(()) => swept.push(found.name),
            Err(failure) => {
                listener
                    .warning(format!("cannot sweep `{}`: {}", found.name, failure.chain()), None);
            }
        }
    }
    Ok(swept)
}

/// Drops a database of ours. Its sessions are ended first: FORCE waits for
/// them in steps of 100 ms. One whose DROP was interrupted has none, and the
/// server finishes what it began.
pub(crate) async fn drop_database(session: &Session, admin: &Target, found: &Found) -> Result<()> {
    if !found.is_invalid() {
        vacate(session, admin, found, VACATE_WAIT).await?;
    }
    let drop = format!("DROP DATABASE IF EXISTS {}", quote_ident(&found.name));
    match session.batch(&drop).await {
        // object_in_use: such as a worker that may ignore ALLOW_CONNECTIONS.
        Err(failure) if Complaint::is(&failure, "55006") => {
            session.batch(&format!("{drop} WITH (FORCE)")).await
        }
        other => other,
    }
}
