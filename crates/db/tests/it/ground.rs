//! One server for the whole binary, one database for each test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use seedbed_api::{Event, Failure, Listener, Result};
use seedbed_db::{Apply, Globals, Session, Target};
use seedbed_recipe::{Action, Fingerprint, Format, Recipe, Script, SourceFile};
use seedbed_testkit::Server;

pub(crate) static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

pub(crate) const WAIT: Duration = Duration::from_secs(10);

/// A name no other test uses.
pub(crate) fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}_{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A new empty database.
pub(crate) fn database() -> Target {
    let name = unique("db");
    let _ = SERVER.psql("postgres", &format!("CREATE DATABASE {name}"));
    Target::parse(&SERVER.socket_url("postgres", &name)).unwrap()
}

pub(crate) async fn session(target: &Target) -> Session {
    Session::connect(target, "test", WAIT).await.unwrap()
}

/// One migration as the recipe reads it.
pub(crate) fn migration(sql: &str) -> Script {
    formatted(sql, Format::Sql)
}

pub(crate) fn formatted(sql: &str, format: Format) -> Script {
    let file = SourceFile::new("migrations/0001_first.sql", sql.as_bytes());
    let base = Fingerprint::of("test", &[]);
    script(&Recipe::migrations("migrations", vec![file], Some(format), base).unwrap())
}

/// A dump as the recipe reads it.
pub(crate) fn dump(sql: &str) -> Script {
    let file = SourceFile::new("schema.sql", sql.as_bytes());
    script(&Recipe::dump(file, Fingerprint::of("test", &[])).unwrap())
}

fn script(recipe: &Recipe) -> Script {
    match recipe.layers[0].action().unwrap() {
        Action::Script(script) => script,
        Action::Command { .. } => panic!("not a script"),
    }
}

/// Remembers what it hears.
#[derive(Default)]
pub(crate) struct Notes(Mutex<Vec<String>>);

impl Listener for Notes {
    fn on(&self, event: &Event) {
        if let Event::Notice { message } = event {
            self.0.lock().unwrap().push(message.clone());
        }
    }
}

impl Notes {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

/// Runs a script and returns what was noticed.
pub(crate) async fn apply(target: &Target, script: &Script, globals: Globals) -> Result<String> {
    let notes = Notes::default();
    let session = session(target).await;
    Apply { globals, tablespaces: None, listener: &notes }.run(&session, script).await?;
    Ok(notes.text())
}

/// Runs a script that fails.
pub(crate) async fn refused(target: &Target, script: &Script) -> Failure {
    match apply(target, script, Globals::Ours).await {
        Ok(_) => panic!("the script was expected to fail"),
        Err(failure) => failure,
    }
}
