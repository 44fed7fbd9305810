//! `seedbed explain` and `seedbed make --plan`: how a call is understood. The
//! database is looked at, nothing is written.

use seedbed_api::Result;
use seedbed_api::plan::Call;
use seedbed_factory::Explanation;

use super::database::{self, MakeSource};
use super::opening::{self, Purpose};
use crate::config::Config;
use crate::runtime;
use crate::world::World;

/// Explains a call.
///
/// # Errors
/// `NoServer` where no database is named; `Config` for a call that cannot be.
pub fn explain(
    world: &World<'_>,
    config: &Config,
    source: MakeSource<'_>,
    call: &Call,
) -> Result<Explanation> {
    let database = database::find(world, config, source)?;
    runtime::new()?.block_on(async {
        let opening = opening::open(world, config, &database, source, Purpose::Look);
        let opened = Box::pin(opening).await?;
        opened.known.factory.explain(call)
    })
}
