//! One server for the whole binary; tests that sweep take one of their own.

use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use seedbed_api::{Event, Failure, Kind, Listener, Result};
use seedbed_db::{Globals, Target};
use seedbed_isolation::{RunCommand, Shared};
use seedbed_recipe::{Fingerprint, Format, Recipe, SourceFile};
use seedbed_testkit::Server;

pub(crate) static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

/// A word no other test uses.
pub(crate) fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The maintenance database of a server as a role.
pub(crate) fn admin(server: &Server, role: &str) -> Target {
    Target::parse(&server.url(role, "postgres")).unwrap()
}

/// A base that keeps one test's templates apart from another's.
pub(crate) fn base() -> Fingerprint {
    Fingerprint::of("test", &[unique("base").as_bytes()])
}

/// One migration for each text.
pub(crate) fn recipe(base: Fingerprint, migrations: &[&str]) -> Recipe {
    let files = migrations.iter().enumerate().map(|(index, sql)| {
        SourceFile::new(format!("migrations/{:04}_m.sql", index + 1), sql.as_bytes())
    });
    Recipe::migrations("migrations", files.collect(), Some(Format::Sql), base).unwrap()
}

/// Remembers what it hears.
#[derive(Default)]
pub(crate) struct Notes {
    notices: Mutex<Vec<String>>,
    layers: Mutex<Vec<String>>,
}

impl Listener for Notes {
    fn on(&self, event: &Event) {
        match event {
            Event::Notice { message } | Event::Warning { message, .. } => {
                self.notices.lock().unwrap().push(message.clone());
            }
            Event::Progress { done, total, took_us: Some(_), .. } => {
                self.layers.lock().unwrap().push(format!("{done}/{total}"));
            }
            _ => {}
        }
    }
}

impl Notes {
    pub(crate) fn notices(&self) -> String {
        self.notices.lock().unwrap().join("\n")
    }

    /// Layers that were built since the last call, such as `2/3`.
    pub(crate) fn layers(&self) -> Vec<String> {
        std::mem::take(&mut self.layers.lock().unwrap())
    }
}

/// Runs programs the plain way.
pub(crate) struct Programs;

impl RunCommand for Programs {
    fn run<'a>(
        &'a self,
        argv: &'a [String],
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>> {
        Box::pin(async move {
            let status = Command::new(&argv[0])
                .args(&argv[1..])
                .envs(target.environment())
                .status()
                .map_err(|error| Failure::new(Kind::NotFound, argv[0].clone()).because(error))?;
            if status.success() {
                Ok(())
            } else {
                Err(Failure::new(Kind::Build, format!("{} failed", argv[0])))
            }
        })
    }
}

pub(crate) fn shared<'a>(admin: &'a Target, notes: &'a Notes) -> Shared<'a> {
    Shared {
        admin,
        globals: Globals::Ours,
        listener: notes,
        tablespaces: None,
        run_command: &Programs,
        build_wait: Duration::from_secs(30),
    }
}

/// Whether a database exists.
pub(crate) fn exists(server: &Server, name: &str) -> bool {
    let query = format!("select count(*) from pg_database where datname = '{name}'");
    server.psql("postgres", &query) == "1"
}
