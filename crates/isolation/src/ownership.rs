//! Whether the database a session is in was made by Seedbed for a test or for
//! a person: a clone, or one that was kept.

use seedbed_api::Result;
use seedbed_db::Session;

use crate::inventory::{self, State};

/// Whether the session's database carries our mark. A template does not count:
/// nobody may write into it.
///
/// # Errors
/// `Database` with the server's reason.
pub async fn is_ours(session: &Session) -> Result<bool> {
    let Some(name) = session.value("SELECT pg_catalog.current_database()").await? else {
        return Ok(false);
    };
    let found = inventory::named(session, &name).await?;
    Ok(found.is_some_and(|found| matches!(found.state(), State::Clone { .. } | State::Kept)))
}
