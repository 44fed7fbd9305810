//! Peers: what test suites use today, on the same server and the same schema.
//! Each is installed by its own package client into a scratch folder and runs
//! a real suite in one process, whose tests wait for a line each. A turn is
//! the usual test's writes, and then what the peer does until the next test
//! may begin; it tells only the time of the latter. Pytest's peers count their
//! fixtures alone, without pytest's own work, which favours them.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use seedbed_db::Target;
use seedbed_server::Account;
use seedbed_server::binaries::Binaries;
use tokio::runtime::Runtime;

use super::super::contestant::Contestant;
use super::super::desk::Plain;
use super::super::peers::install::{bounded, interpreter};
use super::super::peers::{Ground, Peer};
use super::SMALL_BURST;
use super::shape::Shape;
use super::touch::USUAL;
use crate::root;
use crate::stage::Stage;

/// A schema and the server a peer works on.
pub(crate) struct Host<'a> {
    pub(crate) shape: &'a Shape,
    /// The maintenance database over TCP.
    pub(crate) admin: &'a Target,
}

/// A peer that answers.
pub(crate) struct Guest {
    peer: Peer,
    every: u64,
}

impl Guest {
    /// Its turns; a peer that fails does not spoil the rest.
    pub(crate) fn contestant(self) -> Contestant<'static> {
        let Self { mut peer, every } = self;
        Contestant::new(peer.name().to_owned(), every, move || peer.turn())
            .in_bursts(SMALL_BURST)
            .guest()
    }
}

/// How one peer is made ready.
struct Recipe {
    name: &'static str,
    /// It has one turn in so many rounds.
    every: u64,
    /// Installs it and returns a command for each host, given the database it
    /// may use as its own.
    prepare: fn(&Ground<'_>, &[Job<'_>]) -> Result<Vec<Command>>,
}

/// One schema for a peer to run on.
struct Job<'a> {
    shape: &'a Shape,
    database: Target,
}

const RECIPES: [Recipe; 3] = [
    Recipe {
        name: "pytest-postgresql, clone of its template",
        every: 5,
        prepare: pytest_postgresql,
    },
    Recipe { name: "pytest-django, TransactionTestCase", every: 5, prepare: pytest_django },
    Recipe { name: "sqlx::test, all migrations for each test", every: 10, prepare: sqlx },
];

/// Where peers are installed, and as whom they run.
pub(crate) fn ground<'a>(
    stage: &Stage,
    binaries: &'a Binaries,
    account: Option<&'a Account>,
) -> Ground<'a> {
    Ground { folder: stage.dir().join("peers"), binaries, account }
}

/// Installs what can be installed here, and lets each have a turn on each
/// host; the reason for those that cannot.
pub(crate) fn install(
    ground: &Ground<'_>,
    runtime: &Rc<Runtime>,
    hosts: &[Host<'_>],
) -> Vec<(String, Result<Guest>)> {
    let mut guests = Vec::new();
    for recipe in RECIPES.iter().filter(|_| !hosts.is_empty()) {
        match recipe.start(ground, runtime, hosts) {
            Err(reason) => guests.push((recipe.name.to_owned(), Err(reason))),
            Ok(peers) => guests.extend(peers),
        }
    }
    guests
}

impl Recipe {
    fn word(&self) -> &'static str {
        self.name.split([',', ':']).next().unwrap_or(self.name)
    }

    fn start(
        &self,
        parent: &Ground<'_>,
        runtime: &Rc<Runtime>,
        hosts: &[Host<'_>],
    ) -> Result<Vec<(String, Result<Guest>)>> {
        let folder = parent.folder.join(self.word());
        let ground = Ground { folder, ..*parent };
        ground.make_folders()?;
        let jobs = hosts
            .iter()
            .map(|host| {
                let name = format!("peer_{}", self.word().replace('-', "_"));
                Plain::on(runtime, host.admin)?.create(&name, &[])?;
                Ok(Job { shape: host.shape, database: host.admin.with_database(&name) })
            })
            .collect::<Result<Vec<_>>>()?;
        let commands = (self.prepare)(&ground, &jobs)?;
        let start = |(command, job): (Command, &Job<'_>)| {
            let name = format!("{}, {}", self.name, job.shape.name);
            let said = ground.folder.join(format!("said-{}", job.shape.word()));
            let guest = Peer::start(&name, command, &said).and_then(|mut peer| {
                peer.turn()?;
                Ok(Guest { peer, every: self.every })
            });
            (name, guest)
        };
        Ok(commands.into_iter().zip(&jobs).map(start).collect())
    }
}

/// Its documented way for a server that runs already: `load` fills a template
/// once, each test has a clone.
fn pytest_postgresql(ground: &Ground<'_>, jobs: &[Job<'_>]) -> Result<Vec<Command>> {
    suites(
        ground,
        jobs,
        &["pytest", "pytest-postgresql", "psycopg[binary]"],
        &[
            ("conftest.py", include_str!("guests/conftest.py")),
            ("test_peer.py", include_str!("guests/pytest_postgresql.py")),
        ],
    )
}

