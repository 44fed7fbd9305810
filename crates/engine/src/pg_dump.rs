//! Finding a `pg_dump` that can read a server: one of an older major version
//! refuses (pg_dump, "Notes").

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Host, Session, Target};
use seedbed_server::binaries::Version;

use crate::config::Config;
use crate::world::World;

/// How long to wait for the server.
const CONNECT_WAIT: Duration = Duration::from_secs(15);

const PROGRAM: &str = "pg_dump";

/// The program for the server of `target`: beside the server's own, else the
/// first that fits on PATH, else that of another server on this machine.
///
/// # Errors
/// `NotFound`, naming what was found instead; those of connecting.
pub(crate) async fn find(world: &World<'_>, config: &Config, target: &Target) -> Result<PathBuf> {
    let session = Session::connect(target, "seedbed", CONNECT_WAIT).await?;
    let (major, _) = session.server_version();
    // Only a superuser may ask, and only here are its folders ours as well.
    let beside = if is_here(target) && session.is_superuser() {
        let query = "SELECT setting FROM pg_catalog.pg_config WHERE name = 'BINDIR'";
        session.value(query).await.unwrap_or_default()
    } else {
        None
    };
    session.close().await;
    let mut folders: Vec<PathBuf> = beside.into_iter().map(PathBuf::from).collect();
    folders.extend(std::env::split_paths(&world.path));
    let mut seen = Vec::new();
    if let Some(found) = first(&folders, major, &mut seen) {
        return Ok(found);
    }
    let others = world.finder(config, None).local();
    let folders: Vec<PathBuf> = others.into_iter().map(|found| found.bin_dir).collect();
    first(&folders, major, &mut seen).ok_or_else(|| absence(major, &seen))
}

/// The first program in these folders that can read a server of this version.
fn first(folders: &[PathBuf], major: u16, seen: &mut Vec<(PathBuf, Version)>) -> Option<PathBuf> {
    for folder in folders {
        let program = folder.join(PROGRAM);
        let Some(version) = version(&program) else { continue };
        if version.major >= major {
            return Some(program);
        }
        if !seen.iter().any(|(known, _)| *known == program) {
            seen.push((program, version));
        }
    }
    None
}

fn version(program: &Path) -> Option<Version> {
    if !program.is_file() {
        return None;
    }
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    Version::parse(&String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?)
}

fn is_here(target: &Target) -> bool {
    match &target.host {
        Host::Socket(_) => true,
        Host::Tcp(name) => matches!(name.as_str(), "127.0.0.1" | "::1" | "localhost"),
    }
}

fn absence(major: u16, seen: &[(PathBuf, Version)]) -> Failure {
    let found: Vec<String> =
        seen.iter().map(|(path, version)| format!("{} is {version}", path.display())).collect();
    let found = match found.as_slice() {
        [] => "there is none".to_owned(),
        found => found.join(", "),
    };
    Failure::new(
        Kind::NotFound,
        format!(
            "no {PROGRAM} here can read PostgreSQL {major}: {found} (few fetched servers bring one)"
        ),
    )
    .hint(format!("apt-get install postgresql-client-{major}   # or any {PROGRAM} {major} on PATH"))
    .hint("seedbed dump --url URL   # of a server with an older version")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn an_older_program_is_passed_over_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let folders: Vec<PathBuf> = ["13.4", "17.1", "18.0"]
            .map(|version| {
                let dir = folder.path().join(version);
                fs::create_dir(&dir).unwrap();
                let script = format!("#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n");
                fs::write(dir.join(PROGRAM), script).unwrap();
                fs::set_permissions(dir.join(PROGRAM), fs::Permissions::from_mode(0o755)).unwrap();
                dir
            })
            .into();
        let mut seen = Vec::new();
        assert_eq!(first(&folders, 15, &mut seen), Some(folders[1].join(PROGRAM)));
        assert_eq!(first(&folders, 19, &mut seen), None);
        let told = absence(19, &seen).to_string();
        for part in ["PostgreSQL 19", "13.4/pg_dump is 13.4", "18.0/pg_dump is 18.0"] {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(told.matches("is 13.4").count(), 1, "{told}");
    }
}
