//! Asking a session.

use seedbed_api::Result;
use seedbed_schema::Schema;

use super::answer::Row;
use super::catalog::Catalog;
use super::{assembly, fingerprint, statement};
use crate::Session;

impl Session {
    /// What the connected database looks like to the connected role: tables,
    /// views that take rows, types, keys, constraints. Not in it: the server's
    /// own schemas, temporary tables, what belongs to extensions (their types
    /// where a column has them), and what Seedbed keeps in a database.
    ///
    /// Expressions are written so that they mean the same under any search path
    /// that leaves `pg_catalog` first; times in them are in UTC. Two databases
    /// of the same schema give equal answers.
    ///
    /// Two round trips and no snapshot over them: where others change the
    /// schema meanwhile the answer may show half of it. Whoever keeps it asks
    /// for [`Session::catalog_fingerprint`] *before* and keeps it by that: then
    /// the next question finds another fingerprint. In an open transaction
    /// nothing stays changed; a lock that a migration holds on a table is waited
    /// for.
    ///
    /// # Errors
    /// As [`Session::batch`].
    pub async fn schema(&self) -> Result<Schema> {
        let (server, _) = self.server_version();
        let mut settings = Vec::new();
        let (mut search_path, mut role) = (Vec::new(), None);
        for cells in self.rows(&statement::surroundings()).await? {
            let mut row = Row::new(cells);
            match row.tag.as_str() {
                "setting" => settings.push((row.text()?, row.text()?)),
                "role" => role = Some(row.text()?),
                _ => search_path.push(row.text()?),
            }
        }
        let rows = self.rows(&statement::catalogs(server, &settings)).await?;
        let catalog = Catalog::read(rows.into_iter().map(Row::new))?;
        Ok(Schema { search_path, role, ..assembly::schema(&catalog, server) })
    }

    /// A text that changes whenever something changes that [`Session::schema`]
    /// tells, with the server's version, the role and the search path in it;
    /// not by writing, emptying, analyzing or vacuuming tables. Databases of the
    /// same schema have different ones, because objects have different numbers;
    /// a clone has its template's.
    ///
    /// # Errors
    /// As [`Session::batch`].
    pub async fn catalog_fingerprint(&self) -> Result<String> {
        let (server, _) = self.server_version();
        Ok(self.value(&fingerprint::query(server)).await?.unwrap_or_default())
    }
}
