//! What a database holds, as one number: rows of every table, sequences, and
//! what the schema consists of. Without what Seedbed itself put there, so that
//! a leased database and a plain one are the same if they should be.

use anyhow::{Context as _, Result};
use seedbed_db::Session;

/// One row for each table and sequence: a statement that digests it.
const PARTS: &str = r#"
SELECT CASE relkind
    WHEN 'S' THEN format('SELECT concat(%L, last_value, is_called) FROM %s', c.oid::regclass, c.oid::regclass)
    ELSE format('SELECT concat(%L, count(*), md5(string_agg(t::text, '','' ORDER BY t::text COLLATE "C"))) FROM ONLY %s t', c.oid::regclass, c.oid::regclass)
  END
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'S') AND relpersistence <> 't'
  AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'seedbed_journal')
ORDER BY c.oid::regclass::text COLLATE "C""#;

/// Names of everything in the user's schemas, triggers apart.
const SCHEMA: &str = "
SELECT md5(string_agg(concat(n.nspname, '.', c.relname, c.relkind, a.attname, a.atttypid::regtype), ',' \
  ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", a.attnum))
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid
WHERE relpersistence <> 't' AND nspname NOT LIKE 'pg\\_%' \
  AND nspname NOT IN ('information_schema', 'seedbed_journal')";

/// The digest of the database a session is connected to.
pub(crate) async fn of(session: &Session) -> Result<String> {
    session.batch("SET timezone = 'UTC'; SET search_path = ''").await?;
    let parts = session.rows(PARTS).await?;
    let parts: Vec<String> = parts.into_iter().flatten().flatten().collect();
    let all: Vec<String> = parts.iter().map(|part| format!("({part})")).collect();
    let rows = session.value(&format!("SELECT md5(concat_ws('|', {}))", all.join(", "))).await?;
    let schema = session.value(SCHEMA).await?;
    session.batch("RESET timezone; RESET search_path").await?;
    let whole = |part: Option<String>| part.context("a digest is empty");
    Ok(format!("{}.{}", whole(rows)?, whole(schema)?))
}
