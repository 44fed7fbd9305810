//! `seedbed up`: a server that outlives the command that started it, so that
//! later runs begin at once.
//!
//! `up` starts this program again as a service and listens to its events (JSON
//! lines on its standard error) until it is ready or failed; if `up` goes away
//! before that, the service ends too. The service owns
//! the server as a run does, claim and reaper included; it ends on SIGTERM
//! (`seedbed down`), when nobody has used it for the idle time, when it is to
//! make room for a newer one and nobody uses it, or when its server is killed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use seedbed_api::{Context, Event, Failure, Kind, Phase, Result, Silent};
use seedbed_db::{Globals, TablespaceRoot, Target};
use seedbed_isolation::{Finish, Shared};
use seedbed_server::{ClaimKind, Lock, Postmaster, RUN_MARK, Record, SUPERUSER, Service};

use crate::builder::Runner;
use crate::caller::Caller;
use crate::config::{Config, ServerChoice, Workers};
use crate::factories::Factories;
use crate::lease_service::{Beginning, LeaseService};
use crate::leasing;
use crate::lingering::{Ends, Lingering};
use crate::private::{DATABASE, Groundwork, PrivateServer};
use crate::renewal::{self, END_BOUND, Retired, Wanted};
use crate::shared;
use crate::stopwatch::Stopwatch;
use crate::world::World;
use crate::{cleaning, runtime};

/// How long a service may take to get ready: fetching included.
const READY_BOUND: Duration = Duration::from_secs(30 * 60);

/// What is wanted of a service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Whether whoever asks is a program that must have what it asks for, and
    /// the service nobody's to look after.
    pub on_demand: bool,
}

/// How a service is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launch {
    /// How many slots it has.
    pub slots: usize,
    /// After how long without use it ends; `None`: never.
    pub idle: Option<Duration>,
    /// Whether nobody looks after it.
    pub on_demand: bool,
}

/// The words that start this program as a service ([`serve`]) with JSON events.
pub type LaunchWords<'a> = &'a dyn Fn(&Launch) -> Vec<OsString>;

/// What `up` did.
#[derive(Clone, Debug)]
pub struct Up {
    /// The service's record.
    pub record: Record,
    /// Whether it ran already.
    pub already: bool,
}

/// The living service that answers this project and these options.
pub(crate) fn matching(world: &World<'_>, config: &Config, ground: &Groundwork) -> Option<Record> {
    let key = ground.service_key(config);
    seedbed_server::living(&world.folders)
        .into_iter()
        .filter(|record| record.service.as_ref().is_some_and(|service| service.key == key))
        // While its reaper cleans up, a dead service still looks locked.
        .find(|record| record.owner.alive())
}

/// Starts the service unless it runs. One that no longer fits the project is
/// ended before, if nobody uses it.
///
/// # Errors
/// What kept the service from getting ready; on demand also
/// [`Kind::Refused`] if one with another schema is in use.
pub fn up(world: &World<'_>, config: &Config, wish: Wish, words: LaunchWords<'_>) -> Result<Up> {
    refuse_existing(config)?;
    cleaning::sweep(&world.folders, world.listener);
    let mut stopwatch = Stopwatch::new(world.listener);
    let ground = Groundwork::lay(world, config, &mut stopwatch)?;
    let wanted = Wanted::of(config, &ground, wish);
    if let Some(record) = matching(world, config, &ground)
        && wanted.misfit(&record).is_none()
    {
        return Ok(Up { record, already: true });
    }
    seedbed_server::ensure(&world.folders.state, 0o700)?;
    let path = cleaning::starting_lock(&world.folders, &ground.service_key(config));
    // Two at once: the second waits and finds the first one's service.
    let starting = Lock::exclusive(&path, READY_BOUND, || {
        world.listener.notice("another process is starting this project's service".into());
    })?;
    let outcome = find_or_launch(world, config, &ground, &wanted, words);
    starting.remove();
    outcome
}

fn find_or_launch(
    world: &World<'_>,
    config: &Config,
    ground: &Groundwork,
    wanted: &Wanted,
    words: LaunchWords<'_>,
) -> Result<Up> {
    let mut before = None;
    if let Some(record) = matching(world, config, ground) {
        let Some(misfit) = wanted.misfit(&record) else {
            return Ok(Up { record, already: true });
        };
        if let Retired::InUse(users) = renewal::retire(world, &record)? {
            wanted.put_up_with(world, &record, misfit, &users)?;
            return Ok(Up { record, already: true });
        }
        wanted.tell(world, &record, misfit);
        before = record.service;
    }
    launch(world, &words(&wanted.launch(before.as_ref())))?;
    let record = matching(world, config, ground)
        .ok_or_else(|| Failure::new(Kind::ServerFailed, "the service ended at once"))?;
    Ok(Up { record, already: false })
}

