//! Rules about manifests: lints on everywhere, versions decided once and
//! pinned, in the workspace's own manifest.

use toml::{Table, Value};

use super::tree::Tree;
use super::violation::Violation;

/// The prefix of our own crates.
const OURS: &str = "seedbed-";

/// Where a dependency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Normal,
    Dev,
    Build,
}

/// One dependency of a crate.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The name of the package, not of an alias.
    pub(crate) package: String,
    pub(crate) section: Section,
    /// Whether it is a crate of this workspace, by name or by path.
    pub(crate) ours: bool,
    /// Whether its version is decided by the workspace.
    pub(crate) inherited: bool,
    pub(crate) line: usize,
}

/// The package's name.
pub(crate) fn package(manifest: &str) -> Option<String> {
    let table: Table = manifest.parse().ok()?;
    table.get("package")?.get("name")?.as_str().map(str::to_owned)
}

/// Every dependency, those of single platforms included.
pub(crate) fn dependencies_of(manifest: &str) -> Vec<Dependency> {
    let Ok(table) = manifest.parse::<Table>() else { return Vec::new() };
    let mut found = in_table(manifest, &table, "");
    let platforms = table.get("target").and_then(Value::as_table);
    for (platform, inner) in platforms.into_iter().flatten() {
        if let Some(inner) = inner.as_table() {
            found.extend(in_table(manifest, inner, platform));
        }
    }
    found
}

fn in_table(manifest: &str, table: &Table, platform: &str) -> Vec<Dependency> {
    let sections = [
        ("dependencies", Section::Normal),
        ("dev-dependencies", Section::Dev),
        ("build-dependencies", Section::Build),
    ];
    let mut found = Vec::new();
    for (key, section) in sections {
        for (name, value) in table.get(key).and_then(Value::as_table).into_iter().flatten() {
            let package = value.get("package").and_then(Value::as_str).unwrap_or(name);
            found.push(Dependency {
                package: package.to_owned(),
                section,
                ours: package.starts_with(OURS) || value.get("path").is_some(),
                inherited: value.get("workspace").and_then(Value::as_bool) == Some(true),
                line: dependency_line(manifest, platform, key, name),
            });
        }
    }
    found
}

/// The line of `key` in `[section]`, counted from 1; the header's line if the
/// key is not there, 1 if neither is.
pub(crate) fn line_of(text: &str, section: &str, key: &str) -> usize {
    find_line(text, |header| header == section, key).unwrap_or(1)
}

fn dependency_line(text: &str, platform: &str, section: &str, name: &str) -> usize {
    let own = format!("{section}.{name}");
    let fits = |header: &str| header.contains(platform) && header.ends_with(section);
    let header_of_its_own =
        text.lines().position(|line| header(line).is_some_and(|header| header.ends_with(&own)));
    match (find_line(text, fits, name), header_of_its_own) {
        (_, Some(index)) => index + 1,
        (Some(line), None) => line,
        (None, None) => 1,
    }
}

fn find_line(text: &str, fits: impl Fn(&str) -> bool, key: &str) -> Option<usize> {
    let mut inside = false;
    let mut fallback = None;
    for (index, line) in text.lines().enumerate() {
        if let Some(header) = header(line) {
            inside = fits(header) && !is_other_kind(header, &fits);
            fallback = fallback.or_else(|| inside.then_some(index + 1));
        } else if inside && line.split(['=', '.']).next().is_some_and(|name| name.trim() == key) {
            return Some(index + 1);
        }
    }
    fallback
}

/// `dev-dependencies` ends with `dependencies` and is another section.
fn is_other_kind(header: &str, fits: &impl Fn(&str) -> bool) -> bool {
    ["dev-", "build-"].iter().any(|kind| {
        header.rsplit('.').next().is_some_and(|last| last.starts_with(kind))
            && fits(&header.replace(kind, ""))
    })
}

fn header(line: &str) -> Option<&str> {
    let line = line.trim();
    line.strip_prefix('[')?.strip_suffix(']')
}

/// Every crate takes the lints of the workspace.
pub(crate) fn lints(tree: &Tree) -> Vec<Violation> {
    tree.manifests()
        .filter(|(_, text)| {
            let table: Option<Table> = text.parse().ok();
            let lints = table.as_ref().and_then(|table| table.get("lints"));
            lints.and_then(|lints| lints.get("workspace")).and_then(Value::as_bool) != Some(true)
        })
        .map(|(path, text)| {
            let remedy = "add `[lints]` with `workspace = true`";
            Violation::new(path, line_of(text, "lints", "workspace"), "lints", remedy)
        })
        .collect()
}

