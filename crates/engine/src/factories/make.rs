//! `seedbed make`: rows in a database, in one transaction where the plan needs
//! one. Whatever ends this process in the middle of it, the server undoes what
//! was not committed.

use seedbed_api::plan::{Call, Made};
use seedbed_api::{Failure, Result};
use seedbed_factory::Manner;

use super::database::{self, MakeSource};
use super::opening::{self, Opened, Purpose};
use super::telling::telling;
use crate::config::Config;
use crate::runtime;
use crate::world::World;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct MakeRequest<'a> {
    /// Where.
    pub source: MakeSource<'a>,
    /// The rows.
    pub call: &'a Call,
    /// Whether to undo everything at the end.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct MadeRows {
    /// The rows by binding, parents before children.
    pub made: Vec<Made>,
    /// For each of them, the columns that tell its rows apart.
    pub telling: Vec<Vec<usize>>,
    /// Where the database is, without password.
    pub place: String,
}

/// Makes rows.
///
/// # Errors
/// `NoServer` where no database is named; `Refused` if it must not be written;
/// `Config` for a call that cannot be; `Database` for rows that cannot.
pub fn make(world: &World<'_>, config: &Config, request: &MakeRequest<'_>) -> Result<MadeRows> {
    let database = database::find(world, config, request.source)?;
    runtime::new()?.block_on(async {
        let opening = opening::open(world, config, &database, request.source, Purpose::Write);
        let opened = Box::pin(opening).await?;
        let made = if request.dry_run {
            Box::pin(rehearse(&opened, request.call)).await?
        } else {
            let compiled = opened.known.factory.compile(request.call)?;
            let factory = &opened.known.factory;
            Box::pin(opening::run(&opened.runner, factory, compiled, Manner::Autocommit)).await?
        };
        let schema = &opened.known.schema;
        let telling = made.iter().map(|made| telling(schema, request.call, made)).collect();
        Ok(MadeRows { made, telling, place: opened.place })
    })
}

/// Makes the rows in a transaction that is rolled back. Constraints that are
/// checked at its end are checked before.
async fn rehearse(opened: &Opened, call: &Call) -> Result<Vec<Made>> {
    let compiled = opened.known.factory.compile(call)?;
    let session = opened.runner.session();
    session.batch("BEGIN").await?;
    let factory = &opened.known.factory;
    let made = opening::run(&opened.runner, factory, compiled, Manner::InTransaction).await;
    let checked = match &made {
        Ok(_) => session.batch("SET CONSTRAINTS ALL IMMEDIATE").await,
        Err(_) => Ok(()),
    };
    let undone = session.batch("ROLLBACK").await;
    let made = made?;
    checked.map_err(deferred)?;
    undone.map(|()| made)
}

fn deferred(failure: Failure) -> Failure {
    Failure::new(failure.kind(), "a constraint that is checked at the end would fail")
        .because(failure)
}
