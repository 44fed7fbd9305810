//! `CREATE DATABASE … TEMPLATE`, done the fastest way the server offers.

use std::time::{Duration, Instant};

use seedbed_api::Result;
use seedbed_db::{Complaint, Session, quote_ident};

use crate::attributes;
use crate::marker::{BORN, Marker};
use crate::pool::Strategy;

/// The server itself waits five seconds for sessions on the source to end
/// before it answers 55006 (`CountOtherDBBackends`).
const BUSY_ATTEMPTS: u32 = 3;

/// Makes database `to` from `from`, marks it and replays what the server does
/// not copy. Without `from`, the database is empty (`template0`). A clone does
/// not wait for the disk: nobody needs it after a crash.
pub(crate) async fn copy(
    session: &Session,
    from: Option<&str>,
    to: &str,
    marker: &Marker,
) -> Result<()> {
    let strategy = Strategy::fallback(session).await?;
    copy_by(session, strategy, from, to, marker).await.map(drop)
}

/// The same in a given way. Returns how long the server copied.
pub(crate) async fn copy_by(
    session: &Session,
    strategy: Strategy,
    from: Option<&str>,
    to: &str,
    marker: &Marker,
) -> Result<Duration> {
    let source = quote_ident(from.unwrap_or("template0"));
    let name = quote_ident(to);
    let clause = strategy.clause(session).await?;
    let create =
        format!("CREATE DATABASE {name} TEMPLATE {source} CONNECTION LIMIT {BORN}{clause}");
    let began = Instant::now();
    let mut attempt = 1;
    loop {
        match session.batch(&create).await {
            Err(failure) if attempt < BUSY_ATTEMPTS && Complaint::is(&failure, "55006") => {
                attempt += 1;
            }
            other => break other?,
        }
    }
    let took = began.elapsed();
    describe(session, to, marker).await?;
    let mut statements = Vec::new();
    if let Marker::Clone { .. } = marker
        && session.value("SHOW synchronous_commit").await?.as_deref() != Some("off")
    {
        // Before the template's own settings, which win.
        statements.push(format!("ALTER DATABASE {name} SET synchronous_commit TO off"));
    }
    if let Some(from) = from {
        statements.extend(attributes::replayed(session, from, to).await?);
    }
    if !statements.is_empty() {
        session.batch(&statements.join(";\n")).await?;
    }
    Ok(took)
}

/// Writes a database's marker.
pub(crate) async fn describe(session: &Session, name: &str, marker: &Marker) -> Result<()> {
    session.batch(&description(name, marker)?).await
}

/// The statement that writes a database's marker.
pub(crate) fn description(name: &str, marker: &Marker) -> Result<String> {
    let comment = seedbed_db::quote_literal(&marker.comment()?);
    Ok(format!("COMMENT ON DATABASE {} IS {comment}", quote_ident(name)))
}
