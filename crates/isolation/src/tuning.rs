//! What can be made faster on a running server without a restart. The caller
//! asks only where the user allowed it: these settings give up durability for
//! the whole cluster and stay after we are gone.

use seedbed_api::{Listener, Result};
use seedbed_db::Session;

/// Settings that take effect on reload (manual, "Non-Durable Settings").
const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
    ("autovacuum", "off"),
    ("checkpoint_timeout", "1d"),
    ("max_wal_size", "4GB"),
];

/// Turns durability off for the whole cluster and reloads it. Returns the
/// settings that changed; without superuser rights none, and a notice.
///
/// # Errors
/// `Database` with the server's reason.
pub async fn tune(session: &Session, listener: &dyn Listener) -> Result<Vec<String>> {
    if !session.is_superuser() {
        listener.notice(
            "the server's settings stay as they are: changing them needs a superuser".to_owned(),
        );
        return Ok(Vec::new());
    }
    let mut changed = Vec::new();
    for (name, value) in SETTINGS {
        if session.value(&format!("SHOW {name}")).await?.as_deref() != Some(value) {
            // Not inside a transaction block, so one by one.
            session.batch(&format!("ALTER SYSTEM SET {name} = '{value}'")).await?;
            changed.push(format!("{name} = {value}"));
        }
    }
    if !changed.is_empty() {
        session.batch("SELECT pg_reload_conf()").await?;
    }
    Ok(changed)
}
