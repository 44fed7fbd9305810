//! A run on a server that others use too: one that `seedbed up` keeps, or one
//! the person gave by URL. The run gets a clone of a sealed template and drops
//! it at the end; everything else on that server is left alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use seedbed_api::{Event, Failure, Kind, Listener, Phase, Result, Secret};
use seedbed_db::{Globals, Host, Session, TablespaceRoot, Target};
use seedbed_isolation::{Facts, Finish, Shared, Template};
use seedbed_recipe::{Fingerprint, Recipe};
use seedbed_server::{ClaimKind, Foreign, Record, SUPERUSER, Service, verifier};
use tokio::runtime::Runtime;

use crate::builder::Runner;
use crate::config::Config;
use crate::factories::Factories;
use crate::lease_service::{Beginning, LeaseService};
use crate::leasing;
use crate::private::Groundwork;
use crate::site::Site;
use crate::stopwatch::Stopwatch;
use crate::world::World;
use crate::{keeping, role, runtime};

/// How long to wait for a server that should be there.
const CONNECT_WAIT: std::time::Duration = std::time::Duration::from_secs(15);

/// A run's clone on a shared server.
pub(crate) struct SharedRun {
    site: Site,
    runtime: Runtime,
    /// Keeps the run alive in the eyes of every sweep.
    held: Session,
    admin: Target,
    template: Template,
    globals: Globals,
    /// The run's own clone; the lease service has its own ones.
    clone: Target,
    command: Target,
    socket: Option<Target>,
    server: String,
    version: String,
    role: Option<String>,
    /// What the role needs in each database, as SQL.
    prepare: String,
}

/// A shared server as a run sees it.
struct Place<'a> {
    admin: Target,
    globals: Globals,
    tablespaces: Option<TablespaceRoot>,
    /// The service's record, on a server that `up` keeps.
    service: Option<&'a Service>,
    server: String,
    version: String,
}

