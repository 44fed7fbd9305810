//! Rules about what people read: the root documents, their promises and links.

use super::tree::Tree;
use super::violation::Violation;

/// Documents that every visitor expects.
const ROOT_DOCUMENTS: [&str; 8] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "STYLE.md",
];

/// The root documents are there.
pub(crate) fn present(tree: &Tree) -> Vec<Violation> {
    ROOT_DOCUMENTS
        .into_iter()
        .filter(|name| tree.get(name).is_none_or(|text| text.trim().is_empty()))
        .map(|name| Violation::new(name, 1, "document", "missing or empty: write it"))
        .collect()
}

/// Changes are written down as they are made.
pub(crate) fn unreleased(tree: &Tree) -> Vec<Violation> {
    let text = tree.get("CHANGELOG.md").unwrap_or("");
    if text.lines().any(|line| line.trim_end() == "## Unreleased") {
        return Vec::new();
    }
    vec![Violation::new("CHANGELOG.md", 1, "changelog", "add a section `## Unreleased`")]
}

/// The map shows every room.
pub(crate) fn rooms(tree: &Tree) -> Vec<Violation> {
    let map = tree.get("ARCHITECTURE.md").unwrap_or("");
    tree.manifests()
        .filter_map(|(path, _)| path.strip_suffix("/Cargo.toml"))
        .filter(|folder| !map.contains(&format!("`{folder}`")))
        .map(|folder| {
            let remedy = format!("no paragraph about `{folder}`: say what it knows and what not");
            Violation::new("ARCHITECTURE.md", 1, "map", remedy)
        })
        .collect()
}

/// Relative links lead somewhere.
pub(crate) fn links(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.all().filter(|(path, _)| path.ends_with(".md")) {
        let mut fenced = false;
        for (index, line) in text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if fenced {
                continue;
            }
            for target in targets(line).filter(|target| !leads(tree, path, target)) {
                let remedy = format!("the link `{target}` leads nowhere: correct it");
                violations.push(Violation::new(path, index + 1, "link", remedy));
            }
        }
    }
    violations
}

/// What stands in `](…)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

fn leads(tree: &Tree, from: &str, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { Some(from.to_owned()) } else { resolve(from, file) };
    let Some(path) = path.filter(|path| tree.has(path)) else { return false };
    anchor.is_empty()
        || tree.get(&path).is_some_and(|text| {
            text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor)
        })
}

/// `../b.md` seen from `docs/a.md` is `b.md`; `None` above the root.
fn resolve(from: &str, file: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The anchor that forges make of a heading.
fn slug(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::violation::shown;

    #[test]
    fn missing_and_empty_documents_are_named() {
        let files: Vec<(&str, &str)> = ROOT_DOCUMENTS.iter().map(|name| (*name, "text")).collect();
        assert!(present(&Tree::of(&files)).is_empty());
        let mut short = files.clone();
        short[0].1 = "\n";
        short.pop();
        let found = shown(&present(&Tree::of(&short)));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("ARCHITECTURE.md:1: document: "), "{found:?}");
    }

    #[test]
    fn a_changelog_has_a_section_for_what_comes() {
        assert!(unreleased(&Tree::of(&[("CHANGELOG.md", "# C\n\n## Unreleased\n")])).is_empty());
        assert_eq!(unreleased(&Tree::of(&[("CHANGELOG.md", "# C\n\n## 0.1.0\n")])).len(), 1);
    }

    #[test]
    fn the_map_shows_every_room() {
        let tree = Tree::of(&[
            ("ARCHITECTURE.md", "`crates/api` values"),
            ("crates/api/Cargo.toml", ""),
            ("crates/attic/Cargo.toml", ""),
        ]);
        let found = shown(&rooms(&tree));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("`crates/attic`"), "{found:?}");
    }

    #[test]
    fn links_lead_to_files_folders_and_headings() {
        let guide = "# Caching: the `key`\n[a](../README.md) [b](#caching-the-key) [c](https://x.example)\n\
                     ```\n[not a link](gone.md)\n```\n";
        let readme = "[a](docs/guide.md#caching-the-key) [b](docs) [c](gone.md)\n[d](docs/guide.md#gone) [e](../x)";
        let tree = Tree::of(&[("README.md", readme), ("docs/guide.md", guide)]);
        let found = shown(&links(&tree));
        let named: Vec<_> = found.iter().filter_map(|line| line.split('`').nth(1)).collect();
        assert_eq!(named, ["gone.md", "docs/guide.md#gone", "../x"]);
        assert!(found[0].starts_with("README.md:1: link: "), "{found:?}");
    }
}
