//! The key a CI job keeps the cache folder under.

use std::env::consts::{ARCH, OS};

use seedbed_api::Result;
use seedbed_recipe::{Fingerprint, SourceFile};

use super::load::Config;
use super::{read_globs, read_recipe};

/// Changes when old caches must not be restored any more.
const DOMAIN: &str = "seedbed/cache-key/1";

impl Config {
    /// A key that changes when the recipe or the choice of server changes.
    ///
    /// The part before the last `-` says which machines may share a cache: an
    /// older key with the same beginning is still worth restoring, since
    /// layers of the schema are shared.
    ///
    /// # Errors
    /// As [`read_recipe`]: a key for files that cannot be read would be wrong.
    pub fn cache_key(&self) -> Result<String> {
        let recipe = read_recipe(&self.root, &self.recipe.source)?;
        let seeds = read_globs(&self.root, "recipe.seeds", &self.recipe.seeds)?;
        let mut fingerprint = Fingerprint::of(DOMAIN, &[]);
        for row in self.rows().into_iter().filter(|row| shapes_clusters(&row.key)) {
            let value = row.value.unwrap_or_default();
            fingerprint = fingerprint.then(&[row.key.as_bytes(), value.as_bytes()]);
        }
        for SourceFile { path, bytes } in recipe.iter().chain(&seeds) {
            fingerprint = fingerprint.then(&[path.as_bytes(), bytes]);
        }
        Ok(format!("seedbed-{OS}-{ARCH}-{}", fingerprint.short()))
    }
}

/// Whether a key changes what a cached cluster holds.
fn shapes_clusters(key: &str) -> bool {
    matches!(key, "server" | "version" | "locale")
        || key.starts_with("settings.")
        || key.starts_with("recipe")
}
