//! A leased database: a client of the service, and a test's own session.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use seedbed_api::lease::{Acquire, Lane, LaneChoice, Lease, Rewind};
use seedbed_db::{Session, Target};
use seedbed_httpd::Client;
use tokio::runtime::Runtime;

use super::super::contestant::Contestant;
use super::super::service::Service;
use super::BURST;
use super::touch::{ROWS_SEEN, SEQUENCES_SEEN, Touch};

/// How long the server may keep a client waiting.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// A leased database.
pub(crate) struct Slot {
    runtime: Rc<Runtime>,
    client: Client,
    lease: Lease,
    target: Target,
    /// `None` after the database was replaced, which ends sessions.
    session: Option<Session>,
}

/// A slot that several contestants use, one after the other.
pub(crate) type Shared = Rc<RefCell<Slot>>;

impl Slot {
    /// Leases the slot with this number.
    pub(crate) fn lease(
        runtime: &Rc<Runtime>,
        service: &Service,
        number: usize,
        lane: LaneChoice,
    ) -> Result<Self> {
        let slot = Some(format!("run/{number}"));
        let (client, lease) = runtime.block_on(async {
            let mut client = Client::connect(&service.address, &service.token).await?;
            let request = Acquire { slot, lane, ..Acquire::default() };
            let lease = client.acquire(&request).await?;
            anyhow::Ok((client, lease))
        })?;
        let target = service.admin.with_database(&lease.database);
        Ok(Self { runtime: Rc::clone(runtime), client, lease, target, session: None })
    }

    /// The same, to be used by several.
    pub(crate) fn shared(self) -> Shared {
        Rc::new(RefCell::new(self))
    }

    /// The test's session.
    pub(crate) fn session(&mut self) -> Result<&Session> {
        if self.session.is_none() {
            let connecting = Session::connect(&self.target, "bench", BOUND);
            self.session = Some(self.runtime.block_on(connecting)?);
        }
        self.session.as_ref().context("there is no session")
    }

    /// Runs statements as a test does, and commits.
    pub(crate) fn write(&mut self, sql: &str) -> Result<()> {
        let runtime = Rc::clone(&self.runtime);
        let session = self.session()?;
        if !sql.is_empty() {
            runtime.block_on(session.batch(sql))?;
        }
        Ok(())
    }

    /// Brings the database back to the template's state; the time at the
    /// client, the service's round trip included.
    pub(crate) fn reset(&mut self) -> Result<Duration> {
        self.rewind().map(|(took, _)| took)
    }

    /// The same, and how many tables had been touched.
    fn rewind(&mut self) -> Result<(Duration, u32)> {
        let request = Rewind::default();
        let began = Instant::now();
        let rewound = self.runtime.block_on(self.client.rewind(&self.lease.lease, &request))?;
        let took = began.elapsed();
        if rewound.replaced {
            self.session = None;
        }
        match (rewound.replaced, self.lease.lane) {
            (true, Lane::Clone) | (false, Lane::Rewind | Lane::Truncate) => {
                Ok((took, rewound.tables))
            }
            (replaced, lane) => bail!(
                "on the lane `{}` the database was {}replaced: {}",
                lane.word(),
                if replaced { "" } else { "not " },
                rewound.why.unwrap_or_default()
            ),
        }
    }

    /// Writes, then the time to bring that back.
    pub(crate) fn turn(&mut self, touch: &Touch) -> Result<Duration> {
        self.write(touch.writes)?;
        self.reset()
    }

    /// Has one turn and sees that it does what it is for.
    pub(crate) fn prove(&mut self, touch: &Touch) -> Result<()> {
        let before = self.seen()?;
        self.write(touch.writes)?;
        ensure!((self.seen()? == before) == (touch.rows == 0), "{} were not touched", touch.name);
        let (_, tables) = self.rewind()?;
        ensure!(self.seen()? == before, "{} were not brought back", touch.name);
        if self.lease.lane == Lane::Rewind {
            ensure!(tables == touch.tables, "{}: {tables} tables were touched", touch.name);
        }
        Ok(())
    }

    fn seen(&mut self) -> Result<[Option<String>; 2]> {
        let runtime = Rc::clone(&self.runtime);
        let session = self.session()?;
        runtime.block_on(async {
            let rows = session.value(ROWS_SEEN).await?;
            anyhow::Ok([rows, session.value(SEQUENCES_SEEN).await?])
        })
    }
}

/// A contestant that touches rows and brings them back.
pub(crate) fn contestant(
    slot: &Shared,
    name: String,
    every: u64,
    touch: &'static Touch,
) -> Result<Contestant<'static>> {
    let slot = Rc::clone(slot);
    slot.borrow_mut().prove(touch).with_context(|| name.clone())?;
    Ok(Contestant::new(name, every, move || slot.borrow_mut().turn(touch)).in_bursts(BURST))
}
