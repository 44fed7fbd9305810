//! Who holds connections to the server right now.

use seedbed_api::lease::{Holding, Holdings};
use seedbed_api::{Failure, Kind, Result};
use seedbed_db::Session;

/// Counts the sessions of the whole server by database and application, most
/// first. The caller fills in slots and what leases have spoken for. Whether a
/// session is inside a transaction is visible only to its own role, members of
/// `pg_read_all_stats` and superusers; others count as outside.
///
/// # Errors
/// `Database` with the server's reason.
pub async fn holdings(session: &Session) -> Result<Holdings> {
    // `reserved_connections` exists from 16 on. Only client backends count
    // against the limit (manual, "max_connections").
    let query = "SELECT current_setting('max_connections')::int \
           - current_setting('superuser_reserved_connections')::int \
           - coalesce(current_setting('reserved_connections', true)::int, 0), \
           sum(count(*)) OVER (), coalesce(datname, ''), coalesce(application_name, ''), \
           count(*), count(*) FILTER (WHERE xact_start IS NOT NULL) \
         FROM pg_stat_activity WHERE datid IS NOT NULL AND \
           (backend_type = 'client backend' OR backend_type IS NULL) \
         GROUP BY datname, application_name ORDER BY 5 DESC, 3, 4";
    let rows = session.rows(query).await?;
    let mut holdings = Holdings { limit: 0, open: 0, reserved: 0, holders: Vec::new() };
    for row in rows {
        let number = |index: usize| -> Option<u32> { row.get(index)?.as_ref()?.parse().ok() };
        let text = |index: usize| row.get(index).cloned().flatten().unwrap_or_default();
        let (Some(limit), Some(open), Some(count), Some(busy)) =
            (number(0), number(1), number(4), number(5))
        else {
            return Err(Failure::new(Kind::Bug, "the report of connections cannot be read"));
        };
        (holdings.limit, holdings.open) = (limit, open);
        holdings.holders.push(Holding {
            slot: None,
            database: text(2),
            application: text(3),
            open: count,
            in_transaction: busy,
        });
    }
    Ok(holdings)
}
