//! `seedbed types python`: what calls look like, told to type checkers.

use seedbed_api::Result;

use super::database::{self, MakeSource};
use super::opening::{self, Purpose};
use crate::config::Config;
use crate::runtime;
use crate::world::World;

/// The stub file of the project's database, for Python's type checkers. The
/// database is looked at, nothing is written.
///
/// # Errors
/// `NoServer` where no database is named; those of the database.
pub fn python_stub(world: &World<'_>, config: &Config, source: MakeSource<'_>) -> Result<String> {
    let database = database::find(world, config, source)?;
    runtime::new()?.block_on(async {
        let opening = opening::open(world, config, &database, source, Purpose::Look);
        let opened = Box::pin(opening).await?;
        Ok(seedbed_factory::python_stub(&opened.known.schema))
    })
}
