//! A lease service on a run of its own, and an untouched clone to compare with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use seedbed_api::lease::{Acquire, LaneChoice, Lease, MarkRequest, ProblemCode, Rewind, Rewound};
use seedbed_api::{Failure, Result};
use seedbed_db::{Globals, Session, Target};
use seedbed_isolation::{Finish, HolderId, LeasePlan, Leases, Shared, Template, clone_name, hold};
use seedbed_testkit::Server;
use tokio::task::JoinHandle;

use crate::ground::{Notes, base, recipe, shared, unique};
pub(crate) use crate::journal::ground::SERVER;
use crate::journal::ground::{Contents, contents_of, differences};

/// Users with orders, a table without a key, a sequence, reference data.
pub(crate) const SCHEMA: &str = "
    create table users (id serial primary key, name text unique);
    create table orders (id serial primary key, user_id int references users on delete cascade, what text);
    create table bag (n int, t text);
    create table kinds (kind text primary key);
    create sequence tickets;
    insert into kinds values ('a'), ('b');
    insert into users (name) values ('root');
    insert into bag values (1, 'x'), (1, 'x'), (2, null);
";

/// What a test does when it does what it may.
pub(crate) const WORK: &str = "
    insert into users (name) values ('u1'), ('u2');
    update users set name = name || '!' where id = 1;
    insert into orders (user_id, what) select id, 'o' from users;
    delete from bag where n = 1; insert into bag values (3, 'y');
    select nextval('tickets');
";

/// How a service is opened.
pub(crate) struct Order {
    pub(crate) role: &'static str,
    pub(crate) lane: LaneChoice,
    pub(crate) slots: usize,
    pub(crate) evidence: Option<PathBuf>,
    pub(crate) schema: &'static str,
}

impl Default for Order {
    fn default() -> Self {
        Self { role: "postgres", lane: LaneChoice::Auto, slots: 1, evidence: None, schema: SCHEMA }
    }
}

/// A lease service under test.
pub(crate) struct Service<'s> {
    pub(crate) server: &'s Server,
    pub(crate) leases: Leases,
    pub(crate) run: String,
    pub(crate) admin: Target,
    pub(crate) notes: Arc<Notes>,
    pub(crate) untouched: Contents,
    life: Session,
    tending: JoinHandle<()>,
}

impl Service<'static> {
    /// With these many slots on the shared server, as superuser.
    pub(crate) async fn with_slots(slots: usize) -> Self {
        Service::open(&SERVER, Order { slots, ..Order::default() }).await
    }
}

impl<'s> Service<'s> {
    pub(crate) async fn open(server: &'s Server, order: Order) -> Self {
        let admin = Target::parse(&server.socket_url(order.role, "postgres")).unwrap();
        let superuser = order.role == "postgres";
        let globals = if superuser { Globals::Ours } else { Globals::Theirs };
        let notes = Arc::new(Notes::default());
        let run = unique("lease");
        let life = hold(&admin, &run).await.unwrap();
        let shared = Shared { globals, ..shared(&admin, &notes) };
        let plain = shared.ensure_template(&recipe(base(), &[order.schema])).await.unwrap();
        let finish = Finish::for_lane(order.lane, superuser).unwrap();
        let template = shared.finished(&plain, finish, "").await.unwrap();
        let name = clone_name(&run, "untouched").unwrap();
        shared.clone(&template, &name, &run).await.unwrap();
        let untouched = contents_of(server, &name);
        let leases =
            Leases::open(plan(&admin, &order, &template, finish, &run, &notes)).await.unwrap();
        let tended = leases.clone();
        let tending = tokio::spawn(async move { tended.tend().await });
        Self { server, leases, run, admin, notes, untouched, life, tending }
    }

    /// A lease whose holder never ends.
    pub(crate) async fn lease(&self) -> Lease {
        self.acquire(&Acquire::default()).await.unwrap()
    }

