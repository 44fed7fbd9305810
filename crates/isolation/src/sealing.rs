//! The end of a build: nobody is connected, nobody can connect, complete.

use std::time::{Duration, Instant};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, quote_ident, quote_literal};
use tokio::time::sleep;

use crate::copying;
use crate::marker::{BORN, Marker};

/// How long sessions of a recipe may take to end by themselves.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long until a database that others do not leave is given up.
const SEAL_WAIT: Duration = Duration::from_secs(10);
/// Pause between two looks at a database's sessions.
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// Seals a database that was built.
pub(crate) async fn seal(session: &Session, name: &str, marker: &Marker) -> Result<()> {
    let quoted = quote_ident(name);
    session.batch(&format!("ALTER DATABASE {quoted} ALLOW_CONNECTIONS false")).await?;
    wait_until_alone(session, name).await?;
    copying::describe(session, name, marker).await?;
    // A limit the recipe set itself stays.
    let query =
        format!("SELECT datconnlimit FROM pg_database WHERE datname = {}", quote_literal(name));
    let born = session.value(&query).await? == Some(BORN.to_string());
    let limit = if born { " CONNECTION LIMIT -1" } else { "" };
    session.batch(&format!("ALTER DATABASE {quoted} IS_TEMPLATE true{limit}")).await
}

/// Waits for sessions to end; after a second it ends them. A session left on
/// a template would make every clone wait five seconds and fail (55006).
pub(crate) async fn wait_until_alone(session: &Session, name: &str) -> Result<()> {
    let name = quote_literal(name);
    let count = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = {name}");
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {name}");
    let began = Instant::now();
    let mut impatient = false;
    while session.value(&count).await?.as_deref() != Some("0") {
        if began.elapsed() > SEAL_WAIT {
            return Err(Failure::new(
                Kind::Timeout,
                format!("sessions of the recipe do not leave the database {name}"),
            ));
        }
        if began.elapsed() > PATIENCE && !impatient {
            impatient = true;
            session.batch(&end).await?;
        }
        sleep(LOOK_PAUSE).await;
    }
    Ok(())
}
