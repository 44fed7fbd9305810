//! Putting what the lane needs into a database and taking it out again.
//!
//! Every table has one statement trigger that notes its name. A statement on a
//! parent fires the parent's trigger only, so each table knows which others
//! hold the rows that a statement on it may change. Triggers are ENABLE
//! ALWAYS: an application that sets `session_replication_role` must not slip
//! through.

use seedbed_api::{Failure, Kind, Listener, Result};
use seedbed_db::{Complaint, Session};

use super::fingerprint::{IS_OF_USER, fingerprint};
use crate::journal::fields;

/// Version of what is baked; another one is baked anew.
pub(crate) const FORMAT: u32 = 1;
/// The oldest server with `pg_trigger.tgparentid`.
pub(super) const SERVER_MIN: u16 = 13;
/// Rows of a larger table, with its TOAST, are not copied.
const KEPT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Settings that decide how a row is written as text; a control connection has
/// the same. `row_security` off makes an error of rows that would be hidden.
pub(super) const PINS: &[&str] = &[
    "search_path = ''",
    "timezone = 'UTC'",
    "datestyle = 'ISO, MDY'",
    "intervalstyle = 'postgres'",
    "extra_float_digits = 1",
    "bytea_output = 'hex'",
    "quote_all_identifiers = off",
    "lc_monetary = 'C'",
    "xmloption = content",
    "row_security = off",
    "jit = off",
];

/// What a template was given.
#[derive(Debug)]
pub struct Baked {
    /// Tables whose changes are noted and undone.
    pub tables: usize,
    /// Rows that were copied, to be put back.
    pub rows: u64,
    /// Tables whose changes make a reset impossible, each with the reason.
    pub not_restorable: Vec<(String, String)>,
}

/// Puts triggers and copies of the rows into the database of `session`, which
/// must not be inside a transaction: to be done after migrations and seeds and
/// before the template is sealed. What an earlier call left is replaced. Cache
/// sizes of sequences become 1.
///
/// # Errors
/// `Kind::Refused` if the role does not own every table and sequence, or may
/// not create a schema. Else those of [`Session::batch`]; nothing is left then.
pub async fn bake(session: &Session, listener: &dyn Listener) -> Result<Baked> {
    if session.server_version().0 < SERVER_MIN {
        let message = format!("the truncate lane takes PostgreSQL {SERVER_MIN} or later");
        return Err(Failure::new(Kind::Refused, message).hint("lane = \"clone\""));
    }
    let baked = within(session, bake_inside(session)).await?;
    for (name, why) in &baked.not_restorable {
        listener.notice(format!("`{name}` cannot be reset by the truncate lane: it {why}"));
    }
    Ok(baked)
}

/// Removes every trace of the lane from the database of `session`, so that it
/// can be dumped; sequences get their cache sizes back. Does nothing where
/// there is nothing.
///
/// # Errors
/// As [`bake`].
pub async fn strip(session: &Session) -> Result<()> {
    within(session, session.batch(include_str!("sql/strip.sql"))).await
}

/// Runs `work` in a transaction of its own and, where the role may do that,
/// without the user's own event triggers.
async fn within<T>(session: &Session, work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut begin = "BEGIN; SET LOCAL client_min_messages = warning;".to_owned();
    for pin in PINS {
        begin.push_str(&format!("SET LOCAL {pin};"));
    }
    if session.is_superuser() {
        begin.push_str("SET LOCAL session_replication_role = replica");
    }
    let done = async {
        session.batch(&begin).await?;
        let value = work.await?;
        session.batch("COMMIT").await?;
        Ok(value)
    }
    .await;
    let failure: Failure = match done {
        Ok(value) => return Ok(value),
        Err(failure) => failure,
    };
    // A connection that broke rolls back by itself.
    let _ = session.batch("ROLLBACK").await;
    // insufficient_privilege
    if !Complaint::is(&failure, "42501") {
        return Err(failure);
    }
    let message = "the role lacks a right that the truncate lane needs in the database";
    Err(Failure::new(Kind::Refused, message).because(failure).hint("lane = \"clone\""))
}

async fn bake_inside(session: &Session) -> Result<Baked> {
    session.batch(include_str!("sql/strip.sql")).await?;
    if let Some(row) = session.rows(include_str!("sql/foreign_owners.sql")).await?.pop() {
        let [name, owner] = fields(row)?.map(Option::unwrap_or_default);
        let message = format!(
            "the truncate lane takes a role that owns every table, and `{name}` belongs to {owner}"
        );
        return Err(Failure::new(Kind::Refused, message)
            .hint(format!("GRANT {owner} TO CURRENT_USER"))
            .hint("lane = \"clone\""));
    }
    session.batch(include_str!("sql/schema.sql")).await?;
    let relations = include_str!("sql/relations.sql")
        .replace("{kept_bytes_max}", &KEPT_BYTES_MAX.to_string())
        .replace("{is_of_user}", IS_OF_USER);
    session.batch(&relations).await?;
    session.batch(include_str!("sql/keep.sql")).await?;
    // Last, so that the fingerprint knows all of the above.
    let fingerprint = fingerprint();
    let seal = format!("INSERT INTO seedbed_truncate.template SELECT {FORMAT}, ({fingerprint})");
    session.batch(&seal).await?;
    summary(session).await
}

async fn summary(session: &Session) -> Result<Baked> {
    let query = "SELECT name, refusal, kept_rows FROM seedbed_truncate.relation WHERE kind <> 'p' ORDER BY name";
    let mut baked = Baked { tables: 0, rows: 0, not_restorable: Vec::new() };
    for row in session.rows(query).await? {
        let [name, refusal, rows] = fields(row)?;
        baked.rows += rows.and_then(|rows| rows.parse().ok()).unwrap_or(0);
        match refusal {
            Some(why) => baked.not_restorable.push((name.unwrap_or_default(), why)),
            None => baked.tables += 1,
        }
    }
    Ok(baked)
}
