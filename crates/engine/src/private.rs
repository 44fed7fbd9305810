//! A server of our own: found or fetched, its cluster copied from an image or
//! built, started, and ended with everything it left.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::{Failure, Kind, Listener, Phase, Result, Secret};
use seedbed_db::{Globals, Host, Target, quote_ident, quote_literal};
use seedbed_isolation::{Finish, Shared};
use seedbed_recipe::{Fingerprint, Recipe};
use seedbed_server::binaries::Binaries;
use seedbed_server::{
    Account, Base, ClaimKind, Copied, Image, Images, Postmaster, SUPERUSER, parameters, verifier,
};

use crate::build::Build;
use crate::builder::Runner;
use crate::config::{Config, Origin};
use crate::factories::Factories;
use crate::lease_service::{Beginning, LeaseService};
use crate::leasing;
use crate::site::Site;
use crate::stopwatch::Stopwatch;
use crate::world::{World, wanted};

/// Name of the database a command gets. It says that it is for tests, because
/// some suites refuse to run against one that does not.
pub const DATABASE: &str = "seedbed_test";

/// What a private server needs to know before anything is made.
pub(crate) struct Groundwork {
    pub(crate) account: Option<Account>,
    pub(crate) binaries: Binaries,
    pub(crate) recipe: Recipe,
    base_key: [u8; 32],
}

/// A running server of our own.
pub(crate) struct PrivateServer {
    pub(crate) site: Site,
    pub(crate) binaries: Binaries,
    pub(crate) postmaster: Option<Postmaster>,
    pub(crate) password: Secret,
    pub(crate) role: Option<String>,
    /// What the migrated database was finished with.
    pub(crate) finish: Finish,
}

