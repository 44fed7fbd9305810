//! A kept cluster brought back: copied, and started by the server it had.
//!
//! *Invariant*: what is stored is never changed; its copy is a run like any
//! other, with a claim, a reaper and a password of its own.

use seedbed_api::{Failure, Kind, Result};
use seedbed_isolation::Finish;
use seedbed_server::binaries::{Binaries, Version};
use seedbed_server::{
    Account, ClaimKind, Copied, Image, KeptCluster, KeptClusters, Plan, Postmaster, parameters,
};

use crate::config::Config;
use crate::private::PrivateServer;
use crate::site::Site;
use crate::world::World;

impl PrivateServer {
    /// Starts a server on a copy of a kept cluster.
    pub(crate) fn revive(
        world: &World<'_>,
        config: &Config,
        cluster: &KeptCluster,
        title: &str,
    ) -> Result<Self> {
        let account = Account::choose(config.os_user.value.as_deref())?;
        let binaries = binaries(world, config, account.as_ref(), cluster)?;
        let image = KeptClusters::open(&world.folders)?.image(cluster).ok_or_else(|| {
            damaged(cluster, "it is being removed, or its list of files cannot be read")
        })?;
        let mut server = Self {
            site: Site::open(world, ClaimKind::Run, &config.root, title)?,
            binaries,
            postmaster: None,
            password: seedbed_server::fresh_password()?,
            role: cluster.role.clone(),
            finish: Finish::Plain,
        };
        match server.start_on(world, config, cluster, &image, account.as_ref()) {
            Ok(()) => Ok(server),
            Err(failure) => {
                // It says more than what may go wrong while leaving.
                let _ = server.close();
                Err(failure)
            }
        }
    }

    fn start_on(
        &mut self,
        world: &World<'_>,
        config: &Config,
        cluster: &KeptCluster,
        image: &Image,
        account: Option<&Account>,
    ) -> Result<()> {
        self.site.make_dir(world, config.storage.value, image.bytes(), account)?;
        if let Copied::Damaged(why) = image.restore(&self.site.data(), account)? {
            return Err(damaged(cluster, &why));
        }
        let postmaster = Postmaster::start(&Plan {
            binaries: &self.binaries,
            data: &self.site.data(),
            socket_dir: &self.site.socket_dir(),
            log: &self.site.log(),
            account,
            parameters: &parameters(&self.binaries.version, &cluster.settings),
        })?;
        postmaster.first_query("postgres", &self.first_sql())?;
        self.postmaster = Some(postmaster);
        Ok(())
    }
}

/// The same build, or else the nearest that reads the same files.
fn binaries(
    world: &World<'_>,
    config: &Config,
    account: Option<&Account>,
    cluster: &KeptCluster,
) -> Result<Binaries> {
    let finder = world.finder(config, account);
    let mut all: Vec<Binaries> =
        finder.local().into_iter().filter_map(|found| found.usable.ok()).collect();
    all.extend(finder.installed());
    choose(all, cluster).ok_or_else(|| {
        let Version { major, .. } = version(cluster);
        Failure::new(
            Kind::NoServer,
            format!(
                "what was kept needs PostgreSQL {} ({}), which is not here any more",
                cluster.version, cluster.origin
            ),
        )
        .hint(format!("seedbed server install {major}"))
    })
}

fn choose(all: Vec<Binaries>, cluster: &KeptCluster) -> Option<Binaries> {
    let wanted = version(cluster);
    let rank = |one: &Binaries| {
        (
            one.build == cluster.build,
            one.origin.word() == cluster.origin,
            one.version == wanted,
            one.version,
        )
    };
    all.into_iter().filter(|one| one.version.major == wanted.major).max_by_key(rank)
}

fn version(cluster: &KeptCluster) -> Version {
    Version::parse(&cluster.version).unwrap_or(Version { major: 0, minor: 0 })
}

fn damaged(cluster: &KeptCluster, why: &str) -> Failure {
    let failure = Failure::new(Kind::Environment, format!("what was kept is damaged: {why}"));
    let names: Vec<&str> = cluster.databases.iter().map(|inside| inside.name.as_str()).collect();
    failure.hint(format!("seedbed kept rm {}", names.join(" ")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use seedbed_server::binaries::Origin;

    use super::*;

    #[test]
    fn the_same_build_is_preferred_and_another_major_never_taken() {
        let one = |origin: Origin, major: u16, minor: u16| Binaries {
            origin,
            bin_dir: "/b".into(),
            version: Version { major, minor },
            build: format!("{} {major}.{minor}", origin.word()),
        };
        let cluster = KeptCluster {
            id: "k".into(),
            created_s: 0,
            bytes: 0,
            version: "15.3".into(),
            origin: "local".into(),
            build: "local 15.3".into(),
            role: None,
            settings: BTreeMap::new(),
            databases: Vec::new(),
        };
        let (local, embedded) = (Origin::Local, Origin::Embedded);
        for (there, expected) in [
            (vec![one(embedded, 15, 9), one(local, 15, 3), one(local, 15, 9)], Some("local 15.3")),
            (vec![one(embedded, 15, 3), one(local, 15, 2), one(local, 15, 9)], Some("local 15.9")),
            (vec![one(embedded, 15, 3), one(local, 16, 1)], Some("embedded 15.3")),
            (vec![one(local, 14, 3), one(local, 16, 3)], None),
        ] {
            let chosen = choose(there, &cluster).map(|one| one.build);
            assert_eq!(chosen.as_deref(), expected);
        }
    }
}