fn refuse_existing(config: &Config) -> Result<()> {
    match &config.server.value {
        ServerChoice::Existing(_) => Err(Failure::new(
            Kind::Config,
            format!(
                "`server` names a running server ({}); there is nothing to start",
                config.server.origin
            ),
        )
        .hint("seedbed up --server auto")
        .hint("seedbed run --workers auto -- COMMAND")),
        _ => Ok(()),
    }
}

/// Starts the service and relays its events until it is ready.
fn launch(world: &World<'_>, arguments: &[OsString]) -> Result<()> {
    let mut child = Command::new(&world.program)
        .args(arguments)
        // Inside a run, that run's end must not end the service.
        .env_remove(RUN_MARK)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context(Kind::Environment, || format!("cannot start {}", world.program.display()))?;
    let stderr = child
        .stderr
        .take()
        .ok_or_else(|| Failure::new(Kind::Bug, "the service has no standard error"))?;
    for line in BufReader::new(stderr).lines().map_while(std::result::Result::ok) {
        match serde_json::from_str::<Event>(&line) {
            Ok(Event::Ready { .. }) => return Ok(()),
            Ok(Event::Failed { kind, message, detail, hints, .. }) => {
                let _ = child.wait();
                let kind = Kind::from_word(&kind).unwrap_or(Kind::ServerFailed);
                let failure = Failure::new(kind, message);
                let failure = detail.into_iter().fold(failure, Failure::detail);
                return Err(hints.into_iter().fold(failure, Failure::hint));
            }
            Ok(event) => world.listener.on(&event),
            Err(_) => {}
        }
    }
    let status = child.wait().context(Kind::Bug, || "cannot wait for the service".into())?;
    Err(Failure::new(Kind::ServerFailed, format!("the service ended with {status}")))
}

/// The service's whole life.
///
/// # Errors
/// What kept it from getting ready.
pub fn serve(world: &World<'_>, config: &Config, on_demand: bool) -> Result<()> {
    seedbed_server::close_inherited_files();
    refuse_existing(config)?;
    let _ = rustix::process::setsid();
    let caller = Caller::watch();
    let mut stopwatch = Stopwatch::new(world.listener);
    let ground = Groundwork::lay(world, config, &mut stopwatch)?;
    let runtime = runtime::new()?;
    let title = if on_demand { "seedbed service" } else { "seedbed up" };
    let mut server =
        PrivateServer::open(world, config, &ground, ClaimKind::Up, title, &mut stopwatch)?;
    let mut leases = None;
    let outcome = runtime.block_on(async {
        // Caught before anybody is told that we are ready.
        let mut ends = Ends::listen()?;
        let offered = offer(world, config, &ground, on_demand, &mut server, &mut stopwatch).await?;
        let leases = leases.insert(offered.leases);
        caller.may_leave();
        world.listener.on(&ready(&server));
        leave_the_terminal();
        let lingering = Lingering {
            server: &mut server,
            leases,
            admin: &offered.admin,
            idle: config.idle_timeout.value,
        };
        lingering.linger(&mut ends).await;
        Ok(())
    });
    // Nobody shall find a server that is about to end. A record that cannot be
    // written (full disk) must not keep it.
    let _ = server.site.claim_mut().note(|record| record.service = None);
    if let Some(leases) = leases {
        let _ = leases.leave();
    }
    // Dropped first: its sockets belong to the server that ends now.
    drop(runtime);
    let closed = server.close_keeping(world, config);
    outcome.and(closed)
}

/// What is offered.
struct Offered {
    admin: Target,
    leases: LeaseService,
}

