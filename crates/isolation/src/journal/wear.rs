//! Dead rows. An undo leaves about as many as it touches, aborted work leaves
//! some that the journal never hears of, and servers that are thrown away run
//! no autovacuum. Where enough have gathered, their tables are vacuumed between
//! two tests, before the dead make the living slow.

use std::fmt::Write as _;

use seedbed_api::Result;

use super::catalog::fields;
use super::lease::Journal;

/// A table is vacuumed after so many of its rows were undone. VACUUM of a
/// small table takes a millisecond or two, so this costs about a microsecond
/// for each row.
const UNDONE_ROWS: u64 = 2_000;
/// After so many rewinds the server's own count of dead rows is looked at,
/// catalogs (temporary tables) and aborted work included.
const LOOK_REWINDS: u64 = 1_000;

/// Tables with more dead rows than they should have.
const DEAD: &str = "SELECT format('%I.%I', n.nspname, c.relname) \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND NOT c.relisshared \
    AND n.nspname <> 'seedbed_journal' \
    AND pg_stat_get_dead_tuples(c.oid) > greatest(1000, c.reltuples * 0.1)";

/// How worn a journaled database is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wear {
    /// Rewinds when the server's count was last looked at.
    looked_at: u64,
}

/// How worn a table is.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableWear {
    undone: u64,
    /// So many are enough.
    enough: u64,
}

impl Default for TableWear {
    fn default() -> Self {
        Self { undone: 0, enough: UNDONE_ROWS }
    }
}

impl TableWear {
    /// Counts rows that were deleted or inserted.
    pub(super) fn add(&mut self, rows: u64) {
        self.undone += rows;
    }

    fn is_enough(&self) -> bool {
        self.undone >= self.enough
    }
}

impl Journal {
    /// Whether [`Journal::refresh`] would find something to do.
    pub(crate) fn is_worn(&self) -> bool {
        self.rewinds >= self.wear.looked_at + LOOK_REWINDS
            || self.relations.values().any(|relation| relation.wear.is_enough())
    }

    /// Vacuums what is worn. Takes milliseconds; tables that somebody has
    /// locked are left for the next time.
    ///
    /// # Errors
    /// Those of [`seedbed_db::Session::batch`].
    pub(crate) async fn refresh(&mut self) -> Result<()> {
        let session = &self.control.session;
        let mut tables = Vec::new();
        // A large table feels it only when a tenth of its rows is dead.
        let mut ask =
            String::from("SELECT oid, (reltuples * 0.1)::bigint FROM pg_class WHERE oid IN (0");
        for (oid, _) in self.relations.iter().filter(|(_, relation)| relation.wear.is_enough()) {
            // Writing to a String does not fail.
            let _ = write!(ask, ", {oid}");
        }
        ask.push(')');
        for row in session.rows(&ask).await? {
            let [oid, tenth] = fields(row)?;
            let tenth = tenth.and_then(|tenth| tenth.parse().ok()).unwrap_or(0);
            let Some(relation) = self.relations.get_mut(&oid.unwrap_or_default()) else { continue };
            if relation.wear.undone < tenth {
                relation.wear.enough = tenth;
            } else {
                tables.push(relation.name.clone());
                relation.wear = TableWear::default();
            }
        }
        if self.rewinds >= self.wear.looked_at + LOOK_REWINDS {
            self.wear.looked_at = self.rewinds;
            for row in session.rows(DEAD).await? {
                let [name] = fields(row)?;
                tables.extend(name.filter(|name| !tables.contains(name)));
            }
        }
        if tables.is_empty() {
            return Ok(());
        }
        // Cutting the files' ends off takes a lock that a test would feel.
        let tables = tables.join(", ");
        session.batch(&format!("VACUUM (SKIP_LOCKED, TRUNCATE false) {tables}")).await
    }
}
