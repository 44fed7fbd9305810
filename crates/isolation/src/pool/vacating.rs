//! Emptying a database: whoever is in it is ended, nobody gets in again.
//! The server's own ways to wait for that look every 100 ms; this looks every
//! millisecond.

use std::time::{Duration, Instant};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Complaint, Session, Target, quote_ident, quote_literal};
use tokio::time::sleep;

use crate::lock::{APPLICATION, CONNECT_WAIT};

/// How long sessions may take to end.
pub(crate) const VACATE_WAIT: Duration = Duration::from_secs(10);
/// Pause between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// Ends every session and prepared transaction of a database and lets no new
/// one in, superusers included. A database that does not exist is empty. It
/// must not be invalid.
///
/// # Errors
/// `Timeout` if somebody stays, such as a role whose sessions we may not end;
/// `Database` with the server's reason.
pub(crate) async fn vacate(
    session: &Session,
    admin: &Target,
    name: &str,
    wait: Duration,
) -> Result<()> {
    let began = Instant::now();
    if !close_door(session, name).await? {
        return Ok(());
    }
    let look = look(name);
    let mut seen = false;
    loop {
        let inside = session.rows(&look).await?;
        let of_kind = |kind: &str| -> Vec<String> {
            let rows = inside.iter().filter(|row| row.first() == Some(&Some(kind.to_owned())));
            rows.filter_map(|row| row.get(1).cloned().flatten()).collect()
        };
        let (sessions, prepared) = (of_kind("session"), of_kind("prepared"));
        if inside.is_empty() {
            if seen {
                // A session leaves the view just before the list by which the
                // server decides; too early costs 100 ms.
                sleep(LOOK_PAUSE).await;
            }
            return Ok(());
        }
        if began.elapsed() > wait {
            return Err(stays(name, &sessions));
        }
        if sessions.is_empty() && !prepared.is_empty() {
            roll_back(session, admin, name, &prepared).await?;
            continue;
        }
        seen = true;
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

/// Who is inside, asked to leave where we may ask (the rules are those of
/// `pg_signal_backend`, signalfuncs.c). A session that is only arriving holds
/// a lock on the database until it is in the view; a prepared transaction
/// hinders a rename and a drop as well. Autovacuum has no role; where we may
/// not end it, the server does (`CountOtherDBBackends`).
fn look(name: &str) -> String {
    let text = quote_literal(name);
    format!(
        "SELECT 'session', coalesce(a.usename, a.backend_type, 'a worker'), \
           CASE WHEN me.rolsuper OR (NOT them.rolsuper AND \
             (pg_has_role(them.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))) \
           THEN pg_terminate_backend(a.pid) END \
         FROM pg_stat_activity a JOIN pg_roles me ON me.rolname = current_user \
           LEFT JOIN pg_roles them ON them.oid = a.usesysid \
         WHERE a.datname = {text} AND (me.rolsuper OR a.usesysid IS NOT NULL) \
         UNION ALL \
         SELECT 'arriving', l.pid::text, NULL FROM pg_locks l \
           JOIN pg_database d ON d.oid = l.objid \
         WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass \
           AND d.datname = {text} AND l.granted AND l.pid <> pg_backend_pid() \
         UNION ALL \
         SELECT 'prepared', gid, NULL FROM pg_prepared_xacts WHERE database = {text}"
    )
}

/// A prepared transaction can be ended only from within its database.
async fn roll_back(
    session: &Session,
    admin: &Target,
    name: &str,
    transactions: &[String],
) -> Result<()> {
    session.batch(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", quote_ident(name))).await?;
    let inside = Session::connect(&admin.with_database(name), APPLICATION, CONNECT_WAIT).await?;
    for gid in transactions {
        match inside.batch(&format!("ROLLBACK PREPARED {}", quote_literal(gid))).await {
            // undefined_object: somebody was faster.
            Err(failure) if !Complaint::is(&failure, "42704") => return Err(failure),
            _ => {}
        }
    }
    inside.close().await;
    close_door(session, name).await.map(drop)
}

fn stays(name: &str, sessions: &[String]) -> Failure {
    let mut who = sessions.to_vec();
    who.sort();
    who.dedup();
    let failure = Failure::new(
        Kind::Timeout,
        format!("{} of `{}` do not leave the database `{name}`", sessions.len(), who.join("`, `")),
    );
    failure.hint("GRANT pg_signal_backend TO CURRENT_USER;   -- as a superuser")
}
