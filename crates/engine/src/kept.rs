//! `seedbed kept`: databases that a person wants to look at. They are on a
//! server that lives, or stored when their server ended.

use std::ffi::OsString;
use std::time::Duration;

use seedbed_api::{Failure, Kind, Result, Silent};
use seedbed_db::{Host, Session, Target};
use seedbed_server::{ClaimKind, KeptCluster, KeptClusters, SUPERUSER};

use crate::config::{Config, ServerChoice};
use crate::private::PrivateServer;
use crate::run::{Handed, hand_over};
use crate::site::Site;
use crate::stopwatch::Stopwatch;
use crate::world::World;
use crate::{cleaning, command, runtime, shared};

/// How long a server may take to say what was kept on it.
const ASK_BOUND: Duration = Duration::from_secs(20);

/// What opens a database if nothing else is named.
const CLIENT: &str = "psql";

/// A kept database.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Identity of the test whose data it holds.
    pub test: Option<String>,
    /// The project's folder.
    pub project: Option<String>,
    /// When it was kept, in seconds since 1970.
    pub created_s: u64,
    place: Place,
}

/// Where a kept database is.
#[derive(Clone, Debug)]
enum Place {
    Stored(Box<KeptCluster>),
    On(Box<OpenServer>),
}

/// A server that goes on without a run.
#[derive(Clone, Debug)]
struct OpenServer {
    /// The maintenance database, as whoever made our databases.
    admin: Target,
    /// What a command gets: the role it has in a run, on loopback.
    command: Target,
    /// The same over the unix socket, where there is one.
    socket: Option<Target>,
}

impl Kept {
    /// Where it is: a server's URL without password, or `stored`.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.place {
            Place::Stored(_) => "stored".to_owned(),
            Place::On(server) => server.command.with_database(&self.name).redacted(),
        }
    }
}

/// Every kept database within reach, oldest first: the stored ones, and those
/// on this project's servers. A server that does not answer is warned about.
///
/// # Errors
/// If the store cannot be read, or the configured server's URL.
pub fn kept(world: &World<'_>, config: &Config) -> Result<Vec<Kept>> {
    let mut all = Vec::new();
    let stored = KeptClusters::existing(&world.folders)?;
    for cluster in stored.iter().flat_map(KeptClusters::list) {
        all.extend(cluster.databases.iter().map(|inside| Kept {
            name: inside.name.clone(),
            test: inside.test.clone(),
            project: inside.project.clone(),
            created_s: inside.created_s,
            place: Place::Stored(Box::new(cluster.clone())),
        }));
    }
    let runtime = runtime::new()?;
    for server in servers(world, config)? {
        let admin = &server.admin;
        let asked = async { tokio::time::timeout(ASK_BOUND, seedbed_isolation::kept(admin)).await };
        let failure = match runtime.block_on(asked) {
            Ok(Ok(found)) => {
                let root = config.root.to_string_lossy();
                // Others may use the server as well.
                let ours = found
                    .into_iter()
                    .filter(|kept| kept.from.project.as_deref().is_none_or(|of| of == root));
                all.extend(ours.map(|kept| Kept {
                    name: kept.database,
                    test: kept.from.test,
                    project: kept.from.project,
                    created_s: kept.from.created_s,
                    place: Place::On(Box::new(server.clone())),
                }));
                continue;
            }
            Ok(Err(failure)) => failure,
            Err(_) => Failure::new(Kind::Timeout, "it does not answer"),
        };
        let place = admin.redacted();
        world.listener.warning(format!("cannot ask {place}: {}", failure.chain()), None);
    }
    all.sort_by(|a, b| (a.created_s, &a.name).cmp(&(b.created_s, &b.name)));
    Ok(all)
}

/// Runs `argv`, or psql, with a kept database, and returns its exit code. A
/// stored one is copied for it: what the command changes there is not kept.
///
/// # Errors
/// [`Kind::Config`] if there is no such database; [`Kind::NotFound`] for the
/// command; [`Kind::NoServer`] if the server it needs is not here any more.
pub fn open_kept(world: &World<'_>, config: &Config, name: &str, argv: &[OsString]) -> Result<i32> {
    let client = [OsString::from(CLIENT)];
    let argv = if argv.is_empty() { &client } else { argv };
    let program = argv.first().map_or("".as_ref(), OsString::as_os_str);
    command::locate(program, &world.path, &world.directory).map_err(|failure| {
        let example = format!("seedbed kept open {name} -- COMMAND");
        if program == CLIENT { failure.hint(example) } else { failure }
    })?;
    cleaning::sweep(&world.folders, world.listener);
    let all = kept(world, config)?;
    let found = find(&all, name)?;
    let title = format!("seedbed kept open {name}");
    match &found.place {
        Place::On(server) => on_server(world, config, argv, &title, server, name),
        Place::Stored(cluster) => stored(world, config, argv, &title, cluster, name),
    }
}

