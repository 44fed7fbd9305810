//! `seedbed run -- COMMAND`: a fresh migrated database for any command, and
//! nothing left behind.

use std::ffi::OsString;
use std::process::Command;
use std::time::Instant;

use seedbed_api::{Event, Failure, Kind, Phase, Result};
use seedbed_db::Target;
use seedbed_isolation::SlotTargets;
use seedbed_server::ClaimKind;

use crate::child_environment::{self, Told};
use crate::command::{self, Caught};
use crate::config::{Config, ServerChoice};
use crate::lease_service::{self, LeaseService};
use crate::private::{Groundwork, PrivateServer};
use crate::shared::SharedRun;
use crate::site::Site;
use crate::stopwatch::Stopwatch;
use crate::world::World;
use crate::{cleaning, service};

/// Runs the command and returns its exit code, 128+n for a signal.
///
/// # Errors
/// Whatever keeps the command from being started with a database. A failing
/// clean-up is only a warning: the command's code is worth more, and the
/// reaper tries again.
pub fn run(world: &World<'_>, config: &Config, argv: &[OsString]) -> Result<i32> {
    let program = argv.first().ok_or_else(|| {
        Failure::new(Kind::Config, "no command to run").hint("seedbed run -- cargo test")
    })?;
    command::locate(program, &world.path, &world.directory)?;
    cleaning::sweep(&world.folders, world.listener);

    let title = argv.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let mut stopwatch = Stopwatch::new(world.listener);
    let code = if let ServerChoice::Existing(url) = &config.server.value {
        let shared = SharedRun::on_existing(world, config, url, &title, &mut stopwatch)?;
        on_shared(world, config, argv, shared, &mut stopwatch)?
    } else {
        let ground = Groundwork::lay(world, config, &mut stopwatch)?;
        match service::matching(world, config, &ground) {
            Some(record) => {
                match SharedRun::on_service(world, config, &record, &ground, &title, &mut stopwatch)
                {
                    Ok(shared) => on_shared(world, config, argv, shared, &mut stopwatch)?,
                    // It ended between our look and our connection.
                    Err(_) if service::matching(world, config, &ground).is_none() => {
                        on_private(world, config, argv, &ground, &title, &mut stopwatch)?
                    }
                    Err(failure) => return Err(failure),
                }
            }
            None => on_private(world, config, argv, &ground, &title, &mut stopwatch)?,
        }
    };
    stopwatch.summary(Some(code));
    Ok(code)
}

/// Runs this program itself with `arguments` as a command that needs one
/// database and no lease service.
///
/// # Errors
/// As [`run`].
pub fn run_plain(world: &World<'_>, mut config: Config, arguments: &[OsString]) -> Result<i32> {
    config.workers.value = None;
    let mut argv = vec![world.program.clone().into_os_string()];
    argv.extend_from_slice(arguments);
    run(world, &config, &argv)
}