/// Versions are decided once, in the root's manifest.
pub(crate) fn dependencies(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.manifests() {
        for dependency in dependencies_of(text).into_iter().filter(|found| !found.inherited) {
            let remedy = format!(
                "`{} = {{ workspace = true }}` here, the version in the root's [workspace.dependencies]",
                dependency.package
            );
            violations.push(Violation::new(path, dependency.line, "dependency", remedy));
        }
    }
    violations
}

/// Versions name at least a minor; nothing comes from a branch or a wildcard.
pub(crate) fn pins(tree: &Tree) -> Vec<Violation> {
    const ROOT: &str = "Cargo.toml";
    let text = tree.get(ROOT).unwrap_or("");
    let table: Table = text.parse().unwrap_or_default();
    let section = table.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let mut violations = Vec::new();
    for (name, value) in section.and_then(Value::as_table).into_iter().flatten() {
        let version = value.as_str().or_else(|| value.get("version").and_then(Value::as_str));
        let local = value.get("path").is_some() && value.get("git").is_none();
        if local || version.is_some_and(is_pinned) && value.get("git").is_none() {
            continue;
        }
        let line = line_of(text, "workspace.dependencies", name);
        let remedy = format!("pin {name} to a minor version of crates.io, such as \"1.4\"");
        violations.push(Violation::new(ROOT, line, "pin", remedy));
    }
    violations
}

fn is_pinned(version: &str) -> bool {
    let mut numbers = version.trim_start_matches(['^', '=', '~']).split('.');
    let mut number = || numbers.next().is_some_and(|part| part.trim().parse::<u64>().is_ok());
    number() && number()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::violation::shown;

    fn one(manifest: &str) -> Tree {
        Tree::of(&[("crates/a/Cargo.toml", manifest)])
    }

    #[test]
    fn lints_must_be_those_of_the_workspace() {
        assert!(lints(&one("[package]\nname = \"a\"\n[lints]\nworkspace = true\n")).is_empty());
        for (manifest, line) in [
            ("[package]\nname = \"a\"\n", 1),
            ("[package]\nname = \"a\"\n\n[lints]\nworkspace = false\n", 5),
            ("[package]\nname = \"a\"\n\n[lints.rust]\nunsafe_code = \"allow\"\n", 1),
        ] {
            let found = shown(&lints(&one(manifest)));
            assert_eq!(found.len(), 1, "{manifest}");
            assert!(
                found[0].starts_with(&format!("crates/a/Cargo.toml:{line}: lints: ")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn versions_stand_in_the_root_only() {
        let good = "[dependencies]\na = { workspace = true }\nb.workspace = true\n[dev-dependencies]\nc = { workspace = true, features = [\"x\"] }\n";
        assert!(dependencies(&one(good)).is_empty());
        for (bad, line) in [
            ("[dependencies]\na = \"1.0\"\n", 2),
            (
                "[dependencies]\nb.workspace = true\n[dev-dependencies]\na = { version = \"1.0\" }\n",
                4,
            ),
            ("[dependencies]\na = { path = \"../a\" }\n", 2),
            ("[target.'cfg(unix)'.dependencies]\na = \"1.0\"\n", 2),
            ("[dev-dependencies]\na.workspace = true\n[dependencies]\na = \"1\"\n", 4),
        ] {
            let found = shown(&dependencies(&one(bad)));
            assert_eq!(found.len(), 1, "{bad}");
            let place = format!("crates/a/Cargo.toml:{line}: dependency: ");
            assert!(found[0].starts_with(&place), "{bad}: {found:?}");
        }
    }

    #[test]
    fn versions_are_pinned_to_a_minor() {
        let root = |line: &str| {
            let text = format!("[workspace.dependencies]\n{line}\n");
            shown(&pins(&Tree::of(&[("Cargo.toml", &text)])))
        };
        for good in ["a = \"1.2\"", "a = { version = \"0.4.1\" }", "a = { path = \"crates/a\" }"] {
            assert_eq!(root(good), Vec::<String>::new(), "{good}");
        }
        for bad in [
            "a = \"1\"",
            "a = \"*\"",
            "a = \">=1.2\"",
            "a = { version = \"1.*\" }",
            "a = { git = \"https://git.example/a\" }",
            "a = { git = \"https://git.example/a\", version = \"1.2\" }",
        ] {
            let found = root(bad);
            assert_eq!(found.len(), 1, "{bad}");
            assert!(found[0].starts_with("Cargo.toml:2: pin: pin a "), "{found:?}");
        }
    }
}
