//! Peers: factories and seeders that are used today, on the same server and the
//! same tables. Each is installed by its own package client into a scratch
//! folder, runs as one process, and tells how long making the rows took, commit
//! included: no start of an interpreter, no import, no emptying of tables is in
//! it, which favours the peers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use seedbed_db::Target;
use tokio::runtime::Runtime;

use super::super::contestant::Contestant;
use super::super::desk::{Desk, Plain};
use super::super::peers::install::{bounded, interpreter};
use super::super::peers::{Ground, Peer};
use super::schema::{EMPTY, SCHEMA, Size};

/// They have one turn in so many rounds.
const EVERY: u64 = 10;
/// Name of the peer that finds its rows again.
pub(crate) const AGAIN: &str = "factory_boy + SQLAlchemy, get or create, again";
const PEOPLE: &str = "SELECT concat_ws(' ', (SELECT count(*) FROM users), \
                      (SELECT count(*) FROM posts), (SELECT count(*) FROM comments))";

/// What factory_bot and Active Record need.
const DEBIAN: [&str; 8] = [
    "ruby-factory-bot",
    "ruby-activerecord",
    "ruby-activemodel",
    "ruby-activesupport",
    "ruby-concurrent",
    "ruby-i18n",
    "ruby-tzinfo",
    "ruby-zeitwerk",
];

/// A peer that answers, and its database.
pub(crate) struct Guest {
    peer: Peer,
    desk: Desk,
    /// Whether its turns find the rows of the one before.
    is_again: bool,
    /// Whether it has a target of its own.
    pub(crate) is_first: bool,
}

/// How one peer is made ready.
struct Recipe {
    name: &'static str,
    is_first: bool,
    is_again: bool,
    prepare: fn(&Ground<'_>) -> Result<Command>,
    /// One environment variable more.
    setting: Option<(&'static str, &'static str)>,
}

/// One that is told beside the others, with nothing set.
const fn recipe(name: &'static str, prepare: fn(&Ground<'_>) -> Result<Command>) -> Recipe {
    Recipe { name, is_first: false, is_again: false, prepare, setting: None }
}

const RECIPES: [Recipe; 11] = [
    Recipe {
        is_first: true,
        ..recipe("factory_boy + SQLAlchemy, one commit", factory_boy_alchemy)
    },
    Recipe {
        is_first: true,
        setting: Some(("BENCH_PERSISTENCE", "flush")),
        ..recipe("factory_boy + SQLAlchemy, flush", factory_boy_alchemy)
    },
    Recipe {
        is_first: true,
        setting: Some(("BENCH_PERSISTENCE", "commit")),
        ..recipe("factory_boy + SQLAlchemy, commit", factory_boy_alchemy)
    },
    Recipe {
        is_first: true,
        setting: Some(("BENCH_KEYED", "1")),
        ..recipe("factory_boy + SQLAlchemy, get or create", factory_boy_alchemy)
    },
    Recipe {
        is_first: true,
        is_again: true,
        setting: Some(("BENCH_KEYED", "1")),
        ..recipe(AGAIN, factory_boy_alchemy)
    },
    recipe("factory_boy + Django", factory_boy_django),
    recipe("model_bakery + Django", model_bakery),
    Recipe {
        setting: Some(("BENCH_BULK", "1")),
        ..recipe("model_bakery + Django, bulk", model_bakery)
    },
    recipe("polyfactory + SQLAlchemy", polyfactory),
    recipe("drizzle-seed (npm)", drizzle_seed),
    recipe("factory_bot + Active Record", factory_bot),
];

impl Guest {
    /// Its line in the report.
    pub(crate) fn name(&self) -> &str {
        self.peer.name()
    }

    /// Its turns, each on empty tables unless it finds its rows again; one that
    /// fails does not spoil the rest.
    pub(crate) fn contestant(self) -> Contestant<'static> {
        let Self { mut peer, desk, is_again, .. } = self;
        Contestant::new(peer.name().to_owned(), EVERY, move || {
            if !is_again {
                desk.batch(EMPTY)?;
            }
            peer.turn()
        })
        .guest()
    }
}

/// Installs what can be installed here, and sees that each makes as many rows
/// as it is asked for; the reason for those that cannot.
pub(crate) fn install(
    parent: &Ground<'_>,
    runtime: &Rc<Runtime>,
    admin: &Target,
    size: Size,
) -> Vec<(&'static str, Result<Guest>)> {
    let each = RECIPES.iter().enumerate();
    each.map(|(number, recipe)| {
        let ground = Ground { folder: parent.folder.join(number.to_string()), ..*parent };
        let database = format!("peer_{number}");
        (recipe.name, recipe.start(&ground, runtime, admin, &database, size))
    })
    .collect()
}

