//! What is kept of a server that is about to end: its files, if somebody asked
//! for one of its databases. Killed before that, it takes them with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use seedbed_api::{Event, Failure, Kind, Result};
use seedbed_isolation::KeptDatabase;
use seedbed_server::{KeptCluster, KeptClusters, KeptInside, Postmaster};

use crate::config::Config;
use crate::private::{PrivateServer, own_parameters};
use crate::runtime;
use crate::world::World;

/// How long the server may take to say what was kept: one that hangs ends
/// without.
const ASK_BOUND: Duration = Duration::from_secs(10);

/// How long it may take to drop everything else.
const DROP_BOUND: Duration = Duration::from_secs(60);

impl PrivateServer {
    /// Ends the server and removes everything, once its files are stored if
    /// something was kept on it.
    pub(crate) fn close_keeping(mut self, world: &World<'_>, config: &Config) -> Result<()> {
        if self.postmaster.as_mut().is_some_and(|postmaster| postmaster.ended().is_none())
            && let Err(failure) = self.keep(world, config)
        {
            world.listener.warning(
                format!("what was kept is lost: {}", failure.chain()),
                failure.hints().first().cloned(),
            );
        }
        self.close()
    }

    fn keep(&mut self, world: &World<'_>, config: &Config) -> Result<()> {
        let admin = self.maintenance_target();
        let kept = runtime::new()?.block_on(async {
            let kept = tokio::time::timeout(ASK_BOUND, seedbed_isolation::kept(&admin)).await;
            let kept = kept.map_err(|elapsed| {
                Failure::new(Kind::Timeout, "the server does not answer").because(elapsed)
            })??;
            if !kept.is_empty() {
                // What is not dropped is stored as well, no more.
                let dropping = seedbed_isolation::drop_all_but_kept(&admin);
                let _ = tokio::time::timeout(DROP_BOUND, dropping).await;
            }
            Ok::<_, Failure>(kept)
        })?;
        if kept.is_empty() {
            return Ok(());
        }
        self.postmaster.take().map_or(Ok(()), Postmaster::stop)?;
        let created_s = SystemTime::now().duration_since(UNIX_EPOCH);
        let known = KeptCluster {
            id: self.site.claim().id().to_owned(),
            created_s: created_s.map_or(0, |since| since.as_secs()),
            bytes: 0,
            version: self.binaries.version.to_string(),
            origin: self.binaries.origin.word().to_owned(),
            build: self.binaries.build.clone(),
            role: self.role.clone(),
            settings: own_parameters(config),
            databases: kept.iter().map(inside).collect(),
        };
        let gone = KeptClusters::open(&world.folders)?.store(&self.site.data(), known)?;
        for inside in gone.into_iter().flat_map(|cluster| cluster.databases) {
            world.listener.notice(format!(
                "`{}` was removed to make room for what was kept now",
                inside.name
            ));
        }
        tell(world, &kept);
        Ok(())
    }
}

/// Says what was kept.
pub(crate) fn tell(world: &World<'_>, databases: &[KeptDatabase]) {
    for KeptDatabase { database, from } in databases {
        world.listener.on(&Event::Kept { name: database.clone(), test: from.test.clone() });
    }
}

/// Says what was stored of the server of this claim.
pub(crate) fn tell_stored(world: &World<'_>, id: &str) {
    let Ok(Some(store)) = KeptClusters::existing(&world.folders) else { return };
    for cluster in store.list().into_iter().filter(|cluster| cluster.id == id) {
        for KeptInside { name, test, .. } in cluster.databases {
            world.listener.on(&Event::Kept { name, test });
        }
    }
}

fn inside(kept: &KeptDatabase) -> KeptInside {
    KeptInside {
        name: kept.database.clone(),
        test: kept.from.test.clone(),
        project: kept.from.project.clone(),
        created_s: kept.from.created_s,
    }
}