fn on_private(
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    ground: &Groundwork,
    title: &str,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<i32> {
    let mut server = PrivateServer::open(world, config, ground, ClaimKind::Run, title, stopwatch)?;
    let Some(workers) = config.workers.value else {
        return finish_private(world, config, argv, server, None, stopwatch);
    };
    lease_service::heard_by(world.listener, |listener| {
        let offered = stopwatch.time(Phase::Clone, format!("{} slots", workers.count()), || {
            server.offer_leases(world, config, ground, workers.count(), &listener)
        });
        match offered {
            Ok(leases) => finish_private(world, config, argv, server, Some(leases), stopwatch),
            Err(failure) => {
                // It says more than what may go wrong while leaving.
                let _ = server.close();
                Err(failure)
            }
        }
    })
}

fn finish_private(
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    mut server: PrivateServer,
    leases: Option<LeaseService>,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<i32> {
    let version = server.binaries.version.to_string();
    let first = leases.as_ref().and_then(|leases| leases.targets(0));
    let (target, socket) = match first {
        Some(SlotTargets { command, socket }) => (command, socket),
        None => (server.command_target(), Some(server.socket_target())),
    };
    world.listener.on(&Event::Ready {
        server: server.binaries.origin.word().to_owned(),
        version: version.clone(),
        database: target.database.clone(),
        reused: false,
    });
    let admin = server.admin_target().map(|admin| admin.with_database(&target.database));
    let handed = Handed {
        target: &target,
        socket: socket.as_ref(),
        admin: admin.as_ref(),
        version: &version,
        leases: leases.as_ref(),
    };
    let (outcome, _caught) = hand_over(world, config, argv, &mut server.site, &handed, stopwatch);
    let started = Instant::now();
    // Its databases vanish with the server, unless they were kept.
    let keeps = leases.is_some_and(LeaseService::leave);
    let closed = if keeps { server.close_keeping(world, config) } else { server.close() };
    if let Err(failure) = closed {
        warn_about_leaving(world, &failure);
    }
    stopwatch.add(Phase::CleanUp, started);
    outcome
}

fn on_shared(
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    mut shared: SharedRun,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<i32> {
    let Some(workers) = config.workers.value else {
        return finish_shared(world, config, argv, shared, None, stopwatch);
    };
    lease_service::heard_by(world.listener, |listener| {
        let offered = stopwatch.time(Phase::Clone, format!("{} slots", workers.count()), || {
            shared.offer_leases(world, config, workers.count(), &listener)
        });
        match offered {
            Ok(leases) => finish_shared(world, config, argv, shared, Some(leases), stopwatch),
            Err(failure) => {
                if let Err(failure) = shared.close() {
                    warn_about_leaving(world, &failure);
                }
                Err(failure)
            }
        }
    })
}

fn finish_shared(
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    mut shared: SharedRun,
    leases: Option<LeaseService>,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<i32> {
    let (mut target, mut admin, mut socket) = shared.targets();
    if let Some(first) = leases.as_ref().and_then(|leases| leases.targets(0)) {
        admin = admin.map(|admin| admin.with_database(&first.command.database));
        (target, socket) = (first.command, first.socket);
    }
    world.listener.on(&shared.ready(&target.database));
    let version = shared.version().to_owned();
    let handed = Handed {
        target: &target,
        socket: socket.as_ref(),
        admin: admin.as_ref(),
        version: &version,
        leases: leases.as_ref(),
    };
    let (outcome, _caught) = hand_over(world, config, argv, shared.site_mut(), &handed, stopwatch);
    let started = Instant::now();
    if let Some(leases) = leases {
        let (keeps, stopped) = leases.stop();
        if keeps {
            shared.tell_kept(world);
        }
        if let Err(failure) = stopped {
            warn_about_leaving(world, &failure);
        }
    }
    if let Err(failure) = shared.close() {
        warn_about_leaving(world, &failure);
    }
    stopwatch.add(Phase::CleanUp, started);
    outcome
}

/// What a command is handed.
pub(crate) struct Handed<'a> {
    pub(crate) target: &'a Target,
    pub(crate) socket: Option<&'a Target>,
    pub(crate) admin: Option<&'a Target>,
    pub(crate) version: &'a str,
    pub(crate) leases: Option<&'a LeaseService>,
}

/// Starts the command with its database and waits for its end. The signals
/// stay caught while the caller cleans up.
pub(crate) fn hand_over(
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    site: &mut Site,
    handed: &Handed<'_>,
    stopwatch: &mut Stopwatch<'_>,
) -> (Result<i32>, Option<Caught>) {
    let mut caught = match Caught::all() {
        Ok(caught) => caught,
        Err(failure) => return (Err(failure), None),
    };
    let started = Instant::now();
    let mut command = Command::new(argv.first().map_or("".as_ref(), OsString::as_os_str));
    command.args(argv.iter().skip(1)).current_dir(&world.directory);
    child_environment::equip(
        &mut command,
        handed.target,
        &Told {
            run: site.claim().id(),
            version: handed.version,
            socket: handed.socket,
            admin: handed.admin,
            templates: &config.env,
        },
    );
    if let Some(leases) = handed.leases {
        child_environment::offer(&mut command, leases);
    }
    let outcome = command::start(command, argv).and_then(|running| {
        let id = running.id();
        if let Some(leases) = handed.leases {
            leases.descriptors.restore_for(running.pid());
        }
        // A record that cannot be written (full disk) must not stop the
        // command: its mark in the environment finds it too.
        let _ = site.claim_mut().note(|record| record.command = id);
        let code = running.wait(&mut caught);
        // Daemons it left, whose database is about to vanish.
        seedbed_server::end_command(site.claim().record());
        code
    });
    stopwatch.add(Phase::Command, started);
    (outcome, Some(caught))
}

fn warn_about_leaving(world: &World<'_>, failure: &Failure) {
    world
        .listener
        .warning(format!("cannot clean up: {}", failure.chain()), Some("seedbed gc".into()));
}
