//! Whether a role may reset a database: known when the lease opens, never at
//! the first reset.

use seedbed_api::Result;
use seedbed_db::{Session, quote_ident};

use super::install::{FORMAT, PINS, SERVER_MIN};
use crate::journal::fields;

/// Settings of a control connection beside [`PINS`]. Commits are waited for
/// where that is a write and no sync: what was undone must not come back when
/// a backend or the server is killed right afterwards.
const ALSO: &str = "SET lock_timeout = '200ms'; SET statement_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; \
    SELECT set_config('synchronous_commit', \
      CASE current_setting('fsync') WHEN 'off' THEN 'on' ELSE 'off' END, false); \
    SET default_transaction_isolation = 'read committed'; \
    SET default_transaction_read_only = off; SET default_transaction_deferrable = off; \
    SET client_min_messages = error";

/// Prepares a control connection; says why it cannot be one.
pub(super) async fn refusal(session: &Session, user: &str) -> Result<Option<String>> {
    let version = session.server_version().0;
    if version < SERVER_MIN {
        return Ok(Some(format!(
            "the truncate lane takes PostgreSQL {SERVER_MIN} or later, this is {version}"
        )));
    }
    let pins: Vec<String> = PINS.iter().map(|pin| format!("SET {pin};")).collect();
    session.batch(&format!("{} {ALSO}", pins.concat())).await?;
    let owner = "SELECT quote_ident(pg_get_userbyid(nspowner)), \
                 pg_has_role(current_user, nspowner, 'USAGE') \
                 FROM pg_namespace WHERE nspname = 'seedbed_truncate'";
    let Some(row) = session.rows(owner).await?.pop() else {
        return Ok(Some("the database was not made for the truncate lane".to_owned()));
    };
    let [owner, is_member] = fields(row)?;
    if is_member.as_deref() != Some("t") {
        let (owner, role) = (owner.unwrap_or_default(), quote_ident(user));
        return Ok(Some(format!(
            "the role `{user}` is not a member of the role that made the template (GRANT {owner} TO {role})"
        )));
    }
    let format = session.value("SELECT format FROM seedbed_truncate.template").await?;
    if format != Some(FORMAT.to_string()) {
        return Ok(Some("the template was made by another version of Seedbed".to_owned()));
    }
    let foreign = "SELECT r.name, quote_ident(pg_get_userbyid(c.relowner)) \
        FROM seedbed_truncate.relation r JOIN pg_class c ON c.oid = r.rel \
        WHERE NOT pg_has_role(c.relowner, 'USAGE') ORDER BY r.name LIMIT 1";
    if let Some(row) = session.rows(foreign).await?.pop() {
        let [name, owner] = fields(row)?.map(Option::unwrap_or_default);
        return Ok(Some(format!(
            "the role `{user}` does not own the table `{name}` (GRANT {owner} TO {})",
            quote_ident(user)
        )));
    }
    // Who changes one leaves no trace that an owner may read.
    let objects = "SELECT EXISTS (SELECT FROM pg_largeobject_metadata)";
    if session.value(objects).await?.as_deref() == Some("t") {
        return Ok(Some("the database holds large objects".to_owned()));
    }
    Ok(None)
}