impl SharedRun {
    /// On the server that `seedbed up` keeps for this project.
    pub(crate) fn on_service(
        world: &World<'_>,
        config: &Config,
        record: &Record,
        ground: &Groundwork,
        title: &str,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<Self> {
        let service = record.service.as_ref().ok_or_else(|| Record::missing("service"))?;
        let place = Place {
            admin: service_admin(service),
            globals: Globals::Ours,
            tablespaces: record.directories.first().map(|dir| TablespaceRoot {
                folder: tablespace_folder(dir),
                owner: ground.account.as_ref().map(|account| (account.uid, account.gid)),
            }),
            service: Some(service),
            server: service.origin.clone(),
            version: service.version.clone(),
        };
        Self::open(world, config, &place, &ground.recipe, title, stopwatch)
    }

    /// On a server the person gave.
    pub(crate) fn on_existing(
        world: &World<'_>,
        config: &Config,
        url: &Secret,
        title: &str,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<Self> {
        if let Some(role) = &config.role.value {
            return Err(Failure::new(
                Kind::Config,
                format!(
                    "`role` is \"{role}\" ({}), but on a server you give the role is the URL's",
                    config.role.origin
                ),
            )
            .hint(format!("--server postgres://{role}:…@HOST/DATABASE")));
        }
        let admin = Target::parse(url.expose())?;
        let version = runtime::new()?.block_on(admit(world, config, &admin))?;
        // A template belongs to the role that built it.
        let parts = [version.as_bytes(), admin.user.as_bytes()];
        let base = Fingerprint::of("seedbed existing server", &parts);
        let recipe = crate::recipe::read(config, base)?;
        let place = Place {
            admin,
            globals: Globals::Theirs,
            tablespaces: None,
            service: None,
            server: "existing".into(),
            version,
        };
        Self::open(world, config, &place, &recipe, title, stopwatch)
    }

    fn open(
        world: &World<'_>,
        config: &Config,
        place: &Place<'_>,
        recipe: &Recipe,
        title: &str,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<Self> {
        let mut site = Site::open(world, ClaimKind::Run, &config.root, title)?;
        match Self::make(world, config, place, recipe, &mut site, stopwatch) {
            Ok((runtime, held, template, clone)) => {
                Ok(Self::assemble(config, place, site, (runtime, held, template), clone))
            }
            Err(failure) => {
                // Databases already made are dropped with the claim.
                if let Some(foreign) = site.claim().record().foreign.clone() {
                    let dropped = runtime::new()?.block_on(drop_if_reachable(
                        &place.admin,
                        site.claim().id(),
                        &foreign.databases,
                    ));
                    if dropped.is_err() {
                        return Err(failure);
                    }
                }
                let _ = site.close();
                Err(failure)
            }
        }
    }

    fn make(
        world: &World<'_>,
        config: &Config,
        place: &Place<'_>,
        recipe: &Recipe,
        site: &mut Site,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<(Runtime, Session, Template, Target)> {
        let runtime = runtime::new()?;
        let run = site.claim().id().to_owned();
        let runner = Runner {
            root: &config.root,
            mark: &run,
            version: &place.version,
            templates: &config.env,
        };
        let shared = shared(world.listener, place, &runner);

        let started = Instant::now();
        world.listener.on(&Event::Started {
            phase: Phase::Start,
            detail: format!("PostgreSQL {}", place.version),
        });
        let held = runtime.block_on(async {
            shared.sweep().await?;
            seedbed_isolation::hold(&place.admin, &run).await
        });
        stopwatch.add(Phase::Start, started);
        let held = held?;

        let started = Instant::now();
        world.listener.on(&Event::Started {
            phase: Phase::Migrate,
            detail: format!("{} layers", recipe.layers.len()),
        });
        let template = runtime.block_on(shared.ensure_template(recipe));
        stopwatch.add(Phase::Migrate, started);
        let template = template?;

        let name = seedbed_isolation::clone_name(&run, "")?;
        site.claim_mut().note(|record| {
            record.foreign = Some(Foreign {
                admin_url: place.admin.url().expose().to_owned(),
                databases: vec![name.clone()],
            });
        })?;
        if config.workers.value.is_some() {
            // Its slots take the clone's place.
            return Ok((runtime, held, template, place.admin.with_database(&name)));
        }
        let clone = stopwatch.time(Phase::Clone, name.as_str(), || {
            runtime.block_on(async {
                let clone = shared.clone(&template, &name, &run).await?;
                if let (Some(role), Some(service)) = (&config.role.value, place.service) {
                    give_role(&clone, role, service).await?;
                }
                Ok(clone)
            })
        })?;
        Ok((runtime, held, template, clone))
    }

    fn assemble(
        config: &Config,
        place: &Place<'_>,
        site: Site,
        (runtime, held, template): (Runtime, Session, Template),
        clone: Target,
    ) -> Self {
        let role =
            place.service.and(config.role.value.clone()).filter(|role| role.as_str() != SUPERUSER);
        let user = role.clone().unwrap_or_else(|| clone.user.clone());
        let (command, socket) = match place.service {
            Some(service) => {
                let password = Some(Secret::new(service.password.clone()));
                let at = |host| Target {
                    host,
                    user: user.clone(),
                    password: password.clone(),
                    ..clone.clone()
                };
                let socket = at(Host::Socket(service.socket_dir.clone()));
                (at(Host::Tcp("127.0.0.1".into())), Some(socket))
            }
            None => (clone.clone(), None),
        };
        Self {
            site,
            runtime,
            held,
            admin: place.admin.clone(),
            clone,
            command,
            socket,
            server: place.server.clone(),
            version: place.version.clone(),
            prepare: place
                .service
                .map_or_else(String::new, |service| prepare(role.as_deref(), service)),
            template,
            globals: place.globals,
            role,
        }
    }

    /// What is about to be handed over.
    pub(crate) fn ready(&self, database: &str) -> Event {
        Event::Ready {
            server: self.server.clone(),
            version: self.version.clone(),
            database: database.to_owned(),
            reused: true,
        }
    }

    /// Where the command connects; the same as superuser, if the command is
    /// not; the same over the unix socket, if there is one.
    pub(crate) fn targets(&self) -> (Target, Option<Target>, Option<Target>) {
        let admin = self
            .role
            .as_ref()
            .map(|_| Target { user: SUPERUSER.to_owned(), ..self.command.clone() });
        (self.command.clone(), admin, self.socket.clone())
    }

    /// Starts a lease service with slots on this server.
    pub(crate) fn offer_leases(
        &mut self,
        world: &World<'_>,
        config: &Config,
        workers: usize,
        listener: &Arc<dyn Listener>,
    ) -> Result<LeaseService> {
        let folder = self.site.socket_folder(world)?;
        let run = self.site.claim().id().to_owned();
        let runner = Runner {
            root: &config.root,
            mark: &run,
            version: &self.version,
            templates: &config.env,
        };
        let place = Place {
            admin: self.admin.clone(),
            globals: self.globals,
            tablespaces: None,
            service: None,
            server: self.server.clone(),
            version: self.version.clone(),
        };
        let shared = shared(&**listener, &place, &runner);
        let (finish, template) = self.runtime.block_on(async {
            let session = Session::connect(&self.admin, "seedbed", CONNECT_WAIT).await?;
            let finish = Finish::for_lane(config.lane.value, session.is_superuser())?;
            session.close().await;
            let template = shared.finished(&self.template, finish, &self.prepare).await?;
            Ok::<_, Failure>((finish, template))
        })?;
        let beginning = Beginning {
            folder: &folder,
            door: world.door,
            factories: Factories::new(&world.folders.cache, config),
            hold: false,
            warm: true,
        };
        let ground = leasing::Ground {
            admin: self.admin.clone(),
            globals: self.globals,
            template,
            finish,
            run: run.clone(),
            slots: workers,
            command: self.command.clone(),
            socket: self.socket.clone(),
            version: self.version.clone(),
        };
        LeaseService::start(leasing::plan(world, config, ground, Arc::clone(listener)), &beginning)
    }

    /// Version of the server.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The claim's place.
    pub(crate) fn site_mut(&mut self) -> &mut Site {
        &mut self.site
    }

    /// Says what was kept; it stays on the server.
    pub(crate) fn tell_kept(&self, world: &World<'_>) {
        let run = self.site.claim().id();
        match self.runtime.block_on(seedbed_isolation::kept(&self.admin)) {
            Ok(mut kept) => {
                kept.retain(|kept| kept.from.run == run);
                keeping::tell(world, &kept);
            }
            Err(failure) => world.listener.warning(
                format!("cannot tell what was kept: {}", failure.chain()),
                Some("seedbed kept ls".into()),
            ),
        }
    }

    /// Drops the clone and forgets the run.
    pub(crate) fn close(self) -> Result<()> {
        let names = [self.clone.database.clone()];
        self.runtime.block_on(async {
            drop_if_reachable(&self.admin, self.site.claim().id(), &names).await?;
            self.held.close().await;
            Ok::<(), Failure>(())
        })?;
        self.site.close()
    }
}

/// The maintenance database of a service, over its socket.
pub(crate) fn service_admin(service: &Service) -> Target {
    Target {
        host: Host::Socket(service.socket_dir.clone()),
        port: service.port,
        user: SUPERUSER.to_owned(),
        password: Some(Secret::new(service.password.clone())),
        database: "postgres".to_owned(),
    }
}

/// Where tablespaces of recipes go on a server whose folder is `dir`.
pub(crate) fn tablespace_folder(dir: &Path) -> PathBuf {
    dir.join("tablespaces")
}

fn shared<'a>(
    listener: &'a dyn Listener,
    place: &'a Place<'_>,
    runner: &'a Runner<'_>,
) -> Shared<'a> {
    Shared {
        admin: &place.admin,
        globals: place.globals,
        listener,
        tablespaces: place.tablespaces.as_ref(),
        run_command: runner,
        build_wait: Shared::BUILD_WAIT,
    }
}

/// Checks that a server the person gave may be used; returns its version.
async fn admit(world: &World<'_>, config: &Config, admin: &Target) -> Result<String> {
    seedbed_isolation::judge_name(admin, &config.allow_host.value)?;
    let session = Session::connect(admin, "seedbed", CONNECT_WAIT).await.map_err(|failure| {
        Failure::new(Kind::NoServer, format!("cannot use the server {}", admin.redacted()))
            .because(failure)
            .hint("psql \"$SEEDBED_SERVER\" -c 'select 1'   # or: seedbed run --server auto -- …")
    })?;
    let facts = Facts::of(&session).await?;
    seedbed_isolation::judge(admin, &facts, &config.allow_host.value)?;
    let (major, minor) = session.server_version();
    let version = format!("{major}.{minor}");
    if let Some(wanted) = config.version.value
        && wanted != major
    {
        return Err(Failure::new(
            Kind::NoServer,
            format!(
                "`version` is {wanted} ({}), but {} is PostgreSQL {version}",
                config.version.origin,
                admin.redacted()
            ),
        )
        .hint(format!("version = \"{major}\"")));
    }
    // Last: a server that is refused stays as it is.
    if config.tune_existing.value {
        for change in seedbed_isolation::tune(&session, world.listener).await? {
            world.listener.notice(format!("changed on {}: {change}", admin.redacted()));
        }
    }
    session.close().await;
    Ok(version)
}

/// Lets `role` log in to the clone with the service's password.
pub(crate) async fn give_role(clone: &Target, role: &str, service: &Service) -> Result<()> {
    if role == SUPERUSER {
        return Ok(());
    }
    let session = Session::connect(clone, "seedbed", CONNECT_WAIT).await?;
    session.batch(&prepare(Some(role), service)).await?;
    session.close().await;
    Ok(())
}

/// The statements that let `role` log in to a database.
pub(crate) fn prepare(role: Option<&str>, service: &Service) -> String {
    let Some(role) = role else { return String::new() };
    let password = verifier(role, &Secret::new(service.password.clone()));
    format!(
        "{} ALTER ROLE {} PASSWORD {}",
        role::ensure(role),
        seedbed_db::quote_ident(role),
        seedbed_db::quote_literal(&password)
    )
}

/// Drops clones of a run. A server that cannot be reached is either gone, and
/// the clones with it, or will be swept by the next run on it.
pub(crate) async fn drop_if_reachable(admin: &Target, run: &str, names: &[String]) -> Result<()> {
    let Ok(session) = Session::connect(admin, "seedbed", std::time::Duration::from_secs(3)).await
    else {
        return Ok(());
    };
    session.close().await;
    let named = seedbed_isolation::drop_clones(admin, run, names).await;
    // Slots, and what stood ready for them, have names of their own.
    named.and(seedbed_isolation::drop_run(admin, run).await)
}
