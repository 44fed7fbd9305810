//! What databases look like, and the factory for each look.
//!
//! A database is asked for its catalogue's fingerprint (a few milliseconds)
//! each time a call is compiled or made; only a fingerprint nobody has seen is
//! followed by an introspection. So a replaced database and a changed schema
//! are noticed with the next call, and databases of one template share a
//! factory.
//!
//! *Invariant*: while one caller looks at a database, the others wait for what
//! it finds.

use std::path::Path;
use std::sync::Arc;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::Session;
use seedbed_factory::Factory;
use seedbed_model::Settings;
use seedbed_schema::Schema;
use tokio::sync::Mutex;

use super::schema_files::SchemaFiles;
use crate::config::Config;

/// Factories that are kept at once; each holds its compiled plans.
const KNOWN_MAX: usize = 8;
/// How often a schema is read that changes while it is read.
const ATTEMPTS: usize = 5;

/// Everything that is known.
pub(super) struct Catalog {
    files: SchemaFiles,
    settings: Settings,
    /// The most recently used one first.
    known: Mutex<Vec<Arc<Known>>>,
}

/// A schema under its fingerprint.
pub(super) struct Known {
    pub(super) fingerprint: String,
    pub(super) schema: Arc<Schema>,
    pub(super) factory: Factory,
}

impl Catalog {
    pub(super) fn new(cache: &Path, config: &Config) -> Self {
        Self {
            files: SchemaFiles::of(cache),
            settings: settings(config),
            known: Mutex::new(Vec::new()),
        }
    }

    /// What the session's database looks like now.
    ///
    /// # Errors
    /// Those of the session.
    pub(super) async fn look(&self, session: &Session) -> Result<Arc<Known>> {
        let mut fingerprint = session.catalog_fingerprint().await?;
        let mut known = self.known.lock().await;
        for _ in 0..ATTEMPTS {
            if let Some(at) = known.iter().position(|one| one.fingerprint == fingerprint) {
                known[..=at].rotate_right(1);
                return Ok(Arc::clone(&known[0]));
            }
            let schema = match self.files.read(&fingerprint) {
                Some(schema) => schema,
                None => {
                    let schema = session.schema().await?;
                    let after = session.catalog_fingerprint().await?;
                    if after != fingerprint {
                        fingerprint = after;
                        continue;
                    }
                    self.files.write(&fingerprint, &schema);
                    schema
                }
            };
            let schema = Arc::new(schema);
            let factory = Factory::new(Arc::clone(&schema), self.settings.clone());
            known.insert(0, Arc::new(Known { fingerprint, schema, factory }));
            known.truncate(KNOWN_MAX);
            return Ok(Arc::clone(&known[0]));
        }
        Err(Failure::new(Kind::Timeout, "the schema changes while it is read")
            .hint("wait until the migrations are done"))
    }

    /// Remembers that this is what the project's database looks like.
    pub(super) fn note(&self, project: &Path, known: &Known) {
        self.files.note(project, &known.fingerprint);
    }

    /// A factory of the schema the project had when it was last seen.
    pub(super) fn of_project(&self, project: &Path) -> Option<Factory> {
        let schema = self.files.of_project(project)?;
        Some(Factory::new(Arc::new(schema), self.settings.clone()))
    }
}

fn settings(config: &Config) -> Settings {
    Settings { seed: config.seed.value.clone(), locale: config.values_locale.value }
}
