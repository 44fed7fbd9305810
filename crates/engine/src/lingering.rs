//! The life of a service between its beginning and its end: who uses it, and
//! when it ends.
//!
//! A lease that somebody holds, a session of anybody but ourselves, a run with
//! a database on the server, and each request to the lease service count as
//! use.

use std::time::{Duration, Instant};

use seedbed_api::{Context, Kind, Result};
use seedbed_db::{Session, Target};
use seedbed_server::Refusal;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::lease_service::LeaseService;
use crate::private::PrivateServer;

/// How long the server may take to say who uses it.
const ASK_BOUND: Duration = Duration::from_secs(2);

/// How often the service looks after its server.
const LOOK: Duration = Duration::from_millis(500);

/// Who was just told where the service is has that long to come and take a
/// lease.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// Who is on the way, in the words of a refusal.
pub(crate) const SOMEBODY: &str = "somebody has just asked for it";

/// Sessions of others. Runs hold a lock (`hold`) besides their sessions, which
/// look like ours; we hold one for the lease service.
const OTHERS: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity \
       WHERE backend_type = 'client backend' AND application_name !~ '^seedbed') \
     OR (SELECT count(*) > 1 FROM pg_locks WHERE locktype = 'advisory')";

/// The same in words.
const NAMED: &str = "SELECT concat_ws(', ', \
       (SELECT string_agg(DISTINCT 'a session of ' || \
                coalesce(nullif(application_name, ''), 'an unnamed program'), ', ') \
          FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND application_name !~ '^seedbed'), \
       (SELECT 'a run' FROM pg_locks WHERE locktype = 'advisory' HAVING count(*) > 1))";

/// The signals a service hears.
pub(crate) struct Ends {
    term: Signal,
    int: Signal,
    /// To end if nobody uses it.
    make_room: Signal,
}

impl Ends {
    pub(crate) fn listen() -> Result<Self> {
        let catch =
            |kind| signal(kind).context(Kind::Environment, || "cannot catch signals".into());
        Ok(Self {
            term: catch(SignalKind::terminate())?,
            int: catch(SignalKind::interrupt())?,
            make_room: catch(SignalKind::user_defined1())?,
        })
    }
}

/// A service that is ready.
pub(crate) struct Lingering<'a> {
    pub(crate) server: &'a mut PrivateServer,
    pub(crate) leases: &'a LeaseService,
    pub(crate) admin: &'a Target,
    /// `None`: it does not end by itself.
    pub(crate) idle: Option<Duration>,
}

impl Lingering<'_> {
    /// Waits for the end: a signal, a dead server, or nobody there for too long.
    pub(crate) async fn linger(mut self, ends: &mut Ends) {
        let mut last_used = Instant::now();
        let mut requests = 0;
        let look = self.idle.map_or(LOOK, |idle| LOOK.min(idle / 2));
        let mut asking = Asking { admin: self.admin, session: None };
        loop {
            tokio::select! {
                _ = ends.term.recv() => return,
                _ = ends.int.recv() => return,
                _ = ends.make_room.recv() => match self.users(&mut asking).await {
                    None => return,
                    Some(users) => self.refuse(users),
                },
                () = tokio::time::sleep(look) => {}
            }
            let postmaster = self.server.postmaster.as_mut();
            if postmaster.is_none_or(|postmaster| postmaster.ended().is_some()) {
                return;
            }
            // It cannot be had any more: better none than half a server.
            if !self.leases.is_alive() {
                return;
            }
            let Some(idle) = self.idle else { continue };
            let so_far = self.leases.requests();
            if self.leases.is_used() || so_far != requests {
                requests = so_far;
                last_used = Instant::now();
                continue;
            }
            match asking.ask(OTHERS).await.as_deref() {
                Some("t") => last_used = Instant::now(),
                Some(_) if last_used.elapsed() >= idle => return,
                _ => {}
            }
        }
    }

    /// Who uses it; if nobody does, nobody can from now on.
    async fn users(&self, asking: &mut Asking<'_>) -> Option<String> {
        // A server that does not answer is used by nobody.
        let others = asking.ask(NAMED).await.unwrap_or_default();
        if !others.is_empty() {
            return Some(others);
        }
        if self.leases.since_request() < ON_THE_WAY {
            return Some(SOMEBODY.to_owned());
        }
        self.leases.close_if_unused()
    }

    fn refuse(&mut self, users: String) {
        // Whoever asked sees no answer if the disk is full, and gives up.
        let _ = self.server.site.claim_mut().note(|record| {
            if let Some(service) = &mut record.service {
                let count = service.refusal.as_ref().map_or(0, |refusal| refusal.count);
                service.refusal = Some(Refusal { count: count + 1, users });
            }
        });
    }
}

/// A session for questions, opened when the first one comes.
struct Asking<'a> {
    admin: &'a Target,
    session: Option<Session>,
}

impl Asking<'_> {
    /// The one value of a query.
    async fn ask(&mut self, query: &str) -> Option<String> {
        // Bounded: a server that hangs must not keep us from hearing `down`.
        let asked = tokio::time::timeout(ASK_BOUND, async {
            if self.session.is_none() {
                let session = Session::connect(self.admin, "seedbed service", ASK_BOUND).await;
                self.session = session.ok();
            }
            self.session.as_ref()?.value(query).await.ok()?
        })
        .await;
        let answer = asked.ok().flatten();
        if answer.is_none() {
            // The connection is gone; a new one is made for the next question.
            self.session = None;
        }
        answer
    }
}