/// The same tables as models; each test is followed by a flush of them.
fn pytest_django(ground: &Ground<'_>, jobs: &[Job<'_>]) -> Result<Vec<Command>> {
    suites(
        ground,
        jobs,
        &["pytest", "pytest-django", "django", "psycopg[binary]"],
        &[
            ("conftest.py", include_str!("guests/conftest.py")),
            ("test_peer.py", include_str!("guests/pytest_django.py")),
            ("settings.py", include_str!("guests/django_settings.py")),
            ("chains/__init__.py", ""),
            ("chains/models.py", include_str!("guests/django_models.py")),
        ],
    )
}

/// A suite of pytest.
fn suites(
    ground: &Ground<'_>,
    jobs: &[Job<'_>],
    packages: &[&str],
    files: &[(&str, &str)],
) -> Result<Vec<Command>> {
    let suite = ground.folder.join("suite");
    write(&suite, files)?;
    let mut commands = Vec::new();
    let python = interpreter(ground, packages)?;
    for job in jobs {
        let word = job.shape.word();
        write(
            &suite,
            &[
                (&format!("{word}.sql"), &format!("{}{}", job.shape.schema(), job.shape.rows())),
                (&format!("{word}.writes.sql"), USUAL.writes),
                (&format!("{word}.inserts.sql"), USUAL.inserts),
            ],
        )?;
        let mut command = ground.command(python.get_program());
        // The suite's own modules, settings among them, beside its packages.
        let site = python.get_envs().find(|(name, _)| *name == "PYTHONPATH");
        let site = site.and_then(|(_, value)| value).unwrap_or_default();
        let modules = std::env::join_paths([Path::new(site), &suite])?;
        command.env("PYTHONPATH", modules).env("DJANGO_SETTINGS_MODULE", "settings");
        // The first failure is the last; nothing is written beside the suite.
        command.args(["-m", "pytest", "-q", "-s", "-x", "-p", "no:cacheprovider"]);
        command.arg("--rootdir").arg(&suite).arg(suite.join("test_peer.py"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("BENCH_SHAPE", suite.join(&word));
        command.env("BENCH_TABLES", job.shape.tables.to_string());
        let parts = job.database.environment();
        command.envs(parts);
        commands.push(command);
    }
    Ok(commands)
}

/// A crate with one test program for each schema.
fn sqlx(ground: &Ground<'_>, jobs: &[Job<'_>]) -> Result<Vec<Command>> {
    let project = ground.folder.join("project");
    let mut manifest = "[package]\nname = \"peer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [lib]\npath = \"peer.rs\"\n\n[dependencies]\nsqlx = { version = \"0.8\", default-features = false, \
         features = [\"runtime-tokio\", \"postgres\", \"macros\", \"migrate\"] }\n\n[workspace]\n"
        .to_owned();
    write(&project, &[("peer.rs", "")])?;
    for job in jobs {
        let word = format!("shape_{}", job.shape.word());
        manifest.push_str(&format!("\n[[test]]\nname = \"{word}\"\npath = \"{word}.rs\"\n"));
        let source = include_str!("guests/sqlx_test.rust")
            .replace("MIGRATIONS", &word)
            .replace("WRITES", USUAL.writes);
        write(
            &project,
            &[
                (&format!("{word}.rs"), &source),
                (&format!("{word}/0001_schema.sql"), &job.shape.schema()),
                (&format!("{word}/0002_rows.sql"), &job.shape.rows()),
            ],
        )?;
    }
    write(&project, &[("Cargo.toml", &manifest)])?;
    let target = ground.folder.join("target");
    let mut build = root::cargo();
    build.args(["test", "--quiet", "--release", "--no-run", "--target-dir"]).arg(&target);
    build.arg("--manifest-path").arg(project.join("Cargo.toml"));
    bounded(&mut build, &ground.folder)?;
    jobs.iter()
        .map(|job| {
            let program = test_program(&target, &format!("shape_{}-", job.shape.word()))?;
            let mut command = ground.command(program);
            command.args(["--test-threads=1", "--nocapture", "--quiet"]);
            command.env("DATABASE_URL", job.database.url().expose());
            Ok(command)
        })
        .collect()
}

/// The program cargo built of a test; a hash is part of its name.
fn test_program(target: &Path, prefix: &str) -> Result<std::path::PathBuf> {
    let folder = target.join("release/deps");
    let found = std::fs::read_dir(&folder)?.flatten().find(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(prefix) && !name.contains('.')
    });
    found.map(|entry| entry.path()).with_context(|| format!("cargo built no {prefix}"))
}

fn write(folder: &Path, files: &[(&str, &str)]) -> Result<()> {
    for (name, text) in files {
        let file = folder.join(name);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(file, text)?;
    }
    Ok(())
}
