//! Another clone of the template for each test: by the service, which holds
//! some ready, and by plain SQL.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use seedbed_db::quote_ident;

use super::super::contestant::Contestant;
use super::super::desk::{Desk, Plain};
use super::SMALL_BURST;
use super::shape::Shape;
use super::slot::{Shared, Slot};
use super::touch::USUAL;

/// How long the service's background work may take.
const SETTLE_BOUND: Duration = Duration::from_secs(120);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// So many looks in a row must see nothing done: between two statements of the
/// background's work there is a moment as well.
const QUIET_LOOKS: u32 = 25;
/// So many clones wanted in a row let the service hold one ready.
const STOCK_ATTEMPTS: u32 = 5;
/// Ready databases of the service, those it will drop, and whether anybody
/// works on the server.
const STATE: &str = "SELECT count(*) FILTER (WHERE datname LIKE '%\\_ready\\_%'),
    count(*) FILTER (WHERE datname LIKE '%\\_waste\\_%'),
    (SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid())
    FROM pg_database";

/// Names of ready databases.
const READY: &str = "SELECT datname FROM pg_database WHERE datname LIKE '%\\_ready\\_%'";

/// The service's clone, with and without a ready one, after the usual test.
pub(crate) fn by_service(
    shape: &Shape,
    slot: &Shared,
    admin: &Desk,
) -> Result<Vec<Contestant<'static>>> {
    let mut contestants = Vec::new();
    for (name, with_ready) in [(ready(shape), true), (unprepared(shape), false)] {
        let (slot, admin) = (Rc::clone(slot), admin.clone());
        slot.borrow_mut().prove(USUAL).with_context(|| name.clone())?;
        let turn = move || {
            let mut slot = slot.borrow_mut();
            if with_ready {
                stock(&admin, &mut slot)?;
            } else {
                // It would hold one ready again sooner than all are used up.
                settle(&admin)?;
                drop_ready(&admin)?;
            }
            let took = slot.turn(USUAL)?;
            // What follows in the background must not hit the next one's turn.
            settle(&admin)?;
            Ok(took)
        };
        contestants.push(Contestant::new(name, 5, turn));
    }
    Ok(contestants)
}

/// Name of the service's clone from a ready one.
pub(crate) fn ready(shape: &Shape) -> String {
    format!("clone by the service, one ready, {}", shape.name)
}

/// Name of the service's clone that must be made.
fn unprepared(shape: &Shape) -> String {
    format!("clone by the service, none ready, {}", shape.name)
}

/// Sees to it that one is ready: the service holds none after a while in which
/// none was wanted.
fn stock(admin: &Desk, slot: &mut Slot) -> Result<()> {
    for _ in 0..STOCK_ATTEMPTS {
        if settle(admin)? > 0 {
            return Ok(());
        }
        slot.reset()?;
    }
    bail!("the service holds no clone ready after {STOCK_ATTEMPTS} were wanted")
}

/// Waits until the service has done what a replacement leaves to do; how many
/// databases are ready then.
fn settle(admin: &Desk) -> Result<u64> {
    let mut quiet = 0;
    let mut error = None;
    let settled = seedbed_server::until(SETTLE_BOUND, LOOK, || match look(admin) {
        Ok([ready, 0, 0]) => {
            quiet += 1;
            (quiet == QUIET_LOOKS).then_some(ready)
        }
        Ok(_) => {
            quiet = 0;
            None
        }
        Err(failure) => {
            error = Some(failure);
            Some(0)
        }
    });
    match error {
        Some(error) => Err(error),
        None => settled.with_context(|| format!("the pool has not settled after {SETTLE_BOUND:?}")),
    }
}

/// Drops the service's ready databases behind its back; it notices when it
/// wants to give one out, and makes another.
fn drop_ready(admin: &Desk) -> Result<()> {
    let (runtime, session) = admin.parts();
    for name in runtime.block_on(session.rows(READY))?.into_iter().flatten().flatten() {
        admin.batch(&format!("DROP DATABASE {}", quote_ident(&name)))?;
    }
    Ok(())
}

fn look(admin: &Desk) -> Result<[u64; 3]> {
    let (runtime, session) = admin.parts();
    let rows = runtime.block_on(session.rows(STATE))?;
    let numbers: Vec<u64> =
        rows.iter().flatten().flatten().filter_map(|text| text.parse().ok()).collect();
    numbers.try_into().ok().context("the server tells no counts")
}

/// Ways of `CREATE DATABASE` on a server: name, settings, clause.
fn strategies(major: u16) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut all = match major {
        ..15 => vec![("the only strategy", "", "")],
        15.. => vec![("FILE_COPY", "", "STRATEGY FILE_COPY"), ("WAL_LOG", "", "STRATEGY WAL_LOG")],
    };
    if major >= 18 {
        all[0].1 = "SET file_copy_method = copy";
        all.push(("FILE_COPY by clone", "SET file_copy_method = clone", "STRATEGY FILE_COPY"));
    }
    all
}

/// Names of all plain clones without their drop, to find the best.
pub(crate) fn created(shape: &Shape) -> Vec<String> {
    ["the only strategy", "FILE_COPY", "WAL_LOG", "FILE_COPY by clone"]
        .map(|strategy| sql_name(shape, strategy, false))
        .to_vec()
}

fn sql_name(shape: &Shape, strategy: &str, with_drop: bool) -> String {
    let and_drop = if with_drop { " and drop" } else { "" };
    format!("clone by SQL{and_drop}, {strategy}, {}", shape.name)
}

/// Clones by plain SQL of a template to which nobody is connected: without the
/// drop, which a tool may do later, and with it, as most tools do.
pub(crate) fn by_sql(
    shape: &Shape,
    plain: &Plain,
    admin: &Desk,
    template: &str,
) -> Result<Vec<Contestant<'static>>> {
    let mut contestants = Vec::new();
    let copy = format!("{template}_copy");
    let (create, drop) =
        (format!("CREATE DATABASE {copy} TEMPLATE {template}"), format!("DROP DATABASE {copy}"));
    for (strategy, setting, clause) in strategies(plain.major()) {
        for with_drop in [false, true] {
            let name = sql_name(shape, strategy, with_drop);
            let (admin, drop) = (admin.clone(), drop.clone());
            let create = format!("{create} {clause}");
            let turn = move || {
                admin.batch(setting)?;
                let created = admin.time(&create)?;
                let dropped = admin.time(&drop)?;
                Ok(if with_drop { created + dropped } else { created })
            };
            let took: Result<Duration> = turn();
            let took = took.with_context(|| name.clone())?;
            ensure!(took > Duration::ZERO, "{name}: a clone takes no time");
            contestants.push(Contestant::new(name, 5, turn).in_bursts(SMALL_BURST));
        }
    }
    Ok(contestants)
}
