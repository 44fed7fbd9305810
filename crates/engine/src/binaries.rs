//! `seedbed server ls|install|rm`.

use seedbed_api::Result;
use seedbed_server::Account;
use seedbed_server::binaries::{Binaries, Found, Version};

use crate::config::Config;
use crate::world::World;

/// What can be used here.
#[derive(Debug)]
pub struct Servers {
    /// Installed on the machine, usable or not.
    pub local: Vec<Found>,
    /// Fetched by Seedbed.
    pub embedded: Vec<Binaries>,
}

/// Lists what can be used here.
///
/// # Errors
/// [`seedbed_api::Kind::ServerFailed`] as root without an unprivileged account.
pub fn list(world: &World<'_>, config: &Config) -> Result<Servers> {
    let account = Account::choose(config.os_user.value.as_deref())?;
    let finder = world.finder(config, account.as_ref());
    Ok(Servers { local: finder.local(), embedded: finder.installed() })
}

/// Fetches an embedded server.
///
/// # Errors
/// Those of [`seedbed_server::binaries::Finder::install`].
pub fn install(world: &World<'_>, config: &Config, major: Option<u16>) -> Result<Binaries> {
    let account = Account::choose(config.os_user.value.as_deref())?;
    world.finder(config, account.as_ref()).install(major)
}

/// Removes embedded servers of a version (`18` or `18.4`).
///
/// # Errors
/// Those of [`seedbed_server::binaries::Finder::remove`].
pub fn remove(world: &World<'_>, config: &Config, version: &str) -> Result<Vec<Version>> {
    let account = Account::choose(config.os_user.value.as_deref())?;
    let removed = world.finder(config, account.as_ref()).remove(version)?;
    Ok(removed.into_iter().map(|binaries| binaries.version).collect())
}
