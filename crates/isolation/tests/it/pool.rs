//! The pool on real servers: replacing under connected clients, what is not
//! ours, what is kept, what is measured.

mod chaos;
mod holdings;
mod keeping;
mod replacing;
mod strategies;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use seedbed_db::{Globals, Session, Target};
use seedbed_isolation::{Pool, PoolPlan, Shared, Template, clone_name, hold};
use seedbed_testkit::Server;

use crate::ground::{Notes, base, recipe, shared, unique};

/// A template's schema: every clone has one row.
const SCHEMA: &str = "create table a (id int); insert into a values (7);";

/// A pool on a run of its own.
pub(crate) struct Ground {
    pub(crate) admin: Target,
    pub(crate) run: String,
    pub(crate) template: Template,
    pub(crate) life: Session,
    pub(crate) pool: Pool,
    pub(crate) notes: Arc<Notes>,
}

impl Ground {
    pub(crate) async fn new(server: &Server, role: &str, schema: &[&str]) -> Self {
        Self::with_memory(server, role, schema, None).await
    }

    pub(crate) async fn with_memory(
        server: &Server,
        role: &str,
        schema: &[&str],
        memory: Option<PathBuf>,
    ) -> Self {
        let admin = Target::parse(&server.socket_url(role, "postgres")).unwrap();
        let run = unique("pool");
        let notes = Arc::new(Notes::default());
        let shared = Shared { globals: globals(&admin), ..shared(&admin, &notes) };
        let template = shared.ensure_template(&recipe(base(), schema)).await.unwrap();
        let life = hold(&admin, &run).await.unwrap();
        let plan = plan(&admin, &template, &run, memory, Arc::clone(&notes));
        let pool = Pool::open(plan).await.unwrap();
        Self { admin, run, template, life, pool, notes }
    }

    /// The name of a slot's database.
    pub(crate) fn slot(&self, number: u32) -> String {
        clone_name(&self.run, &number.to_string()).unwrap()
    }

    pub(crate) async fn connect(&self, name: &str) -> Session {
        let target = self.admin.with_database(name);
        Session::connect(&target, "test", Duration::from_secs(5)).await.unwrap()
    }

    /// Names of the run's databases, kept ones not included.
    pub(crate) fn left(&self, server: &Server) -> String {
        let run = &self.run;
        server.psql(
            "postgres",
            &format!(
                "select datname from pg_database where datname like 'seedbed\\_test\\_{run}%'"
            ),
        )
    }

    /// Waits until the pool has so many ready.
    pub(crate) async fn until_ready(&self, count: usize) {
        for _ in 0..1000 {
            if self.pool.figures().ready >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{:?}\n{}", self.pool.figures(), self.notes.notices());
    }

    pub(crate) async fn end(self, server: &Server) {
        self.pool.close().await.unwrap();
        assert_eq!(self.left(server), "");
        self.life.close().await;
    }
}

fn globals(admin: &Target) -> Globals {
    if admin.user == "postgres" { Globals::Ours } else { Globals::Theirs }
}

pub(crate) fn plan(
    admin: &Target,
    template: &Template,
    run: &str,
    memory: Option<PathBuf>,
    notes: Arc<Notes>,
) -> PoolPlan {
    PoolPlan {
        admin: admin.clone(),
        globals: globals(admin),
        template: template.clone(),
        run: run.to_owned(),
        listener: notes,
        memory,
    }
}
