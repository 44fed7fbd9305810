//! `seedbed make --build`: rows without a database, by the schema that the
//! project's database had when it was last seen.

use seedbed_api::plan::{Call, Made};
use seedbed_api::{Failure, Kind, Result};

use super::catalog::Catalog;
use crate::config::Config;
use crate::world::World;

/// Builds rows. Columns that only the database fills are NULL.
///
/// # Errors
/// `Config` where no schema is remembered, and for a call that cannot be.
pub fn build(world: &World<'_>, config: &Config, call: &Call) -> Result<Vec<Made>> {
    let catalog = Catalog::new(&world.folders.cache, config);
    let factory = catalog.of_project(&config.root).ok_or_else(|| {
        let project = config.root.display();
        Failure::new(Kind::Config, format!("no schema of {project} is remembered"))
            .detail("It is remembered each time a database of the project is looked at.")
            .hint(format!("seedbed run -- seedbed explain {}", call.table))
    })?;
    factory.build(call)
}
