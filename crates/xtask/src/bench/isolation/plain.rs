//! What plain SQL can do on a database that Seedbed has not touched: the
//! limits, and what other tools send.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use seedbed_db::{Session, Target};
use tokio::runtime::Runtime;

use super::super::contestant::Contestant;
use super::shape::Shape;
use super::slot::BOUND;
use super::touch::{ROWS_SEEN, TOUCHES};
use super::{BURST, SMALL_BURST};

/// Databases of our own on a server; they end with it.
pub(crate) struct Plain {
    runtime: Rc<Runtime>,
    admin: Target,
    session: Session,
}

/// A session of one of them.
#[derive(Clone)]
pub(crate) struct Desk {
    runtime: Rc<Runtime>,
    session: Rc<Session>,
}

impl Desk {
    /// Connects.
    pub(crate) fn open(runtime: &Rc<Runtime>, target: &Target) -> Result<Self> {
        let session = runtime.block_on(Session::connect(target, "bench", BOUND))?;
        Ok(Self { runtime: Rc::clone(runtime), session: Rc::new(session) })
    }

    /// Runs statements.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.runtime.block_on(self.session.batch(sql))?)
    }

    /// Runs statements; how long that took.
    pub(crate) fn time(&self, sql: &str) -> Result<Duration> {
        let began = Instant::now();
        self.batch(sql)?;
        Ok(began.elapsed())
    }

    /// One value.
    pub(crate) fn value(&self, sql: &str) -> Result<String> {
        Ok(self.runtime.block_on(self.session.value(sql))?.unwrap_or_default())
    }

    /// The session itself, and what drives it.
    pub(crate) fn parts(&self) -> (&Runtime, &Session) {
        (&self.runtime, &self.session)
    }

    /// Bytes of the database, in MB.
    pub(crate) fn megabytes(&self) -> Result<String> {
        self.value("SELECT pg_database_size(current_database()) >> 20")
    }
}

impl Plain {
    /// On the server with this maintenance database.
    pub(crate) fn on(runtime: &Rc<Runtime>, admin: &Target) -> Result<Self> {
        let session = runtime.block_on(Session::connect(admin, "bench", BOUND))?;
        Ok(Self { runtime: Rc::clone(runtime), admin: admin.clone(), session })
    }

    /// The server's major version.
    pub(crate) fn major(&self) -> u16 {
        self.session.server_version().0
    }

    /// Creates a database and runs scripts in it; nobody is connected after.
    pub(crate) fn create(&self, name: &str, scripts: &[&str]) -> Result<Target> {
        let target = self.admin.with_database(name);
        self.runtime.block_on(async {
            self.session.batch(&format!("CREATE DATABASE {name}")).await?;
            let session = Session::connect(&target, "bench", BOUND).await?;
            for script in scripts {
                session.batch(script).await?;
            }
            session.batch("VACUUM ANALYZE").await?;
            session.close().await;
            anyhow::Ok(())
        })?;
        Ok(target)
    }
}

/// Rolling back is the limit: nothing was committed, nothing is looked for.
pub(crate) fn rollbacks(shape: &Shape, desk: &Desk) -> Result<Vec<Contestant<'static>>> {
    let mut contestants = Vec::new();
    for touch in &TOUCHES {
        let name = format!("limit: rollback, {}, {}", shape.name, touch.name);
        let before = desk.value(ROWS_SEEN)?;
        let desk = desk.clone();
        let turn = move || {
            desk.batch("BEGIN")?;
            desk.batch(touch.writes)?;
            let took = desk.time("ROLLBACK")?;
            Ok((took, desk.clone()))
        };
        let (_, desk) = turn()?;
        ensure!(desk.value(ROWS_SEEN)? == before, "{name}: something was committed");
        let turn = move || turn().map(|(took, _)| took);
        contestants.push(Contestant::new(name, 1, turn).in_bursts(BURST));
    }
    Ok(contestants)
}

/// Emptying all tables, and the limit of that: to know which are dirty. Both
/// on a database without rows, because neither brings any back.
pub(crate) fn emptyings(shape: &Shape, desk: &Desk) -> Result<Vec<Contestant<'static>>> {
    let mut contestants = Vec::new();
    let empty = desk.value(ROWS_SEEN)?;
    for touch in &TOUCHES {
        let all = shape.truncate_all();
        for (what, every, calls, undo) in [
            ("truncate all", 10, SMALL_BURST, all.as_str()),
            ("limit: delete dirtied", 1, BURST, touch.deletes),
        ] {
            let name = format!("{what}, {}, {}", shape.name, touch.name);
            let (desk, undo) = (desk.clone(), undo.to_owned());
            let judge = desk.clone();
            let turn = move || {
                desk.batch(touch.inserts)?;
                desk.time(&undo)
            };
            turn().with_context(|| name.clone())?;
            ensure!(judge.value(ROWS_SEEN)? == empty, "{name}: rows were left");
            contestants.push(Contestant::new(name, every, turn).in_bursts(calls));
        }
    }
    Ok(contestants)
}
