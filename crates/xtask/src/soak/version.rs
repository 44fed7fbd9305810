//! Which server a soak runs on: the usual one, or an embedded one of a version
//! that this machine has in its cache.

use anyhow::{Context as _, Result};
use seedbed_server::Folders;

use crate::stage::Stage;

/// Makes a version available on a stage; the flags that choose it.
pub(crate) fn provide(stage: &Stage, version: Option<u16>) -> Result<Vec<String>> {
    let Some(version) = version else { return Ok(Vec::new()) };
    let cached = Folders::resolve(|name| std::env::var_os(name))?.cache.join("servers");
    let servers = stage.cache().join("servers");
    std::fs::create_dir_all(&servers)?;
    let prefix = format!("{version}.");
    let entries = std::fs::read_dir(&cached).into_iter().flatten().flatten();
    let found = entries.filter(|one| one.file_name().to_string_lossy().starts_with(&prefix)).last();
    if let Some(found) = found {
        let status = std::process::Command::new("cp")
            .arg("-a")
            .args([found.path(), servers.join(found.file_name())])
            .status()
            .context("cannot copy a server")?;
        anyhow::ensure!(status.success(), "cp ended with {status}");
    }
    Ok(["--pg-version".to_owned(), version.to_string()].into())
}
