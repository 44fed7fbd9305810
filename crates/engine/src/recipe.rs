//! From configuration and files to a fingerprinted recipe.

use seedbed_api::{Failure, Kind, Result};
use seedbed_recipe::{Fingerprint, Recipe};

use crate::config::{Config, RecipeSource, read_globs, read_recipe};

/// Reads the project's recipe on top of `base`.
pub(crate) fn read(config: &Config, base: Fingerprint) -> Result<Recipe> {
    let files = read_recipe(&config.root, &config.recipe.source)?;
    let recipe = match &config.recipe.source {
        RecipeSource::Migrations { path, format } => {
            Recipe::migrations(&path.to_string_lossy(), files, *format, base)?
        }
        RecipeSource::Dump { path } => {
            let file = files.into_iter().next().ok_or_else(|| {
                Failure::new(Kind::Recipe, format!("the dump {} is not there", path.display()))
                    .hint("[recipe]\ndump = \"schema.sql\"")
            })?;
            Recipe::dump(file, base)?
        }
        RecipeSource::Command { argv, .. } => Recipe::command(argv.clone(), files, base)?,
        RecipeSource::Nothing => Recipe::empty(base),
    };
    if config.recipe.seeds.is_empty() {
        return Ok(recipe);
    }
    recipe.with_seeds(read_globs(&config.root, "recipe.seeds", &config.recipe.seeds)?)
}
