//! `seedbed lease -- COMMAND`: a command on a database that another process's
//! service has handed out. It has a claim and a reaper like any run, so that
//! the command does not outlive its lease.

use std::ffi::OsString;
use std::process::Command;

use seedbed_api::lease::Lease;
use seedbed_api::{Failure, Kind, Result};
use seedbed_db::Target;
use seedbed_server::{Api, ClaimKind};

use crate::config::Config;
use crate::site::Site;
use crate::world::World;
use crate::{child_environment, command};

/// A lease and the service it comes from.
pub struct Held<'a> {
    /// The lease.
    pub lease: &'a Lease,
    /// Where the service listens, and its token.
    pub api: &'a Api,
}

/// The lease service of this project's `seedbed up`.
#[must_use]
pub fn lease_api(world: &World<'_>, config: &Config) -> Option<Api> {
    seedbed_server::living(&world.folders)
        .into_iter()
        .filter(|record| record.project == config.root && record.owner.alive())
        .find_map(|record| record.service?.api)
}

/// Checks that the command can be run, before anything is leased for it.
///
/// # Errors
/// [`Kind::NotFound`] or [`Kind::NotExecutable`].
pub fn check_command(world: &World<'_>, argv: &[OsString]) -> Result<()> {
    let program = argv.first().ok_or_else(|| {
        Failure::new(Kind::Config, "no command to run").hint("seedbed lease -- psql")
    })?;
    command::locate(program, &world.path, &world.directory).map(drop)
}

/// Runs the command with the leased database and returns its exit code, 128+n
/// for a signal.
///
/// # Errors
/// Whatever keeps the command from being started.
pub fn run_leased(
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    held: &Held<'_>,
) -> Result<i32> {
    let title = argv.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let mut site = Site::open(world, ClaimKind::Lease, &config.root, &title)?;
    let outcome = run_in(&mut site, world, config, argv, held);
    let closed = site.close();
    let code = outcome?;
    if let Err(failure) = closed {
        world.listener.warning(failure.chain(), Some("seedbed gc".into()));
    }
    Ok(code)
}

fn run_in(
    site: &mut Site,
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    held: &Held<'_>,
) -> Result<i32> {
    let lease = held.lease;
    let target = Target::parse(&lease.url)?;
    let socket = lease.socket_url.as_deref().map(Target::parse).transpose()?;
    let mut caught = command::Caught::all()?;
    let mut command = Command::new(argv.first().map_or("".as_ref(), OsString::as_os_str));
    command.args(argv.iter().skip(1)).current_dir(&world.directory);
    child_environment::lend(
        &mut command,
        &target,
        &child_environment::Lent {
            run: site.claim().id(),
            lease: &lease.lease,
            api: held.api,
            socket: socket.as_ref(),
            templates: &config.env,
        },
    );
    let running = command::start(command, argv)?;
    let id = running.id();
    // As in a run: its mark in the environment finds the command too.
    let _ = site.claim_mut().note(|record| record.command = id);
    let code = running.wait(&mut caught);
    seedbed_server::end_command(site.claim().record());
    code
}
