//! The database for factories on a server that `seedbed up` keeps: a clone of
//! the project's template beside the slots, so that no test's rewind takes away
//! what a person made. It is made when it is first asked for and vanishes with
//! its server. Its name holds the recipe's fingerprint: after a new migration
//! it is another one.

use std::time::Duration;

use seedbed_api::{Failure, Kind, Result, Secret};
use seedbed_db::{Globals, Host, Session, TablespaceRoot, Target};
use seedbed_isolation::Shared;
use seedbed_server::{ClaimKind, Lock, Record, SUPERUSER, Service};

use crate::builder::Runner;
use crate::config::{Config, ServerChoice};
use crate::private::Groundwork;
use crate::stopwatch::Stopwatch;
use crate::world::World;
use crate::{cleaning, runtime, shared};

/// How long another process may take to make the same database: it may have to
/// apply migrations first.
const MAKE_WAIT: Duration = Duration::from_secs(600);

/// How long the server may take to answer.
const CONNECT_WAIT: Duration = Duration::from_secs(15);

/// The database, made if need be; `None` if nothing is up for this project.
pub(super) fn database(world: &World<'_>, config: &Config) -> Result<Option<Target>> {
    if matches!(config.server.value, ServerChoice::Existing(_)) {
        return Ok(None);
    }
    let up = seedbed_server::living(&world.folders).into_iter().find(|record| {
        record.kind == ClaimKind::Up
            && record.project == config.root
            && record.service.is_some()
            && record.owner.alive()
    });
    let Some(record) = up else { return Ok(None) };
    let service = record.service.as_ref().ok_or_else(|| missing("service"))?;
    let mut stopwatch = Stopwatch::new(world.listener);
    let ground = Groundwork::lay(world, config, &mut stopwatch)?;
    let word = ground.recipe.fingerprint().short();
    let name = seedbed_isolation::clone_name(&record.id, &word)?;
    let admin = shared::service_admin(service);
    let runtime = runtime::new()?;
    if !runtime.block_on(exists(&admin, &name))? {
        let path = cleaning::starting_lock(&world.folders, &name);
        let making = Lock::exclusive(&path, MAKE_WAIT, || {
            world.listener.notice("another process makes the database of factories".to_owned());
        })?;
        let made = runtime.block_on(async {
            if exists(&admin, &name).await? {
                return Ok(());
            }
            make(world, config, &record, &ground, &name).await
        });
        making.remove();
        made?;
    }
    let role = config.role.value.clone().unwrap_or_else(|| SUPERUSER.to_owned());
    Ok(Some(Target {
        host: Host::Socket(service.socket_dir.clone()),
        port: service.port,
        user: role,
        password: Some(Secret::new(service.password.clone())),
        database: name,
    }))
}

async fn exists(admin: &Target, name: &str) -> Result<bool> {
    let session = Session::connect(admin, "seedbed", CONNECT_WAIT).await?;
    let name = seedbed_db::quote_literal(name);
    let query = format!("SELECT 1 FROM pg_catalog.pg_database WHERE datname = {name}");
    let found = session.value(&query).await;
    session.close().await;
    found.map(|found| found.is_some())
}

async fn make(
    world: &World<'_>,
    config: &Config,
    record: &Record,
    ground: &Groundwork,
    name: &str,
) -> Result<()> {
    let service: &Service = record.service.as_ref().ok_or_else(|| missing("service"))?;
    let admin = shared::service_admin(service);
    let runner = Runner {
        root: &config.root,
        mark: &record.id,
        version: &service.version,
        templates: &config.env,
    };
    let tablespaces = record.directories.first().map(|dir| TablespaceRoot {
        folder: shared::tablespace_folder(dir),
        owner: ground.account.as_ref().map(|account| (account.uid, account.gid)),
    });
    let shared = Shared {
        admin: &admin,
        globals: Globals::Ours,
        listener: world.listener,
        tablespaces: tablespaces.as_ref(),
        run_command: &runner,
        build_wait: Shared::BUILD_WAIT,
    };
    let template = shared.ensure_template(&ground.recipe).await?;
    let clone = shared.clone(&template, name, &record.id).await?;
    match &config.role.value {
        Some(role) => shared::give_role(&clone, role, service).await,
        None => Ok(()),
    }
}

fn missing(what: &str) -> Failure {
    Failure::new(Kind::Bug, format!("the record of the server that is up has no {what}"))
}
