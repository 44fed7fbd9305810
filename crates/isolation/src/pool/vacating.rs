//! Emptying a database: whoever is in it is ended, nobody gets in again.
//! The server's own ways to wait for that look every 100 ms; this looks every
//! millisecond.

use std::time::{Duration, Instant};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Complaint, Session, Target, quote_ident, quote_literal};
use tokio::time::sleep;

use crate::inventory::Found;
use crate::lock::{APPLICATION, CONNECT_WAIT};

/// How long sessions may take to end.
pub(crate) const VACATE_WAIT: Duration = Duration::from_secs(10);
/// Pause between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(1);
/// Oid of the catalogue `pg_database`, fixed in the source (pg_database.h).
const PG_DATABASE: u32 = 1262;
/// What stands for a prepared transaction among the process numbers.
const PREPARED: &str = "prepared";

/// Ends every session and prepared transaction of a database and lets no new
/// one in, superusers included. A database that is gone is empty. It must not
/// be invalid.
///
/// # Errors
/// `Timeout` if somebody stays, such as a role whose sessions we may not end;
/// `Database` with the server's reason.
pub(crate) async fn vacate(
    session: &Session,
    admin: &Target,
    database: &Found,
    wait: Duration,
) -> Result<()> {
    let began = Instant::now();
    if !close_door(session, &database.name).await? {
        return Ok(());
    }
    let look = look(database.oid);
    let mut told: Vec<String> = Vec::new();
    loop {
        let inside = session.rows(&look).await?;
        if inside.is_empty() {
            if !told.is_empty() {
                // A session leaves the view just before the list by which the
                // server decides; too early costs 100 ms.
                sleep(LOOK_PAUSE).await;
            }
            return Ok(());
        }
        if began.elapsed() > wait {
            return Err(stays(session, database).await?);
        }
        let pids: Vec<String> = inside
            .into_iter()
            .filter_map(|row| row.into_iter().next().flatten())
            .filter(|pid| pid != PREPARED)
            .collect();
        if pids.is_empty() {
            roll_back(session, admin, &database.name).await?;
            continue;
        }
        if pids.iter().any(|pid| !told.contains(pid)) {
            // One that is only arriving is asked when it has come.
            told.extend(end(session, database.oid).await?);
        }
        sleep(LOOK_PAUSE).await;
    }
}

/// Returns whether there is such a database.
async fn close_door(session: &Session, name: &str) -> Result<bool> {
    let close = format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", quote_ident(name));
    match session.batch(&close).await {
        Ok(()) => Ok(true),
        // invalid_catalog_name
        Err(failure) if Complaint::is(&failure, "3D000") => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Process numbers of whoever is inside, and `prepared` for each prepared
/// transaction, which hinders a rename and a drop as well. A session that is
/// only arriving holds a lock on the database until it is in the view. The
/// functions below the views: those join, and take eight times as long.
/// Autovacuum has no role; the server ends it itself (`CountOtherDBBackends`).
fn look(oid: u32) -> String {
    format!(
        "SELECT pid::text FROM pg_stat_get_activity(NULL) \
         WHERE datid = {oid} AND usesysid IS NOT NULL \
         UNION SELECT pid::text FROM pg_lock_status() \
         WHERE locktype = 'object' AND classid = {PG_DATABASE} AND objid = {oid} AND granted \
           AND pid <> pg_backend_pid() \
         UNION ALL SELECT '{PREPARED}' FROM pg_prepared_xact() WHERE dbid = {oid}"
    )
}

/// Asks the sessions to leave, where we may ask: the rules are those of
/// `pg_signal_backend` in signalfuncs.c, which would fail as a whole. Returns
/// the process numbers of all that were there.
async fn end(session: &Session, oid: u32) -> Result<Vec<String>> {
    let allowed = if session.is_superuser() {
        "true"
    } else {
        "EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.usesysid AND NOT r.rolsuper \
         AND (pg_has_role(r.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))"
    };
    let rows = session
        .rows(&format!(
            "SELECT a.pid, CASE WHEN {allowed} THEN pg_terminate_backend(a.pid) END \
             FROM pg_stat_get_activity(NULL) a WHERE a.datid = {oid}"
        ))
        .await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

/// A prepared transaction can be ended only from within its database.
async fn roll_back(session: &Session, admin: &Target, name: &str) -> Result<()> {
    let query =
        format!("SELECT gid FROM pg_prepared_xacts WHERE database = {}", quote_literal(name));
    let transactions = session.rows(&query).await?;
    session.batch(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", quote_ident(name))).await?;
    let inside = Session::connect(&admin.with_database(name), APPLICATION, CONNECT_WAIT).await?;
    for gid in transactions.into_iter().flatten().flatten() {
        match inside.batch(&format!("ROLLBACK PREPARED {}", quote_literal(&gid))).await {
            // undefined_object: somebody was faster.
            Err(failure) if !Complaint::is(&failure, "42704") => return Err(failure),
            _ => {}
        }
    }
    inside.close().await;
    close_door(session, name).await.map(drop)
}

async fn stays(session: &Session, database: &Found) -> Result<Failure> {
    let query = format!(
        "SELECT DISTINCT coalesce(r.rolname, 'a worker') FROM pg_stat_get_activity(NULL) a \
         LEFT JOIN pg_roles r ON r.oid = a.usesysid WHERE a.datid = {} ORDER BY 1",
        database.oid
    );
    let who: Vec<String> = session.rows(&query).await?.into_iter().flatten().flatten().collect();
    Ok(Failure::new(
        Kind::Timeout,
        format!("sessions of `{}` do not leave the database `{}`", who.join("`, `"), database.name),
    )
    .hint("GRANT pg_signal_backend TO CURRENT_USER;   -- as a superuser"))
}
