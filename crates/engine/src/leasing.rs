//! From the configuration to a lease service.

use std::path::PathBuf;
use std::sync::Arc;

use seedbed_api::Listener;
use seedbed_db::{Globals, Target};
use seedbed_isolation::{Finish, LeasePlan, Template};

use crate::config::Config;
use crate::world::World;

/// A project that wants its evidence under version control has this file.
const EVIDENCE: &str = "seedbed.lanes";

/// Where a lease service works.
pub(crate) struct Ground {
    pub(crate) admin: Target,
    pub(crate) globals: Globals,
    pub(crate) template: Template,
    pub(crate) finish: Finish,
    pub(crate) run: String,
    pub(crate) slots: usize,
    pub(crate) command: Target,
    pub(crate) socket: Option<Target>,
    pub(crate) version: String,
}

/// Everything the service needs.
pub(crate) fn plan(
    world: &World<'_>,
    config: &Config,
    ground: Ground,
    listener: Arc<dyn Listener>,
) -> LeasePlan {
    LeasePlan {
        admin: ground.admin,
        globals: ground.globals,
        template: ground.template,
        finish: ground.finish,
        run: ground.run,
        slots: ground.slots,
        lane: config.lane.value,
        command: ground.command,
        socket: ground.socket,
        version: ground.version,
        project: config.root.clone(),
        memory: Some(world.folders.cache.join("clone-strategies.json")),
        evidence: Some(evidence(world, config)),
        listener,
    }
}

/// Which file remembers tests that cannot be rewound: the project's, if it has
/// one, else one of this machine.
fn evidence(world: &World<'_>, config: &Config) -> PathBuf {
    let of_project = config.root.join(EVIDENCE);
    if of_project.is_file() {
        return of_project;
    }
    let mut hash = blake3::Hasher::new_derive_key("seedbed evidence of a project 1");
    hash.update(config.root.as_os_str().as_encoded_bytes());
    let word = &hash.finalize().to_hex()[..16];
    world.folders.cache.join(format!("lanes-{word}.txt"))
}