    pub(crate) async fn acquire(&self, request: &Acquire) -> Result<Lease> {
        self.leases.acquire(request, self.leases.new_holder()).await
    }

    pub(crate) async fn acquire_as(&self, holder: HolderId, request: &Acquire) -> Result<Lease> {
        self.leases.acquire(request, holder).await
    }

    pub(crate) async fn mark(&self, lease: &Lease) -> String {
        self.leases.mark(&lease.lease, &MarkRequest::default()).await.unwrap().mark
    }

    pub(crate) async fn rewind(&self, lease: &Lease, mark: &str) -> Rewound {
        let request = Rewind { mark: Some(mark.to_owned()), ..Rewind::default() };
        self.leases.rewind(&lease.lease, &request).await.unwrap()
    }

    /// What a test does, on a connection of its own.
    pub(crate) async fn work(&self, lease: &Lease, sql: &str) {
        let session = connect(&lease.url, "a test").await;
        session.batch(sql).await.unwrap();
        session.close().await;
    }

    pub(crate) fn contents(&self, lease: &Lease) -> Contents {
        contents_of(self.server, &lease.database)
    }

    /// What a database of the same server holds.
    pub(crate) fn contents_of(&self, database: &str) -> Contents {
        contents_of(self.server, database)
    }

    /// Asserts that the database holds what it should.
    #[track_caller]
    pub(crate) fn expect(&self, lease: &Lease, expected: &Contents) {
        let found = differences(&self.contents(lease), expected);
        assert_eq!(found, None, "{}", self.notes.notices());
    }

    /// Asserts that the database is as the template.
    #[track_caller]
    pub(crate) fn expect_template(&self, lease: &Lease) {
        self.expect(lease, &self.untouched);
    }

    /// Ends the service; nothing of it is left on the server.
    pub(crate) async fn end(mut self) {
        self.leases.close().await.unwrap();
        (&mut self.tending).await.unwrap();
        assert_eq!(self.left(), "");
        self.life.close().await;
    }

    /// Databases of the run, without kept ones.
    pub(crate) fn left(&self) -> String {
        databases(self.server, &format!("seedbed\\_test\\_{}\\_%", self.run))
    }

    /// The connection that holds the run is lost with the server.
    pub(crate) fn is_held_by_us(&self) -> bool {
        !self.life.is_closed()
    }
}

/// Names of databases like this.
pub(crate) fn databases(server: &Server, like: &str) -> String {
    let query = format!("select datname from pg_database where datname like '{like}' order by 1");
    server.psql("postgres", &query)
}

fn plan(
    admin: &Target,
    order: &Order,
    template: &Template,
    finish: Finish,
    run: &str,
    notes: &Arc<Notes>,
) -> LeasePlan {
    let mut command = admin.clone();
    command.host = seedbed_db::Host::Tcp("127.0.0.1".into());
    LeasePlan {
        admin: admin.clone(),
        globals: if order.role == "postgres" { Globals::Ours } else { Globals::Theirs },
        template: template.clone(),
        finish,
        run: run.to_owned(),
        slots: order.slots,
        lane: order.lane,
        command,
        socket: Some(admin.clone()),
        version: "0".into(),
        project: PathBuf::from("/nowhere"),
        memory: None,
        evidence: order.evidence.clone(),
        listener: Arc::clone(notes) as Arc<dyn seedbed_api::Listener>,
    }
}

pub(crate) async fn connect(url: &str, application: &str) -> Session {
    let target = Target::parse(url).unwrap();
    Session::connect(&target, application, Duration::from_secs(10)).await.unwrap()
}

#[track_caller]
pub(crate) fn coded<T: std::fmt::Debug>(outcome: Result<T>, code: ProblemCode) -> Failure {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.code(), Some(code), "{}", failure.chain());
    failure
}

/// Waits until something holds; the last look decides.
#[track_caller]
pub(crate) fn until(what: impl Fn() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        for _ in 0..2_000 {
            if what() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never came true: {place}");
    }
}
