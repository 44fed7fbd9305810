//! Building a migrated cluster, or finding it built.
//!
//! The cache holds whole stopped clusters under the fingerprint of all layers
//! that went into them. A build starts from the image with the longest prefix
//! of the wanted chain and applies only the rest, so adding a migration runs
//! one file and branches share what they have in common. Because an image
//! holds the cluster and not just a database, roles and tablespaces are
//! exactly those of that prefix: `CREATE ROLE` never meets its own ghost.
//!
//! Besides the last layer's, images are kept on the way where the work was
//! worth it ([`Keeping`]): editing an old migration never repeats more than
//! about half a second below it, and cheap recipes keep nothing extra.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt;
use std::time::{Duration, Instant};

use seedbed_api::{Context, Event, Kind, Phase, Result, Secret};
use seedbed_db::{Apply, Globals, Host, Session, TablespaceRoot, Target, quote_ident};
use seedbed_isolation::{Finish, Keeping, Layering};
use seedbed_recipe::{Fingerprint, Recipe};
use seedbed_server::{
    Account, Base, Builder, Copied, Image, Images, MOST_IMAGES, Plan, Postmaster, SUPERUSER,
    Storage,
};

use crate::builder::Runner;
use crate::config::Config;
use crate::private::DATABASE;
use crate::site::Site;
use crate::stopwatch::Stopwatch;
use crate::world::World;

/// How long a server that has answered may take to accept a session.
const CONNECT_BOUND: Duration = Duration::from_secs(20);

/// A cluster without any image yet is assumed to need this much.
const FRESH_BYTES: u64 = 64 << 20;

/// Everything a build needs.
pub(crate) struct Build<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) config: &'a Config,
    pub(crate) images: &'a Images,
    pub(crate) recipe: &'a Recipe,
    /// What the database gets after the recipe.
    pub(crate) finish: Finish,
    pub(crate) base: Base<'a>,
    pub(crate) account: Option<&'a Account>,
    pub(crate) parameters: &'a BTreeMap<String, String>,
    pub(crate) password: &'a Secret,
    pub(crate) storage: Storage,
    /// Whether the person knows that the cache is damaged.
    pub(crate) warned: Cell<bool>,
}

/// What a build starts from.
struct Start {
    /// Layers that are already in the cluster; `None`: a fresh cluster without
    /// our database.
    layers: Option<usize>,
    image: Option<Image>,
}

