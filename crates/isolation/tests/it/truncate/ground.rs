//! A baked template, and a leased clone to play with, both owned by one role.

use seedbed_api::Silent;
use seedbed_db::Session;
use seedbed_isolation::truncate::{Baked, Emptiable, Emptier, Reset, bake};

use crate::ground::unique;
pub(crate) use crate::journal::ground::{
    Contents, ROWS, SERVER, connect, contents, differences, step, target,
};

/// A plain role and a superuser.
pub(crate) const ROLES: [&str; 2] = ["app", "postgres"];

/// A schema of a test.
pub(crate) struct Lab {
    pub(crate) role: &'static str,
    pub(crate) template: String,
    pub(crate) database: String,
    pub(crate) baked: Baked,
    /// What the template holds.
    pub(crate) untouched: Contents,
}

impl Lab {
    /// Builds and bakes the schema as a role and clones it.
    pub(crate) async fn new(role: &'static str, setup: &str) -> Self {
        Self::with(role, setup, "").await
    }

    /// The same, with what only a superuser may set up.
    pub(crate) async fn with(role: &'static str, setup: &str, privileged: &str) -> Self {
        let template = unique("truncate_t");
        let _ = SERVER.psql(
            "postgres",
            &format!("CREATE DATABASE {template} TEMPLATE template0 OWNER {role}"),
        );
        let setup = format!(
            "{privileged};\nSET client_min_messages = warning; SET SESSION AUTHORIZATION {role};\n{setup}"
        );
        let _ = SERVER.psql(&template, &setup);
        let session = connect(role, &template).await;
        let baked = bake(&session, &Silent).await.unwrap();
        session.close().await;
        let database = unique("truncate_l");
        let mut lab = Self { role, template, database, baked, untouched: Contents::new() };
        lab.clone_as(&lab.database);
        lab.untouched = contents(&lab.template);
        lab
    }

    /// Another clone.
    pub(crate) fn clone_as(&self, name: &str) {
        let Self { template, role, .. } = self;
        let _ = SERVER
            .psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {role}"));
    }

    pub(crate) async fn open(&self) -> Emptier {
        open(self.role, &self.database).await
    }

    pub(crate) async fn session(&self) -> Session {
        connect(self.role, &self.database).await
    }

    /// How rows and sequences differ from the template's; the catalogs take longer.
    pub(crate) fn row_differences(&self, database: &str) -> Option<String> {
        let mut rows: Vec<String> =
            SERVER.psql(database, ROWS).lines().map(str::to_owned).collect();
        rows.sort();
        let expected = Contents::from([("rows", self.untouched["rows"].clone())]);
        differences(&Contents::from([("rows", rows)]), &expected)
    }

    /// Insists that rows and sequences are as in the template.
    pub(crate) fn check_rows(&self, after: &str) {
        let found = self.row_differences(&self.database);
        assert_eq!(found, None, "as {}, after:\n{after}", self.role);
    }

    /// The same, and that the catalogs are.
    pub(crate) fn check(&self, after: &str) {
        let role = self.role;
        assert_eq!(
            differences(&contents(&self.database), &self.untouched),
            None,
            "as {role}, after:\n{after}"
        );
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for name in [&self.database, &self.template] {
            let _ =
                SERVER.psql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

pub(crate) async fn open(role: &str, database: &str) -> Emptier {
    match Emptier::open(&target(role, database)).await.unwrap() {
        Emptiable::Yes(emptier) => *emptier,
        Emptiable::No(why) => panic!("cannot be emptied: {why}"),
    }
}

/// Resets and insists that it worked; returns how many tables were worked on.
pub(crate) async fn reset(emptier: &mut Emptier) -> usize {
    match emptier.reset().await.unwrap() {
        Reset::Done { tables, .. } => tables,
        Reset::Replace { why } => panic!("must be replaced: {why}"),
    }
}

/// Resets and insists that it cannot be done; returns why.
pub(crate) async fn replace(emptier: &mut Emptier) -> String {
    match emptier.reset().await.unwrap() {
        Reset::Replace { why } => why,
        done @ Reset::Done { .. } => panic!("{done:?} instead of a replacement"),
    }
}

/// For each role and each program, one line a statement: the program changes
/// something, and after a reset nothing of it is left. Twice, because a reset
/// must not leave anything behind that harms the next.
pub(crate) async fn undone(setup: &str, programs: &[&str]) {
    for role in ROLES {
        let lab = Lab::new(role, setup).await;
        let mut emptier = lab.open().await;
        let session = lab.session().await;
        for program in programs.iter().chain(programs) {
            for line in program.lines().map(str::trim).filter(|line| !line.is_empty()) {
                step(&session, &line.replace("\\n", "\n").replace("\\t", "\t")).await.unwrap();
            }
            assert!(lab.row_differences(&lab.database).is_some(), "changes nothing: {program}");
            reset(&mut emptier).await;
            lab.check_rows(program);
            assert!(emptier.dirty().await.unwrap().is_empty(), "{program}");
        }
        lab.check("all of them");
    }
}
