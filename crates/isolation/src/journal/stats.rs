//! How worn a database is, so that a pool can rotate it before dead rows slow
//! it down.

use seedbed_api::{Failure, Kind, Result};

use super::catalog::fields;
use super::lease::Journal;

/// Figures of one leased database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Rewinds done through this journal.
    pub rewinds: u64,
    /// Rows that those deleted and inserted; about as many are dead.
    pub rows_undone: u64,
    /// Size of the journal in bytes.
    pub journal_bytes: u64,
    /// Size of the database in bytes.
    pub database_bytes: u64,
}

impl Journal {
    /// Looks at the sizes; not for the hot path.
    ///
    /// # Errors
    /// Those of [`seedbed_db::Session::batch`].
    pub async fn stats(&self) -> Result<Stats> {
        let query = "SELECT pg_table_size('seedbed_journal.entry'), \
                     pg_database_size(current_database())";
        let row = self.control.session.rows(query).await?.pop().unwrap_or_default();
        let [journal, database] = fields(row)?;
        let number = |text: Option<String>| {
            let number = text.and_then(|text| text.parse().ok());
            number.ok_or_else(|| Failure::new(Kind::Bug, "a size is no number"))
        };
        Ok(Stats {
            rewinds: self.rewinds,
            rows_undone: self.rows_undone,
            journal_bytes: number(journal)?,
            database_bytes: number(database)?,
        })
    }
}
