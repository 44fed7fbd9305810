//! Where PostgreSQL is found on a machine: the search path, the folders
//! distributions and installers use, and what `pg_config` says.

use std::collections::BTreeSet;
use std::env::consts::EXE_SUFFIX;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::answers::Answers;
use super::child;
use super::client::{Client, executable, search};
use super::machine;

const PG_CONFIG_BOUND: Duration = Duration::from_secs(20);

/// Folders of programs that package managers use; one `*` a part.
pub(super) const WELL_KNOWN: [&str; 7] = [
    "/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
    "/usr/pgsql-*/bin",                                   // PostgreSQL's own RPM packages
    "/usr/libexec/postgresql*",                           // Alpine
    "/opt/homebrew/opt/postgresql*/bin",                  // Homebrew on Apple silicon
    "/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // Homebrew on Linux
    "/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
];

/// Folders with a server, without symbolic links, each once. Programs come
/// before scripts that stand in for them.
pub(super) fn bin_folders(path: &OsStr, patterns: &[String]) -> Vec<PathBuf> {
    let on_path = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    let known = patterns.iter().flat_map(|pattern| expand(pattern));
    let mut seen = BTreeSet::new();
    let mut folders: Vec<PathBuf> = on_path
        .chain(known)
        .filter_map(|folder| server_folder(&folder))
        .filter(|folder| seen.insert(folder.clone()))
        .collect();
    folders.sort_by_key(|folder| is_wrapper(folder));
    folders
}

/// Whether the server in `folder` is a script that stands in for a program.
pub(super) fn is_wrapper(folder: &Path) -> bool {
    machine::is_script(&folder.join(program("postgres")))
}

/// What `pg_config --bindir` names, if there is a server. Many machines have
/// `pg_config` without a server: it belongs to the client library.
pub(super) fn from_pg_config(path: &OsStr, answers: &mut Answers) -> Option<PathBuf> {
    let pg_config = fs::canonicalize(search(&program("pg_config"), path)?).ok()?;
    let bin = match answers.get(&pg_config) {
        Some(known) => known.to_owned(),
        None => {
            let client = Client::on(path, &program("pg_config"), &[])?;
            let text = child::answer(client.command().arg("--bindir"), PG_CONFIG_BOUND).ok()?;
            // Kept even where it is a script (Debian's is): a stale answer
            // only hides a folder that the well-known places list anyway.
            answers.put(&pg_config, text.trim());
            text.trim().to_owned()
        }
    };
    server_folder(Path::new(&bin))
}

/// The folder where the programs that `folder` offers really are.
fn server_folder(folder: &Path) -> Option<PathBuf> {
    let postgres = folder.join(program("postgres"));
    if !executable(&postgres) {
        return None;
    }
    // A link on the search path leads to a folder with everything else; a
    // wrapper script stays where it is.
    let real = fs::canonicalize(&postgres).ok()?;
    [real.parent().map(Path::to_owned), fs::canonicalize(folder).ok()]
        .into_iter()
        .flatten()
        .find(|bin| ["postgres", "initdb"].iter().all(|name| executable(&bin.join(program(name)))))
}

fn program(name: &str) -> String {
    format!("{name}{EXE_SUFFIX}")
}

/// The existing folders a pattern stands for.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        folders = match part.split_once('*') {
            None => folders.into_iter().map(|folder| folder.join(part)).collect(),
            Some((start, end)) => {
                folders.iter().flat_map(|folder| children(folder, start, end)).collect()
            }
        };
    }
    folders.retain(|folder| folder.is_dir());
    folders
}

fn children(folder: &Path, start: &str, end: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut children: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        })
        .map(|entry| entry.path())
        .collect();
    children.sort();
    children
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn programs(folder: &Path, names: &[&str]) {
        fs::create_dir_all(folder).unwrap();
        for name in names {
            fs::write(folder.join(name), "\x7fELF, nearly a program").unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn folders_are_found_through_patterns_links_and_once() {
        let base = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(base.path()).unwrap();
        programs(&base.join("lib/15/bin"), &["postgres", "initdb"]);
        programs(&base.join("lib/16/bin"), &["postgres"]);
        programs(&base.join("lib/17/bin"), &["postgres", "initdb"]);
        fs::create_dir_all(base.join("links")).unwrap();
        symlink(base.join("lib/15/bin/postgres"), base.join("links/postgres")).unwrap();
        let pattern = format!("{}/lib/*/bin", base.display());
        let found = bin_folders(base.join("links").as_os_str(), &[pattern]);
        assert_eq!(found, [base.join("lib/15/bin"), base.join("lib/17/bin")]);
        assert!(bin_folders(OsStr::new(""), &[]).is_empty());
    }

    #[test]
    fn scripts_come_last() {
        let base = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(base.path()).unwrap();
        programs(&base.join("shims"), &["postgres", "initdb"]);
        fs::write(base.join("shims/postgres"), "#!/bin/sh\nexec something else\n").unwrap();
        programs(&base.join("real"), &["postgres", "initdb"]);
        let path = std::env::join_paths([base.join("shims"), base.join("real")]).unwrap();
        assert_eq!(bin_folders(&path, &[]), [base.join("real"), base.join("shims")]);
    }
}
