//! What a client needs before its first call on a large schema: the schema,
//! whether it is still the same, and a factory for it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use seedbed_api::plan::Call;
use seedbed_db::{Session, Target};
use seedbed_factory::Factory;
use seedbed_schema::Schema;
use tokio::runtime::Runtime;

use super::super::contestant::Contestant;
use super::super::desk::Desk;
use super::maker::settings;

/// How long connecting may take.
const BOUND: Duration = Duration::from_secs(60);

/// Names of the contestants in the report.
pub(crate) struct Names {
    pub(crate) schema: String,
    pub(crate) first: String,
    pub(crate) fingerprint: String,
    pub(crate) compile: String,
}

impl Names {
    /// For a schema of so many tables.
    pub(crate) fn of(tables: usize) -> Self {
        Self {
            schema: format!("schema of {tables} tables"),
            first: format!("schema of {tables} tables, new connection"),
            fingerprint: format!("catalogue fingerprint, {tables} tables"),
            compile: format!("first call compiled, schema of {tables} tables known"),
        }
    }
}

/// On a database of this shape, which has a table `big` beside its chains.
pub(crate) fn contestants(
    runtime: &Rc<Runtime>,
    target: &Target,
    tables: usize,
) -> Result<Vec<Contestant<'static>>> {
    let names = Names::of(tables);
    let desk = Desk::open(runtime, target)?;
    let (_, session) = desk.parts();
    let schema = Arc::new(runtime.block_on(session.schema())?);
    ensure!(schema.tables.len() == tables + 1, "{} tables", schema.tables.len());

    let own = desk.clone();
    let read = move || {
        let (runtime, session) = own.parts();
        let began = Instant::now();
        let schema = runtime.block_on(session.schema())?;
        let took = began.elapsed();
        ensure!(schema.tables.len() > tables, "{} tables", schema.tables.len());
        Ok(took)
    };
    let (own, place) = (Rc::clone(runtime), target.clone());
    let first = move || {
        let began = Instant::now();
        let (session, schema) = own.block_on(connect(&place))?;
        let took = began.elapsed();
        ensure!(schema.tables.len() > tables, "{} tables", schema.tables.len());
        own.block_on(session.close());
        Ok(took)
    };
    let fingerprint = move || {
        let (runtime, session) = desk.parts();
        let began = Instant::now();
        runtime.block_on(session.catalog_fingerprint())?;
        Ok(began.elapsed())
    };
    let call = Call { table: format!("t{tables}"), ..Call::default() };
    let compile = move || {
        let began = Instant::now();
        Factory::new(Arc::clone(&schema), settings()).compile(&call)?;
        Ok(began.elapsed())
    };
    Ok(vec![
        Contestant::new(names.schema, 1, read).in_bursts(1),
        Contestant::new(names.first, 2, first),
        Contestant::new(names.fingerprint, 1, fingerprint).in_bursts(1),
        Contestant::new(names.compile, 1, compile).in_bursts(1),
    ])
}

async fn connect(target: &Target) -> Result<(Session, Schema)> {
    let session = Session::connect(target, "bench", BOUND).await?;
    let schema = session.schema().await?;
    Ok((session, schema))
}
