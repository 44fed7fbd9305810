//! Sessions that a lease left behind. Its holder is gone, so whoever is still
//! connected would write into the next one's database.

use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::Session;
use tokio::time::{Instant, sleep};

/// How long they may take to end.
const END_WAIT: Duration = Duration::from_secs(5);
const END_PAUSE: Duration = Duration::from_millis(1);

const OTHERS: &str = "FROM pg_stat_get_activity(NULL) s \
    WHERE s.datid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND s.pid <> pg_backend_pid() AND s.backend_type = 'client backend'";

/// Ends every other session of a database and waits until they are gone.
///
/// # Errors
/// `Timeout` if one does not end; those of [`Session::batch`].
pub(crate) async fn end_strangers(session: &Session) -> Result<()> {
    let end = format!("SELECT pg_terminate_backend(s.pid) {OTHERS}");
    let deadline = Instant::now() + END_WAIT;
    // Each time anew: a pool may connect again while its process ends.
    while !session.rows(&end).await?.is_empty() {
        if Instant::now() > deadline {
            return Err(Failure::new(Kind::Timeout, "sessions of the lease do not end"));
        }
        sleep(END_PAUSE).await;
    }
    Ok(())
}
