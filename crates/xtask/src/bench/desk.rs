//! Databases without Seedbed on a server that Seedbed started, and sessions of
//! them: where limits and peers are measured.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use seedbed_db::{Session, Target};
use tokio::runtime::Runtime;

/// How long connecting may take.
const BOUND: Duration = Duration::from_secs(60);

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
