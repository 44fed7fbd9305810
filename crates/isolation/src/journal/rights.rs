//! Whether a role may rewind. Known when the lease opens, never at the first
//! rewind: without the replica role an undo runs without error and leaves
//! other contents, because cascades and triggers fire.

use seedbed_api::Result;
use seedbed_db::{Complaint, Session};

use super::catalog::fields;
use super::install::FORMAT;

/// The oldest server with `pg_current_xact_id` and what else is used here.
const SERVER_MIN: u16 = 13;

/// Settings of a control connection, once per session: a change of the replica
/// role flushes every plan. Those that decide how rows are read as text are
/// those of the triggers. Every statement has one plan for good, so it must
/// not be one that is right only for a small table: hence no sequential scans,
/// whose price makes the planner want parallel workers, hence none of those.
/// Commits are waited for where that is a write and no sync: what was undone
/// must not come back when a backend or the server is killed right afterwards.
const PINS: &str = "SET session_replication_role = replica; \
    SET seedbed.journal_off = '1'; \
    SET search_path = ''; SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; \
    SET intervalstyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex'; \
    SET quote_all_identifiers = off; SET lc_monetary = 'C'; SET xmloption = content; \
    SET row_security = off; SET plan_cache_mode = force_generic_plan; SET jit = off; \
    SET max_parallel_workers_per_gather = 0; \
    SET enable_seqscan = off; SET enable_mergejoin = off; \
    SET lock_timeout = '200ms'; SET statement_timeout = 0; \
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
            "rewind takes PostgreSQL {SERVER_MIN} or later, this is {version}"
        )));
    }
    let owner = "SELECT quote_ident(pg_get_userbyid(nspowner)), \
                 pg_has_role(current_user, nspowner, 'USAGE') \
                 FROM pg_namespace WHERE nspname = 'seedbed_journal'";
    let Some(row) = session.rows(owner).await?.pop() else {
        return Ok(Some("the database was made without a journal".to_owned()));
    };
    let [owner, is_member] = fields(row)?;
    if is_member.as_deref() != Some("t") {
        let (owner, role) = (owner.unwrap_or_default(), seedbed_db::quote_ident(user));
        return Ok(Some(format!(
            "the role `{user}` is not a member of the role that owns the journal \
             (GRANT {owner} TO {role})"
        )));
    }
    let format = session.value("SELECT version FROM seedbed_journal.format").await?;
    if format != Some(FORMAT.to_string()) {
        return Ok(Some("its journal was made by another version of Seedbed".to_owned()));
    }
    if let Some(row) = session.rows(include_str!("sql/rights.sql")).await?.pop() {
        let [lack, hint] = fields(row)?;
        let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        return Ok(Some(format!("the role `{user}` {}{hint}", lack.unwrap_or_default())));
    }
    match session.batch(PINS).await {
        // insufficient_privilege
        Err(failure) if Complaint::is(&failure, "42501") => {
            let hint = if version >= 15 {
                format!(
                    " (GRANT SET ON PARAMETER session_replication_role TO {})",
                    seedbed_db::quote_ident(user)
                )
            } else {
                String::new()
            };
            Ok(Some(format!("the role `{user}` may not set session_replication_role{hint}")))
        }
        other => other.map(|()| None),
    }
}
