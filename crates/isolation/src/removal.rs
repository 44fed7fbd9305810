//! Dropping databases: clones of a run at its end, and what dead processes
//! left. Every drop looks at the database's state again under the lock that
//! protects it, so a state seen earlier is never acted upon.

use seedbed_api::{Failure, Kind, Listener, Result};
use seedbed_db::{Complaint, Session, Target, quote_ident, quote_literal};

use crate::inventory::{self, Found, State};
use crate::lock::{APPLICATION, CONNECT_WAIT, run_key, try_lock, unlock};
use crate::marker::run_in_name;

/// Drops clones of a run by name, with whoever is still connected to them;
/// refuses all if one is something else. Names without a database are passed
/// over.
///
/// A suite may have dropped its database and made it anew (`db:reset`), mark
/// and all: under a name that holds the run's random identity, owned by us,
/// nobody else can have made it.
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
        let made_anew = |found: &Found| found.owned && run_in_name(name) == Some(run);
        match inventory::named(session, name).await? {
            None => {}
            Some(found) if matches!(found.state(), State::Clone { .. }) => clones.push(name),
            Some(found) if found.marker.is_none() && made_anew(&found) => clones.push(name),
            Some(_) => {
                return Err(Failure::new(
                    Kind::Refused,
                    format!("the database `{name}` is not a clone made by Seedbed"),
                ));
            }
        }
    }
    let mut first = Ok(());
    for name in clones {
        let done = drop_database(session, admin, name).await;
        first = first.and(done);
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
        Some(found) if found.state() == *expected => drop_database(session, admin, name).await,
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
            State::Template(_) | State::Foreign => continue,
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

/// Drops a database of ours. One whose DROP was interrupted is dropped the
/// same way; the server finishes what it began.
async fn drop_database(session: &Session, admin: &Target, name: &str) -> Result<()> {
    let quoted = quote_ident(name);
    let force = format!("DROP DATABASE IF EXISTS {quoted} WITH (FORCE)");
    let failure = match session.batch(&force).await {
        Ok(()) => return Ok(()),
        Err(failure) => failure,
    };
    if Complaint::is(&failure, "55006") {
        // object_in_use: FORCE does not end prepared transactions.
        roll_back_prepared(session, admin, name).await?;
        return session.batch(&force).await;
    }
    if Complaint::is(&failure, "42501") {
        // Not allowed to end other roles' sessions; perhaps they end soon.
        return session.batch(&format!("DROP DATABASE IF EXISTS {quoted}")).await;
    }
    Err(failure)
}

/// A prepared transaction can be ended only from within its database.
async fn roll_back_prepared(session: &Session, admin: &Target, name: &str) -> Result<()> {
    let query =
        format!("SELECT gid FROM pg_prepared_xacts WHERE database = {}", quote_literal(name));
    let transactions = session.rows(&query).await?;
    if transactions.is_empty() {
        return Ok(());
    }
    let inside = Session::connect(&admin.with_database(name), APPLICATION, CONNECT_WAIT).await?;
    for gid in transactions.into_iter().flatten().flatten() {
        inside.batch(&format!("ROLLBACK PREPARED {}", quote_literal(&gid))).await?;
    }
    inside.close().await;
    Ok(())
}
