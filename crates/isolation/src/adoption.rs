//! Making a database that already holds a recipe's result its template, so
//! that a server started from a prepared cluster builds nothing again.

use seedbed_api::Result;
use seedbed_db::quote_ident;
use seedbed_recipe::Fingerprint;

use crate::marker::{Marker, template_name};
use crate::sealing::seal;
use crate::{Shared, Template, roles};

impl Shared<'_> {
    /// Renames `database`, which must hold exactly what has this fingerprint on a
    /// server of ours, to the template's name and seals it. Every role but the
    /// server's own counts as made by the recipe.
    ///
    /// # Errors
    /// `Database` with the server's reason; `Timeout` if somebody stays
    /// connected to it.
    pub async fn adopt(&self, fingerprint: Fingerprint, database: &str) -> Result<Template> {
        let name = template_name(&fingerprint);
        let session = self.connect().await?;
        // A crash of a backend must not bring the old name back.
        session.batch("SET synchronous_commit = on").await?;
        let query = "SELECT rolname FROM pg_roles WHERE oid >= 16384 ORDER BY rolname";
        let created: Vec<String> =
            session.rows(query).await?.into_iter().flatten().flatten().collect();
        let roles = roles::records(&session, &created).await?;
        session
            .batch(&format!(
                "ALTER DATABASE {} RENAME TO {}",
                quote_ident(database),
                quote_ident(&name)
            ))
            .await?;
        let marker =
            Marker::Template { fingerprint: fingerprint.to_string(), roles: roles.clone() };
        seal(&session, &name, &marker).await?;
        session.close().await;
        Ok(Template { name, fingerprint, layers_built: 0, roles })
    }
}