impl Build<'_> {
    /// The image of the whole recipe, if there is one; makes the site's folder.
    pub(crate) fn cached(&self, site: &mut Site) -> Result<Option<Image>> {
        let image = self.images.get(&self.key());
        let bytes = image.as_ref().map_or(FRESH_BYTES, Image::bytes);
        site.make_dir(self.world, self.storage, bytes, self.account)?;
        Ok(image)
    }

    /// Leaves the stopped cluster of the whole recipe in the site's empty data
    /// folder: built, or copied if another process has built it meanwhile.
    pub(crate) fn obtain(&self, site: &Site, stopwatch: &mut Stopwatch<'_>) -> Result<()> {
        let key = self.key();
        let builder = self.images.build(&key, || {
            self.world.listener.notice("another process is building the same schema".into());
        })?;
        if self.built_meanwhile(site, &builder, stopwatch)?.is_some() {
            return Ok(());
        }
        self.build(site, &builder, stopwatch)?;
        self.images.trim(MOST_IMAGES).map(drop)
    }

    /// Copies an image; false (and a warning) when it is damaged.
    fn restored(&self, site: &Site, image: &Image, stopwatch: &mut Stopwatch<'_>) -> Result<bool> {
        let started = Instant::now();
        let copied = image.restore(&site.data(), self.account)?;
        stopwatch.add(Phase::Start, started);
        match copied {
            Copied::Whole => Ok(true),
            Copied::Damaged(why) => self.damaged(site, &why).map(|()| false),
        }
    }

    /// Copies what another process finished while we waited for the right to
    /// build; clears away what is damaged there.
    fn built_meanwhile(
        &self,
        site: &Site,
        builder: &Builder,
        stopwatch: &mut Stopwatch<'_>,
    ) -> Result<Option<Image>> {
        match self.images.get_as(builder) {
            Some(image) if self.restored(site, &image, stopwatch)? => return Ok(Some(image)),
            Some(_) => {}
            None => match self.images.broken(builder) {
                Some(manifest) => {
                    self.damaged(site, &format!("{} is not readable", manifest.display()))?;
                }
                None => return Ok(None),
            },
        }
        self.images.discard(builder).map(|()| None)
    }

    /// Clears away what was copied from a damaged image.
    pub(crate) fn damaged(&self, site: &Site, why: &str) -> Result<()> {
        // An image is met again under the builder's lock: once is enough.
        if !self.warned.replace(true) {
            self.world
                .listener
                .warning(format!("the cache is damaged and is built again: {why}"), None);
        }
        seedbed_server::remove(&site.data())
    }

    fn build(&self, site: &Site, builder: &Builder, stopwatch: &mut Stopwatch<'_>) -> Result<()> {
        let mut from = self.start_from(site, stopwatch)?;
        let started = Instant::now();
        self.world.listener.on(&Event::Started {
            phase: Phase::Migrate,
            detail: format!("{} layers", self.recipe.layers.len()),
        });
        let built = self
            .apply_rest(site, &mut from)
            .and_then(|()| self.images.save(builder, &site.data(), from.image.as_ref()).map(drop));
        stopwatch.add(Phase::Migrate, started);
        built
    }

    /// Puts the best cluster to start from into the data folder.
    fn start_from(&self, site: &Site, stopwatch: &mut Stopwatch<'_>) -> Result<Start> {
        // With a finish, the whole recipe is a prefix too.
        let longest = self.recipe.layers.len() + usize::from(self.finish != Finish::Plain);
        for layers in (0..longest).rev() {
            let key = self.fingerprint_after(layers).to_string();
            let Some(image) = self.images.get(&key) else { continue };
            if self.restored(site, &image, stopwatch)? {
                return Ok(Start { layers: Some(layers), image: Some(image) });
            }
            drop(image);
            // Else the next build with this prefix would try it again.
            if let Some(builder) = self.images.try_build(&key)? {
                self.images.discard(&builder)?;
            }
        }
        let key = hex(&self.base.key());
        if let Some(image) = self.images.get(&key)
            && self.restored(site, &image, stopwatch)?
        {
            return Ok(Start { layers: None, image: Some(image) });
        }
        let builder = self.images.build(&key, || {})?;
        if let Some(image) = self.built_meanwhile(site, &builder, stopwatch)? {
            return Ok(Start { layers: None, image: Some(image) });
        }
        let image = stopwatch.time(
            Phase::Initdb,
            format!("PostgreSQL {}", self.base.binaries.version),
            || {
                self.base.make(&site.data(), &site.log(), self.account)?;
                self.images.save(&builder, &site.data(), None)
            },
        )?;
        Ok(Start { layers: None, image: Some(image) })
    }

    /// Key of the finished image.
    fn key(&self) -> String {
        self.finish.fingerprint(&self.recipe.fingerprint(), "").to_string()
    }

    /// The fingerprint once the first `layers` layers are in.
    fn fingerprint_after(&self, layers: usize) -> Fingerprint {
        match layers.checked_sub(1) {
            Some(last) => self.recipe.layers[last].fingerprint,
            None => self.recipe.base,
        }
    }

    /// Applies the layers that are missing and leaves the cluster stopped.
    fn apply_rest(&self, site: &Site, from: &mut Start) -> Result<()> {
        let runtime = crate::runtime::new()?;
        let mut keeping = Keeping::new();
        let mut next = from.layers;
        loop {
            let server = self.start_server(site)?;
            // A failed build drops the server, which ends it at once: nothing
            // of it is kept.
            let done = runtime.block_on(self.apply_some(&server, site, next, &keeping))?;
            let complete = done == self.recipe.layers.len();
            if complete {
                let database = self.socket(&server, site).with_database(DATABASE);
                runtime.block_on(self.finish.apply(&database, "", self.world.listener))?;
            }
            server.stop()?;
            if complete {
                return Ok(());
            }
            self.keep(site, from, done)?;
            keeping.kept();
            next = Some(done);
        }
    }

    /// Keeps an image of an intermediate layer, if nobody else is at it.
    fn keep(&self, site: &Site, from: &mut Start, layers: usize) -> Result<()> {
        let key = self.fingerprint_after(layers).to_string();
        let Some(builder) = self.images.try_build(&key)? else { return Ok(()) };
        if self.images.get_as(&builder).is_none() {
            from.image = Some(self.images.save(&builder, &site.data(), from.image.as_ref())?);
        }
        Ok(())
    }

    fn start_server(&self, site: &Site) -> Result<Postmaster> {
        let server = self.start_postmaster(site)?;
        let password = format!(
            "ALTER ROLE {} PASSWORD {}",
            quote_ident(SUPERUSER),
            seedbed_db::quote_literal(&seedbed_server::verifier(SUPERUSER, self.password))
        );
        server.first_query("postgres", &password)?;
        Ok(server)
    }

    /// Starts the server in the site; nobody has connected yet.
    pub(crate) fn start_postmaster(&self, site: &Site) -> Result<Postmaster> {
        Postmaster::start(&Plan {
            binaries: self.base.binaries,
            data: &site.data(),
            socket_dir: &site.socket_dir(),
            log: &site.log(),
            account: self.account,
            parameters: self.parameters,
        })
    }

    /// Applies layers from `next` until the last or until an image is due;
    /// returns how many are in.
    async fn apply_some(
        &self,
        server: &Postmaster,
        site: &Site,
        next: Option<usize>,
        keeping: &Keeping,
    ) -> Result<usize> {
        let socket = self.socket(server, site);
        let done = match next {
            Some(done) => done,
            None => {
                let session = Session::connect(&socket, "seedbed build", CONNECT_BOUND).await?;
                session.batch(&format!("CREATE DATABASE {}", quote_ident(DATABASE))).await?;
                session.close().await;
                0
            }
        };
        let tablespaces = TablespaceRoot {
            folder: site.tablespaces(),
            owner: self.account.map(|account| (account.uid, account.gid)),
        };
        self.make_tablespace_folder(&tablespaces)?;
        let runner = Runner {
            root: &self.config.root,
            mark: site.claim().id(),
            version: &self.base.binaries.version.to_string(),
            templates: &self.config.env,
        };
        let layering = Layering {
            layers: &self.recipe.layers,
            apply: Apply {
                globals: Globals::Ours,
                tablespaces: Some(&tablespaces),
                listener: self.world.listener,
            },
            run_command: &runner,
            target: &socket.with_database(DATABASE),
            // Programs of recipes may not speak to sockets.
            command_target: &Target {
                host: Host::Tcp("127.0.0.1".into()),
                password: Some(self.password.clone()),
                ..socket.with_database(DATABASE)
            },
        };
        let total = self.recipe.layers.len();
        layering.run(done, drop, |done| keeping.is_due(done, total)).await
    }

    /// The maintenance database, as superuser over the socket.
    fn socket(&self, server: &Postmaster, site: &Site) -> Target {
        Target {
            host: Host::Socket(site.socket_dir()),
            port: server.port(),
            user: SUPERUSER.to_owned(),
            password: None,
            database: "postgres".to_owned(),
        }
    }

    fn make_tablespace_folder(&self, root: &TablespaceRoot) -> Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(&root.folder)
            .context(Kind::Environment, || format!("cannot create {}", root.folder.display()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
