//! Whether a database with a journal still has the schema of its template, as
//! far as the journal saw: asked in a tenth of a millisecond, where looking at
//! the catalogs takes milliseconds.

use seedbed_api::Result;
use seedbed_db::Session;

/// The journal notes every change of the schema in the transaction that makes
/// it; what keeps it from noting is counted as the probe of a rewind does. The
/// search path decides what a name means, whatever the schema.
const STANDING: &str = "\
    SELECT concat_ws(' ', \
      (SELECT concat(count(*), ' ', sum(hashtext(evtname || evtenabled::text))) \
       FROM pg_event_trigger), \
      (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase \
       WHERE d.datname = current_database()), \
      current_setting('search_path'), current_user) \
    WHERE NOT EXISTS (SELECT FROM seedbed_journal.entry WHERE rel = 0)";

/// Whether the session's role can ask. Without a journal nothing is known.
const HAS_JOURNAL: &str = "\
    SELECT coalesce(bool_and(has_table_privilege(c.oid, 'SELECT') \
      AND has_schema_privilege(c.relnamespace, 'USAGE')), false) AND count(*) = 1 \
    FROM pg_class c \
    WHERE c.relname = 'entry' AND c.relnamespace = to_regnamespace('seedbed_journal')";

/// Whether [`standing`] can be asked in this database.
///
/// # Errors
/// Those of the session.
pub async fn can_tell(session: &Session) -> Result<bool> {
    Ok(session.value(HAS_JOURNAL).await?.as_deref() == Some("t"))
}

/// A text that is the same in all databases of one template as long as nothing
/// changed their schema; `None` once something did.
///
/// # Errors
/// Those of the session; `Database` where there is no journal.
pub async fn standing(session: &Session) -> Result<Option<String>> {
    session.value(STANDING).await
}