impl Groundwork {
    /// Finds the binaries and reads the recipe.
    pub(crate) fn lay(
        world: &World<'_>,
        config: &Config,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<Self> {
        seedbed_server::trust(&world.folders.cache)?;
        let account = Account::choose(config.os_user.value.as_deref())?;
        let wanted = wanted(config)
            .ok_or_else(|| Failure::new(Kind::Bug, "a given server needs no binaries"))?;
        let binaries = stopwatch.time(Phase::Fetch, "PostgreSQL binaries", || {
            world.finder(config, account.as_ref()).find(&wanted)
        })?;
        let base = Base { binaries: &binaries, locale: config.locale.value.as_deref() };
        let base_key = base.key();
        let recipe = crate::recipe::read(config, recipe_base(&base_key, config))?;
        for notice in &recipe.notices {
            world.listener.notice(notice.clone());
        }
        if config.recipe.origin == Origin::Default {
            world.listener.notice(format!(
                "the database is empty: {} of {}",
                config.recipe.reason,
                config.root.display()
            ));
        }
        Ok(Self { account, binaries, recipe, base_key })
    }

    /// Key under which `seedbed up` offers its server: same project, same
    /// server, same parameters.
    pub(crate) fn service_key(&self, config: &Config) -> String {
        let mut hash = blake3::Hasher::new_derive_key("seedbed service key 1");
        hash.update(config.root.as_os_str().as_encoded_bytes());
        hash.update(&self.base_key);
        for (name, value) in own_parameters(config) {
            hash.update(format!("\0{name}={value}").as_bytes());
        }
        hash.finalize().to_hex()[..32].to_owned()
    }
}

/// What every recipe on a server of ours stands on. The person's parameters
/// belong to it: `DateStyle` alone decides which day '03/04/2020' is.
fn recipe_base(base_key: &[u8], config: &Config) -> Fingerprint {
    let own = own_parameters(config);
    let mut parts = vec![base_key];
    for (name, value) in &own {
        parts.extend([name.as_bytes(), value.as_bytes()]);
    }
    Fingerprint::of("seedbed recipe", &parts)
}

/// The person's PostgreSQL parameters.
pub(crate) fn own_parameters(config: &Config) -> BTreeMap<String, String> {
    config.settings.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect()
}

impl PrivateServer {
    /// Makes the server and its migrated database ready.
    pub(crate) fn open(
        world: &World<'_>,
        config: &Config,
        ground: &Groundwork,
        kind: ClaimKind,
        title: &str,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<Self> {
        let site = Site::open(world, kind, &config.root, title)?;
        let mut server = Self {
            site,
            binaries: ground.binaries.clone(),
            postmaster: None,
            password: seedbed_server::fresh_password()?,
            role: config.role.value.clone().filter(|role| role != SUPERUSER),
            finish: Finish::Plain,
        };
        // A role is made in the started database, and what the finish watches
        // for must not see that.
        if config.workers.value.is_some() && kind == ClaimKind::Run && server.role.is_none() {
            server.finish = Finish::for_lane(config.lane.value, true)?;
        }
        match server.bring_up(world, config, ground, stopwatch) {
            Ok(()) => Ok(server),
            Err(failure) => {
                // The failure says more than what may go wrong while leaving;
                // what stays is the reaper's.
                let _ = server.close();
                Err(failure)
            }
        }
    }

    fn bring_up(
        &mut self,
        world: &World<'_>,
        config: &Config,
        ground: &Groundwork,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<()> {
        let images = Images::open(world.folders.images())?;
        let account = ground.account.as_ref();
        let parameters = parameters(&ground.binaries.version, &own_parameters(config));
        let build = Build {
            world,
            config,
            images: &images,
            recipe: &ground.recipe,
            finish: self.finish,
            base: Base { binaries: &ground.binaries, locale: config.locale.value.as_deref() },
            account,
            parameters: &parameters,
            password: &self.password,
            storage: config.storage.value,
            warned: Cell::new(false),
        };
        let postmaster = match build.cached(&mut self.site)? {
            Some(image) => self.start_copy(&build, &image, stopwatch)?,
            None => None,
        };
        let postmaster = match postmaster {
            Some(postmaster) => postmaster,
            None => {
                build.obtain(&self.site, stopwatch)?;
                stopwatch.time(
                    Phase::Start,
                    format!("PostgreSQL {}", build.base.binaries.version),
                    || {
                        let postmaster = build.start_postmaster(&self.site)?;
                        postmaster.first_query(DATABASE, &self.first_sql())?;
                        Ok(postmaster)
                    },
                )?
            }
        };
        self.postmaster = Some(postmaster);
        Ok(())
    }

    /// Starts a server on a copy of the image; the databases are copied while
    /// it starts. `None` (and a clean folder) when the image is damaged.
    fn start_copy(
        &self,
        build: &Build<'_>,
        image: &Image,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<Option<Postmaster>> {
        let data = self.site.data();
        stopwatch.time(Phase::Start, format!("PostgreSQL {}", build.base.binaries.version), || {
            if let Copied::Damaged(why) = image.begin_restore(&data, build.account)? {
                build.damaged(&self.site, &why)?;
                return Ok(None);
            }
            if seedbed_server::has_own_sessions(build.parameters, &data) {
                // Its sessions would meet databases that are not there yet.
                if let Copied::Damaged(why) = image.finish_restore(&data, build.account)? {
                    build.damaged(&self.site, &why)?;
                    return Ok(None);
                }
                let postmaster = build.start_postmaster(&self.site)?;
                postmaster.first_query(DATABASE, &self.first_sql())?;
                return Ok(Some(postmaster));
            }
            let account = build.account;
            let (postmaster, copied) = std::thread::scope(|scope| {
                let copying = scope.spawn(|| image.finish_restore(&data, account));
                // Started here: the kernel ends the server with this thread.
                let postmaster = build.start_postmaster(&self.site);
                let copied = copying.join().unwrap_or_else(|_| {
                    Err(Failure::new(Kind::Bug, "the thread that copies databases panicked"))
                });
                (postmaster, copied)
            });
            let postmaster = postmaster?;
            match copied? {
                Copied::Whole => {
                    postmaster.first_query(DATABASE, &self.first_sql())?;
                    Ok(Some(postmaster))
                }
                Copied::Damaged(why) => {
                    postmaster.discard(|| {});
                    build.damaged(&self.site, &why)?;
                    Ok(None)
                }
            }
        })
    }

    /// Sets the password of this run and, if wanted, makes the command's role.
    pub(crate) fn first_sql(&self) -> String {
        let set = |role: &str| {
            format!(
                "ALTER ROLE {} PASSWORD {};",
                quote_ident(role),
                quote_literal(&verifier(role, &self.password))
            )
        };
        // When a backend crashes, the server forgets what it has not written
        // to its log, seconds of work without this: a password, then, that
        // nobody could connect with any more.
        let mut sql = "SET synchronous_commit = on;".to_owned() + &set(SUPERUSER);
        if let Some(role) = &self.role {
            sql.push_str(&crate::role::ensure(role));
            sql.push_str(&set(role));
        }
        sql
    }

    /// The password of this server.
    pub(crate) fn password(&self) -> &Secret {
        &self.password
    }

    fn target(&self, host: Host, user: &str) -> Target {
        Target {
            host,
            port: self.postmaster.as_ref().map_or(0, Postmaster::port),
            user: user.to_owned(),
            password: Some(self.password.clone()),
            database: DATABASE.to_owned(),
        }
    }

    /// Where the command connects: loopback, with the password.
    pub(crate) fn command_target(&self) -> Target {
        let user = self.role.as_deref().unwrap_or(SUPERUSER);
        self.target(Host::Tcp("127.0.0.1".into()), user)
    }

    /// The same database as superuser, when the command is not.
    pub(crate) fn admin_target(&self) -> Option<Target> {
        self.role.as_ref().map(|_| self.target(Host::Tcp("127.0.0.1".into()), SUPERUSER))
    }

    /// The same database over the unix socket.
    pub(crate) fn socket_target(&self) -> Target {
        let user = self.role.as_deref().unwrap_or(SUPERUSER);
        self.target(Host::Socket(self.site.socket_dir()), user)
    }

    /// The maintenance database, as superuser over the socket.
    pub(crate) fn maintenance_target(&self) -> Target {
        let admin = self.target(Host::Socket(self.site.socket_dir()), SUPERUSER);
        admin.with_database("postgres")
    }

    /// Makes the migrated database the template of a lease service and starts
    /// the service.
    pub(crate) fn offer_leases(
        &mut self,
        world: &World<'_>,
        config: &Config,
        ground: &Groundwork,
        workers: usize,
        listener: &Arc<dyn Listener>,
    ) -> Result<LeaseService> {
        let admin = self.maintenance_target();
        let run = self.site.claim().id().to_owned();
        let version = self.binaries.version.to_string();
        let runner =
            Runner { root: &config.root, mark: &run, version: &version, templates: &config.env };
        let shared = Shared {
            admin: &admin,
            globals: Globals::Ours,
            listener: &**listener,
            tablespaces: None,
            run_command: &runner,
            build_wait: Shared::BUILD_WAIT,
        };
        let finish = Finish::for_lane(config.lane.value, true)?;
        // The role was made before anything else, so nothing is left to do.
        let fingerprint = finish.fingerprint(&ground.recipe.fingerprint(), "");
        let template = crate::runtime::new()?.block_on(async {
            if self.finish == Finish::Plain {
                finish.apply(&admin.with_database(DATABASE), "", &**listener).await?;
            }
            shared.adopt(fingerprint, DATABASE).await
        })?;
        let beginning = Beginning {
            folder: &self.site.socket_dir(),
            door: world.door,
            factories: Factories::new(&world.folders.cache, config),
            hold: true,
            warm: true,
        };
        let ground = leasing::Ground {
            admin: admin.clone(),
            globals: Globals::Ours,
            template,
            finish,
            run: run.clone(),
            slots: workers,
            command: self.command_target(),
            socket: Some(self.socket_target()),
            version: version.clone(),
        };
        LeaseService::start(leasing::plan(world, config, ground, Arc::clone(listener)), &beginning)
    }

    /// Ends the server and removes everything.
    pub(crate) fn close(mut self) -> Result<()> {
        if let Some(postmaster) = self.postmaster.take() {
            // What resists is removed, or complained about, by `close`.
            postmaster.discard(|| drop(seedbed_server::remove(&self.site.databases())));
        }
        self.site.close()
    }
}
