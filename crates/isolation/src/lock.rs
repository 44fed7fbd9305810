//! Who works on what, by session-level advisory locks. The server frees them
//! when their session ends, however its process ended. Advisory locks belong
//! to a database: every process must connect to the same maintenance database.

use std::time::Duration;

use seedbed_api::{Failure, Kind, Listener, Result};
use seedbed_db::{Complaint, Session, Target};
use seedbed_recipe::Fingerprint;

/// `application_name` of our sessions.
pub(crate) const APPLICATION: &str = "seedbed";
/// How long a connection to a server that runs may take.
pub(crate) const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Key of the lock that a builder of this template holds.
pub(crate) fn template_key(fingerprint: &Fingerprint) -> u64 {
    first_bits(fingerprint)
}

/// Key of the lock that a live run holds.
pub(crate) fn run_key(run: &str) -> u64 {
    first_bits(&Fingerprint::of("seedbed/run-lock/1", &[run.as_bytes()]))
}

fn first_bits(fingerprint: &Fingerprint) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *fingerprint.as_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Marks a run as alive for as long as the returned session lives: its clones
/// are left alone by every sweep. To be held before the first clone is made.
/// `admin` names the maintenance database.
///
/// # Errors
/// `Kind::Bug` if another session holds the run; those of [`Session::connect`].
pub async fn hold(admin: &Target, run: &str) -> Result<Session> {
    let session = Session::connect(admin, APPLICATION, CONNECT_WAIT).await?;
    if try_lock(&session, run_key(run)).await? {
        return Ok(session);
    }
    Err(Failure::new(Kind::Bug, format!("another process works under the run `{run}`")))
}

/// Takes a lock if it is free.
pub(crate) async fn try_lock(session: &Session, key: u64) -> Result<bool> {
    let key = signed(key);
    let taken = session.value(&format!("SELECT pg_try_advisory_lock({key})")).await?;
    Ok(taken.as_deref() == Some("t"))
}

/// Gives a lock back.
pub(crate) async fn unlock(session: &Session, key: u64) -> Result<()> {
    session.batch(&format!("SELECT pg_advisory_unlock({})", signed(key))).await
}

/// Whether any session holds a lock.
pub(crate) async fn is_held(session: &Session, key: u64) -> Result<bool> {
    // pg_locks shows a bigint key as its halves, with objsubid 1 (manual).
    let (high, low) = (key >> 32, key & 0xffff_ffff);
    let query = format!(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
         AND classid = {high} AND objid = {low} \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    );
    Ok(session.value(&query).await?.is_some())
}

/// Takes a template's lock, waiting at most `wait` for another builder.
pub(crate) async fn lock_template(
    session: &Session,
    fingerprint: &Fingerprint,
    wait: Duration,
    listener: &dyn Listener,
) -> Result<()> {
    let key = template_key(fingerprint);
    if try_lock(session, key).await? {
        return Ok(());
    }
    listener.notice("another process is building this schema; waiting for it".to_owned());
    // 0 would mean no limit.
    let limit = wait.as_millis().clamp(1, i32::MAX as u128);
    session.batch(&format!("SET lock_timeout = {limit}")).await?;
    let taken = session.batch(&format!("SELECT pg_advisory_lock({})", signed(key))).await;
    match taken {
        // lock_not_available
        Err(failure) if Complaint::is(&failure, "55P03") => {
            let seconds = wait.as_secs();
            Err(Failure::new(
                Kind::Timeout,
                format!("another process has been building this schema for over {seconds} s"),
            )
            .because(failure)
            .hint(
                "SELECT pid, application_name, query FROM pg_stat_activity \
                 WHERE datname LIKE 'seedbed%';",
            ))
        }
        Err(failure) => Err(failure),
        Ok(()) => session.batch("RESET lock_timeout").await,
    }
}

/// The same bits as SQL's bigint.
fn signed(key: u64) -> i64 {
    i64::from_be_bytes(key.to_be_bytes())
}