fn on_server(
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    title: &str,
    server: &OpenServer,
    name: &str,
) -> Result<i32> {
    let admin = server.admin.with_database(name);
    let version = runtime::new()?.block_on(async {
        let session = Session::connect(&admin, "seedbed", ASK_BOUND).await?;
        let (major, minor) = session.server_version();
        session.close().await;
        Ok::<_, Failure>(format!("{major}.{minor}"))
    })?;
    let target = server.command.with_database(name);
    let socket = server.socket.as_ref().map(|socket| socket.with_database(name));
    let mut site = Site::open(world, ClaimKind::Lease, &config.root, title)?;
    let handed = Handed {
        target: &target,
        socket: socket.as_ref(),
        admin: (admin.user != target.user).then_some(&admin),
        version: &version,
        leases: None,
    };
    let mut stopwatch = Stopwatch::new(&Silent);
    let (outcome, _caught) = hand_over(world, config, argv, &mut site, &handed, &mut stopwatch);
    if let Err(failure) = site.close() {
        world.listener.warning(failure.chain(), Some("seedbed gc".into()));
    }
    outcome
}

fn stored(
    world: &World<'_>,
    config: &Config,
    argv: &[OsString],
    title: &str,
    cluster: &KeptCluster,
    name: &str,
) -> Result<i32> {
    let mut server = PrivateServer::revive(world, config, cluster, title)?;
    let target = server.command_target().with_database(name);
    let admin = server.admin_target().map(|admin| admin.with_database(name));
    let socket = server.socket_target().with_database(name);
    let version = server.binaries.version.to_string();
    let handed = Handed {
        target: &target,
        socket: Some(&socket),
        admin: admin.as_ref(),
        version: &version,
        leases: None,
    };
    let mut stopwatch = Stopwatch::new(&Silent);
    let site = &mut server.site;
    let (outcome, _caught) = hand_over(world, config, argv, site, &handed, &mut stopwatch);
    if let Err(failure) = server.close() {
        world.listener.warning(failure.chain(), Some("seedbed gc".into()));
    }
    outcome
}

/// Removes kept databases by name; all that [`kept`] lists without names.
/// Returns the names of those that went.
///
/// # Errors
/// [`Kind::Config`] if there is no such database (none is removed then);
/// [`Kind::Refused`] while somebody has a stored one open.
pub fn remove_kept(
    world: &World<'_>,
    config: &Config,
    names: Option<&[String]>,
) -> Result<Vec<String>> {
    let all = kept(world, config)?;
    let chosen: Vec<&Kept> = match names {
        None => all.iter().collect(),
        Some(names) => names.iter().map(|name| find(&all, name)).collect::<Result<_>>()?,
    };
    let mut removed = Vec::new();
    for kept in chosen {
        match &kept.place {
            Place::Stored(cluster) => {
                KeptClusters::open(&world.folders)?.forget(&cluster.id, &kept.name)?;
            }
            Place::On(server) => {
                let dropping = seedbed_isolation::drop_kept(&server.admin, &kept.name);
                runtime::new()?.block_on(dropping)?;
            }
        }
        removed.push(kept.name.clone());
    }
    Ok(removed)
}

fn find<'a>(all: &'a [Kept], name: &str) -> Result<&'a Kept> {
    all.iter().find(|kept| kept.name == name).ok_or_else(|| {
        Failure::new(Kind::Config, format!("there is no kept database `{name}`"))
            .hint("seedbed kept ls")
    })
}

/// This project's servers that outlive a run.
fn servers(world: &World<'_>, config: &Config) -> Result<Vec<OpenServer>> {
    let role = config.role.value.as_deref().unwrap_or(SUPERUSER);
    let mut servers: Vec<OpenServer> = seedbed_server::living(&world.folders)
        .into_iter()
        .filter(|record| record.kind == ClaimKind::Up && record.project == config.root)
        .filter(|record| record.owner.alive())
        .filter_map(|record| {
            let admin = shared::service_admin(&record.service?);
            let socket = Target { user: role.to_owned(), ..admin.clone() };
            let command = Target { host: Host::Tcp("127.0.0.1".into()), ..socket.clone() };
            Some(OpenServer { admin, command, socket: Some(socket) })
        })
        .collect();
    if let ServerChoice::Existing(url) = &config.server.value {
        let admin = Target::parse(url.expose())?;
        servers.push(OpenServer { command: admin.clone(), admin, socket: None });
    }
    Ok(servers)
}
