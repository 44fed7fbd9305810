//! Sessions that a lease left behind. Its holder is gone, so whoever is still
//! connected would write into the next one's database.

use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::Session;
use tokio::time::{Instant, sleep};

/// How long they may take to end.
const END_WAIT: Duration = Duration::from_secs(5);
/// How long those that came meanwhile are ended as well.
const NEWCOMERS_WAIT: Duration = Duration::from_millis(50);
const END_PAUSE: Duration = Duration::from_millis(1);

const OTHERS: &str = "FROM pg_stat_get_activity(NULL) s \
    WHERE s.datid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND s.pid <> pg_backend_pid() AND s.backend_type = 'client backend'";

/// Ends every other session of a database and waits until they are gone. Who
/// connects again and again is not waited for: what it writes is undone with
/// everything else.
///
/// # Errors
/// `Timeout` if one does not end; those of [`Session::batch`].
pub(crate) async fn end_strangers(session: &Session) -> Result<()> {
    let end = format!("SELECT s.pid, pg_terminate_backend(s.pid) {OTHERS}");
    let began = Instant::now();
    let mut first: Option<Vec<Option<String>>> = None;
    loop {
        let rows = session.rows(&end).await?;
        let found: Vec<_> = rows.into_iter().map(|row| row.into_iter().next().flatten()).collect();
        if found.is_empty() {
            return Ok(());
        }
        let first = first.get_or_insert_with(|| found.clone());
        if !found.iter().any(|pid| first.contains(pid)) && began.elapsed() > NEWCOMERS_WAIT {
            return Ok(());
        }
        if began.elapsed() > END_WAIT {
            return Err(Failure::new(Kind::Timeout, "sessions of the lease do not end"));
        }
        sleep(END_PAUSE).await;
    }
}