impl Recipe {
    fn start(
        &self,
        ground: &Ground<'_>,
        runtime: &Rc<Runtime>,
        admin: &Target,
        database: &str,
        size: Size,
    ) -> Result<Guest> {
        ground.make_folders()?;
        let mut command = (self.prepare)(ground)?;
        let target = Plain::on(runtime, admin)?.create(database, &[SCHEMA])?;
        let desk = Desk::open(runtime, &target)?;
        command.envs(target.environment()).envs(self.setting);
        let Size { users, posts, comments } = size;
        for (name, count) in
            [("BENCH_USERS", users), ("BENCH_POSTS", posts), ("BENCH_COMMENTS", comments)]
        {
            command.env(name, count.to_string());
        }
        let mut peer = Peer::start(self.name, command, &ground.folder.join("said"))?;
        peer.turn()?;
        let (made, posts) = (desk.value(PEOPLE)?, users * posts);
        let wanted = format!("{users} {posts} {}", posts * comments);
        ensure!(made == wanted, "it made {made} rows and not {wanted}");
        Ok(Guest { peer, desk, is_again: self.is_again, is_first: self.is_first })
    }
}

fn factory_boy_alchemy(ground: &Ground<'_>) -> Result<Command> {
    python(
        ground,
        &["factory_boy", "sqlalchemy", "psycopg2-binary"],
        &[("alchemy_models.py", include_str!("guests/alchemy_models.py"))],
        include_str!("guests/factory_boy_alchemy.py"),
    )
}

fn polyfactory(ground: &Ground<'_>) -> Result<Command> {
    python(
        ground,
        &["polyfactory", "sqlalchemy[asyncio]", "psycopg2-binary"],
        &[("alchemy_models.py", include_str!("guests/alchemy_models.py"))],
        include_str!("guests/polyfactory_alchemy.py"),
    )
}

fn factory_boy_django(ground: &Ground<'_>) -> Result<Command> {
    django(ground, "factory_boy", include_str!("guests/factory_boy_django.py"))
}

fn model_bakery(ground: &Ground<'_>) -> Result<Command> {
    django(ground, "model_bakery", include_str!("guests/model_bakery_django.py"))
}

fn django(ground: &Ground<'_>, package: &str, script: &str) -> Result<Command> {
    let mut command = python(
        ground,
        &[package, "django", "psycopg[binary]"],
        &[
            ("settings.py", include_str!("guests/django_settings.py")),
            ("blog/__init__.py", ""),
            ("blog/models.py", include_str!("guests/django_models.py")),
        ],
        script,
    )?;
    command.env("DJANGO_SETTINGS_MODULE", "settings");
    Ok(command)
}

/// A script with its modules beside it, which the interpreter looks for first,
/// and packages that it shares with others that need the same.
fn python(
    ground: &Ground<'_>,
    packages: &[&str],
    modules: &[(&str, &str)],
    script: &str,
) -> Result<Command> {
    let folder = ground.folder.with_file_name(packages.join("-"));
    let shared = Ground { folder, ..*ground };
    if !shared.folder.exists() {
        shared.make_folders()?;
    }
    let mut command = interpreter(&shared, packages)?;
    let folder = ground.folder.join("suite");
    write(&folder, modules)?;
    write(&folder, &[("turns.py", include_str!("guests/turns.py")), ("peer.py", script)])?;
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(folder.join("peer.py"));
    Ok(command)
}

fn drizzle_seed(ground: &Ground<'_>) -> Result<Command> {
    write(&ground.folder, &[("package.json", "{\"private\": true}\n")])?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
    bounded(install.args(["drizzle-orm", "drizzle-seed", "pg"]), &ground.folder)?;
    write(&ground.folder, &[("peer.mjs", include_str!("guests/drizzle_seed.mjs"))])?;
    let mut command = ground.command("node");
    command.arg(ground.folder.join("peer.mjs"));
    Ok(command)
}

/// By gem, or else Debian's packages, unpacked, not installed.
fn factory_bot(ground: &Ground<'_>) -> Result<Command> {
    let gems = ground.folder.join("gems");
    let mut install = Command::new("gem");
    install.args(["install", "--quiet", "--no-document", "--install-dir"]).arg(&gems);
    let by_gem = bounded(install.args(["factory_bot", "activerecord", "pg"]), &ground.folder);
    let mut command = ground.command("ruby");
    match by_gem {
        Ok(()) => command.env("GEM_PATH", gems),
        Err(reason) => {
            let folders = debian(ground).with_context(|| format!("gem: {reason:#}"))?;
            command.env("RUBYLIB", std::env::join_paths(folders)?)
        }
    };
    write(&ground.folder, &[("peer.rb", include_str!("guests/factory_bot.rb"))])?;
    command.arg(ground.folder.join("peer.rb"));
    Ok(command)
}

/// Folders to load from; the driver `pg` has to be on the machine.
fn debian(ground: &Ground<'_>) -> Result<Vec<PathBuf>> {
    let mut fetch = Command::new("apt-get");
    bounded(fetch.arg("download").args(DEBIAN), &ground.folder)?;
    let mut unpack = Command::new("sh");
    let script = "for deb in *.deb; do dpkg -x \"$deb\" unpacked || exit 1; done";
    bounded(unpack.args(["-c", script]), &ground.folder)?;
    let gems = ground.folder.join("unpacked/usr/share/rubygems-integration/all/gems");
    let mut folders = Vec::new();
    for gem in std::fs::read_dir(gems)? {
        let folder = gem?.path().join("lib");
        folders.push(folder.join("concurrent-ruby"));
        folders.push(folder);
    }
    Ok(folders)
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
