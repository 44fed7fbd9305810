//! What the lanes put into a database beside the project's own objects, as far
//! as a dump of it shows.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Complaint, Session, Target};
use seedbed_recipe::Traces;

use crate::journal::fields;
use crate::lock::{APPLICATION, CONNECT_WAIT};

/// Schemas of ours.
const SCHEMAS: &str = "('seedbed_journal', 'seedbed_truncate')";

/// Reads the traces of a database. One without any is not an error.
///
/// # Errors
/// Those of [`Session::connect`]; `Refused` if the role may not look into our
/// schemas; `Database` with the server's reason.
pub async fn traces(database: &Target) -> Result<Traces> {
    let session = Session::connect(database, APPLICATION, CONNECT_WAIT).await?;
    let read = read(&session).await;
    session.close().await;
    read
}

async fn read(session: &Session) -> Result<Traces> {
    let schemas = names(
        session,
        &format!("SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname IN {SCHEMAS}"),
    )
    .await?;
    let triggers = format!(
        "SELECT t.tgname FROM pg_catalog.pg_trigger t \
           JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid \
           JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
           WHERE n.nspname IN {SCHEMAS} \
         UNION SELECT t.evtname FROM pg_catalog.pg_event_trigger t \
           JOIN pg_catalog.pg_proc p ON p.oid = t.evtfoid \
           JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
           WHERE n.nspname IN {SCHEMAS}"
    );
    let mut caches = BTreeMap::new();
    for schema in &schemas {
        let pinned = format!(
            "SELECT n.nspname, c.relname, q.cache::text FROM {schema}.sequence q \
               JOIN pg_catalog.pg_class c ON c.oid = q.rel \
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE q.cache <> 1"
        );
        for row in session.rows(&pinned).await.map_err(unreadable)? {
            let [schema, name, cache] = fields(row)?.map(Option::unwrap_or_default);
            caches.insert((schema, name), cache);
        }
    }
    Ok(Traces { schemas, triggers: names(session, &triggers).await?, caches })
}

async fn names(session: &Session, query: &str) -> Result<BTreeSet<String>> {
    let rows = session.rows(query).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next()?).collect())
}

fn unreadable(failure: Failure) -> Failure {
    // insufficient_privilege
    if !Complaint::is(&failure, "42501") {
        return failure;
    }
    let message = "only the owner of Seedbed's journal can take it out of a dump";
    Failure::new(Kind::Refused, message)
        .because(failure)
        .hint("seedbed dump --url \"$SEEDBED_ADMIN_URL\"")
}
