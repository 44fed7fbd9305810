//! `seedbed make`: rows in a database, in one transaction where the plan needs
//! one. Whatever ends this process in the middle of it, the server undoes what
//! was not committed.

use std::collections::BTreeSet;

use seedbed_api::plan::{Call, Made};
use seedbed_api::{Failure, Result};
use seedbed_factory::Manner;
use seedbed_schema::{Lookup, Schema, Table};

use super::database::{self, MakeSource};
use super::opening::{self, Opened, Purpose};
use crate::config::Config;
use crate::runtime;
use crate::world::World;

/// Columns that tell rows of a table apart for a person, at most.
const TELLING_MAX: usize = 6;

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

/// What tells rows apart: the primary key, what was asked for, what is unique.
fn telling(schema: &Schema, call: &Call, made: &Made) -> Vec<usize> {
    let Some(table) = table_of(schema, &made.table) else {
        return (0..made.columns.len().min(TELLING_MAX)).collect();
    };
    let asked = std::iter::once(call)
        .chain(&call.with)
        .filter(|call| matches!(schema.find(&call.table), Lookup::Found(of) if of == table))
        .flat_map(|call| call.set.keys().map(String::as_str));
    let keys = table.keys.iter().flat_map(seedbed_schema::UniqueKey::columns);
    let mut chosen = BTreeSet::new();
    for column in keys.chain(asked) {
        if chosen.len() == TELLING_MAX {
            break;
        }
        chosen.extend(made.columns.iter().position(|found| found.name == column));
    }
    if chosen.is_empty() {
        chosen.extend(0..made.columns.len().min(TELLING_MAX));
    }
    chosen.into_iter().collect()
}

/// The table of a binding, which is written as in SQL.
fn table_of<'a>(schema: &'a Schema, sql: &str) -> Option<&'a Table> {
    schema.tables.values().find(|table| {
        let name = &table.name;
        let quoted = seedbed_schema::quote(&name.name);
        sql == quoted
            || sql == format!("{}.{quoted}", seedbed_schema::quote(&name.schema))
            || sql == name.name
            || sql == format!("{}.{}", name.schema, name.name)
    })
}
