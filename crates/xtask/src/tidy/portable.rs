//! Nothing that is true on one machine only: no folders of ours, no hosts
//! that packages come from. The user's own package client knows where to ask.

use super::tree::Tree;
use super::violation::Violation;

/// Where the packages of every lock file must come from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Folders of one machine, cut in two so that this file passes its own rule.
const MACHINE_FOLDERS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
/// Hosts of public registries, likewise.
const REGISTRIES: [&str; 5] = [
    concat!("registry.npm", "js.org"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
];
/// First labels of host names that serve packages.
const REGISTRY_LABELS: [&str; 9] =
    ["registry", "npm", "pypi", "index", "mirror", "mirrors", "artifactory", "nexus", "packages"];

/// No path of a single machine.
pub(crate) fn paths(tree: &Tree) -> Vec<Violation> {
    lines(tree, |line| {
        let folder = MACHINE_FOLDERS.into_iter().find(|folder| {
            line.match_indices(folder)
                .any(|(at, _)| !line[..at].chars().next_back().is_some_and(part_of_path))
        })?;
        Some(("machine-path", format!("{folder} exists on one machine only: use a relative path")))
    })
}

fn part_of_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}' | ')' | '*' | '~')
}

/// No host that packages come from.
pub(crate) fn hosts(tree: &Tree) -> Vec<Violation> {
    lines(tree, |line| {
        let host = REGISTRIES
            .into_iter()
            .find(|host| line.contains(host))
            .or_else(|| hosts_of_urls(line).find(|host| serves_packages(host)))?;
        let remedy =
            format!("{host} serves packages: leave the choice to the user's package client");
        Some(("registry-host", remedy))
    })
}

fn hosts_of_urls(line: &str) -> impl Iterator<Item = &str> {
    line.split("://").skip(1).map(|rest| {
        let authority = rest.split(['/', '"', '\'', '`', '>', ')', ' ']).next().unwrap_or("");
        authority.rsplit('@').next().unwrap_or("").split(':').next().unwrap_or("")
    })
}

/// `example` and `invalid` names of RFC 2606 may be called as one likes.
fn serves_packages(host: &str) -> bool {
    let reserved = [".example", ".invalid", ".test", ".localhost", "example.org", "example.com"];
    host.contains('.')
        && host.split('.').next().is_some_and(|label| REGISTRY_LABELS.contains(&label))
        && !reserved.iter().any(|name| host.ends_with(name))
}

/// Lock files name crates.io and nothing else.
pub(crate) fn lockfiles(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.all().filter(|(path, _)| path.ends_with("Cargo.lock")) {
        for (index, line) in text.lines().enumerate() {
            let source = line.strip_prefix("source = ").map(|source| source.trim_matches('"'));
            if source.is_some_and(|source| source != CRATES_IO) {
                let remedy = "a package that is not from crates.io: take it from there";
                violations.push(Violation::new(path, index + 1, "lock-file", remedy));
            }
        }
    }
    violations
}

fn lines(tree: &Tree, find: impl Fn(&str) -> Option<(&'static str, String)>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.all() {
        for (index, line) in text.lines().enumerate() {
            if let Some((rule, remedy)) = find(line) {
                violations.push(Violation::new(path, index + 1, rule, remedy));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::violation::shown;

    #[test]
    fn folders_of_one_machine_are_found() {
        for folder in MACHINE_FOLDERS {
            let bad = format!("fine\nsee {folder}main\n");
            let found = shown(&paths(&Tree::of(&[("docs/a.md", &bad)])));
            assert_eq!(found.len(), 1);
            assert!(found[0].starts_with("docs/a.md:2: machine-path: "), "{found:?}");
            let part = format!("src{folder}main and ${{HOME}}{folder}x");
            assert!(paths(&Tree::of(&[("docs/a.md", &part)])).is_empty());
        }
    }

    #[test]
    fn hosts_that_serve_packages_are_found_in_any_file() {
        for host in REGISTRIES {
            let tree = Tree::of(&[("crates/a/src/b.rs", host)]);
            assert_eq!(hosts(&tree).len(), 1, "{host}");
        }
        for url in [
            concat!("https://", "npm.corp.net/x"),
            concat!("http://", "user@mirror.corp.net:8080"),
            concat!("<https://", "nexus.a.b>"),
        ] {
            assert_eq!(hosts(&Tree::of(&[(".ci/run", url)])).len(), 1, "{url}");
        }
        for url in [
            "https://docs.npm.example/x",
            "https://npm.example",
            "http://index",
            "https://www.postgresql.org/npm",
        ] {
            assert!(hosts(&Tree::of(&[("README.md", url)])).is_empty(), "{url}");
        }
    }

    #[test]
    fn lock_files_name_crates_io() {
        let good = format!("source = \"{CRATES_IO}\"\n");
        let bad = "[[package]]\nsource = \"git+https://git.example/x\"\n";
        let tree = Tree::of(&[("Cargo.lock", &good), ("examples/shop/Cargo.lock", bad)]);
        let found = shown(&lockfiles(&tree));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("examples/shop/Cargo.lock:2: lock-file: "), "{found:?}");
    }
}
