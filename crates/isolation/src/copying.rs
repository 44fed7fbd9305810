//! `CREATE DATABASE … TEMPLATE`, done the fastest way the server offers.

use seedbed_api::Result;
use seedbed_db::{Complaint, Session, quote_ident};

use crate::attributes;
use crate::marker::{BORN, Marker};

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
    let source = quote_ident(from.unwrap_or("template0"));
    let name = quote_ident(to);
    let strategy = strategy(session).await?;
    let create =
        format!("CREATE DATABASE {name} TEMPLATE {source} CONNECTION LIMIT {BORN}{strategy}");
    let mut attempt = 1;
    loop {
        match session.batch(&create).await {
            Err(failure) if attempt < BUSY_ATTEMPTS && Complaint::is(&failure, "55006") => {
                attempt += 1;
            }
            other => break other?,
        }
    }
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
    if statements.is_empty() { Ok(()) } else { session.batch(&statements.join(";\n")).await }
}

/// Writes a database's marker.
pub(crate) async fn describe(session: &Session, name: &str, marker: &Marker) -> Result<()> {
    let comment = seedbed_db::quote_literal(&marker.comment()?);
    session.batch(&format!("COMMENT ON DATABASE {} IS {comment}", quote_ident(name))).await
}

/// `STRATEGY FILE_COPY` (from 15) copies files between two checkpoints: twice
/// as fast as the default where a checkpoint costs nothing, slower elsewhere.
/// From 18 the files can be reflinks; a file system without them copies.
async fn strategy(session: &Session) -> Result<&'static str> {
    let version = session.server_version().0;
    if version < 15 || session.value("SHOW fsync").await?.as_deref() != Some("off") {
        return Ok("");
    }
    if version >= 18 {
        match session.batch("SET file_copy_method = 'clone'").await {
            // invalid_parameter_value: this platform cannot.
            Err(failure) if !Complaint::is(&failure, "22023") => return Err(failure),
            _ => {}
        }
    }
    Ok(" STRATEGY FILE_COPY")
}