/// Turns the migrated database into the sealed template, opens the lease
/// service and records the service, which makes it visible to others.
async fn offer(
    world: &World<'_>,
    config: &Config,
    ground: &Groundwork,
    on_demand: bool,
    server: &mut PrivateServer,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<Offered> {
    let mut service = Service {
        key: ground.service_key(config),
        socket_dir: server.site.socket_dir(),
        port: server.postmaster.as_ref().map_or(0, Postmaster::port),
        password: server.password().expose().to_owned(),
        origin: server.binaries.origin.word().to_owned(),
        version: server.binaries.version.to_string(),
        api: None,
        seedbed: env!("CARGO_PKG_VERSION").to_owned(),
        recipe: ground.recipe.fingerprint().to_string(),
        slots: config.workers.value.unwrap_or(Workers::Auto).count(),
        idle_s: config.idle_timeout.value.map(|idle| idle.as_secs()),
        on_demand,
        refusal: None,
    };
    let admin = shared::service_admin(&service);
    let mark = server.site.claim().id().to_owned();
    let runner = Runner {
        root: &config.root,
        mark: &mark,
        version: &service.version,
        templates: &config.env,
    };
    let tablespaces = TablespaceRoot {
        folder: server.site.tablespaces(),
        owner: ground.account.as_ref().map(|account| (account.uid, account.gid)),
    };
    let started = Instant::now();
    let shared = Shared {
        admin: &admin,
        globals: Globals::Ours,
        listener: world.listener,
        tablespaces: Some(&tablespaces),
        run_command: &runner,
        build_wait: Shared::BUILD_WAIT,
    };
    let template = shared.adopt(ground.recipe.fingerprint(), DATABASE).await?;
    let finish = Finish::for_lane(config.lane.value, true)?;
    let role = config.role.value.as_deref().filter(|role| *role != SUPERUSER);
    let template = shared.finished(&template, finish, &shared::prepare(role, &service)).await?;
    let place = leasing::Ground {
        admin: admin.clone(),
        globals: Globals::Ours,
        template,
        finish,
        run: mark.clone(),
        slots: service.slots,
        command: server.command_target(),
        socket: Some(server.socket_target()),
        version: service.version.clone(),
    };
    // Nobody listens for longer than the start.
    let plan = leasing::plan(world, config, place, Arc::new(Silent));
    let folder = server.site.socket_dir();
    let beginning = Beginning {
        folder: &folder,
        door: world.door,
        factories: Factories::new(&world.folders.cache, config),
        hold: true,
        warm: false,
    };
    let leases = LeaseService::start(plan, &beginning)?;
    service.api = Some(leases.api.clone());
    stopwatch.add(Phase::Clone, started);
    server.site.claim_mut().note(|record| record.service = Some(service))?;
    Ok(Offered { admin, leases })
}

fn ready(server: &PrivateServer) -> Event {
    Event::Ready {
        server: server.binaries.origin.word().to_owned(),
        version: server.binaries.version.to_string(),
        database: DATABASE.to_owned(),
        reused: false,
    }
}

/// From here on nobody listens: the pipe to `up` must close, or a shell that
/// captures its output would wait for us.
fn leave_the_terminal() {
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stderr(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
    }
    let _ = std::env::set_current_dir("/");
}

/// Which services to end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Down {
    /// Those of all projects, not only of this one.
    pub all: bool,
    /// Also those that a run uses now.
    pub force: bool,
}

/// Ends services; returns their records.
///
/// # Errors
/// [`Kind::Refused`] when a run uses one and nothing was forced;
/// [`Kind::Timeout`] when one does not end, even by force.
pub fn down(world: &World<'_>, config: &Config, which: &Down) -> Result<Vec<Record>> {
    cleaning::sweep(&world.folders, world.listener);
    let living = seedbed_server::living(&world.folders);
    let mut ended = Vec::new();
    for record in &living {
        if record.kind != ClaimKind::Up || !(which.all || record.project == config.root) {
            continue;
        }
        if !which.force
            && let Some(user) = living.iter().find(|other| uses(other, record))
        {
            return Err(Failure::new(
                Kind::Refused,
                format!(
                    "the server of {} is used by `{}` (process {})",
                    record.project.display(),
                    user.title,
                    user.owner.pid
                ),
            )
            .hint("seedbed down --force"));
        }
        seedbed_server::end(&record.owner, Signal::TERM, END_BOUND);
        renewal::bury(world, record)?;
        ended.push(record.clone());
    }
    Ok(ended)
}

/// Whether a run has a database on a service.
fn uses(run: &Record, service: &Record) -> bool {
    let (Some(foreign), Some(service)) = (&run.foreign, &service.service) else { return false };
    let place = shared::service_admin(service);
    Target::parse(&foreign.admin_url)
        .is_ok_and(|admin| (admin.host, admin.port) == (place.host, place.port))
}

/// Everything alive: runs and services of this user.
#[must_use]
pub fn ps(world: &World<'_>) -> Vec<Record> {
    cleaning::sweep(&world.folders, world.listener);
    seedbed_server::living(&world.folders)
}

/// The log of this project's service.
///
/// # Errors
/// [`Kind::NoServer`] when no service of this project runs.
pub fn log_file(world: &World<'_>, config: &Config) -> Result<PathBuf> {
    seedbed_server::living(&world.folders)
        .into_iter()
        .filter(|record| record.kind == ClaimKind::Up && record.project == config.root)
        .find_map(|record| record.directories.first().map(|dir| dir.join("log")))
        .ok_or_else(|| {
            Failure::new(Kind::NoServer, format!("no server of {} runs", config.root.display()))
                .hint("seedbed up")
        })
}
