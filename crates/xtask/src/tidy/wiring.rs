//! A file that no `mod` names is compiled by nobody: its tests never run.
//! Every Rust file of a crate must be reachable, and a crate has one
//! integration-test program.

use super::code;
use super::tree::Tree;
use super::violation::Violation;

/// Reports files that are not wired in, and second test programs.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, _) in tree.rust() {
        let Some((package, inner)) = split(path) else { continue };
        match parents(package, inner) {
            Place::Program => {}
            Place::SecondProgram => {
                let remedy = format!(
                    "a crate has one test program: move it to {package}/tests/it and name it in main.rs"
                );
                violations.push(Violation::new(path, 1, "wiring", remedy));
            }
            Place::Module { name, parents } => {
                if !parents.iter().any(|parent| names(tree, parent, &name)) {
                    let known = parents.iter().find(|parent| tree.get(parent).is_some());
                    let parent = known.or_else(|| parents.first()).map_or("", String::as_str);
                    let remedy = format!("no `mod {name};` in {parent}: add it or delete the file");
                    violations.push(Violation::new(path, 1, "wiring", remedy));
                }
            }
        }
    }
    violations
}

enum Place {
    /// Compiled by itself.
    Program,
    /// A test program besides `tests/it/main.rs`.
    SecondProgram,
    /// A module; one of the parents names it.
    Module { name: String, parents: Vec<String> },
}

/// `crates/a/src/b.rs` as `crates/a` and `src/b.rs`.
fn split(path: &str) -> Option<(&str, &str)> {
    let slash = path.strip_prefix("crates/")?.find('/')? + "crates/".len();
    Some((&path[..slash], &path[slash + 1..]))
}

fn parents(package: &str, inner: &str) -> Place {
    let stem = inner.trim_end_matches(".rs");
    let parts: Vec<&str> = stem.split('/').collect();
    match parts.as_slice() {
        ["build"] | ["src", "lib" | "main"] | ["tests", "it", "main"] => Place::Program,
        ["src", "bin", _] | ["examples" | "benches", _] => Place::Program,
        ["tests", _] | ["tests", _, "main"] => Place::SecondProgram,
        [top @ .., name] => {
            let (folder, name) = match (*name, top) {
                ("mod", [above @ .., own]) => (above, *own),
                _ => (top, *name),
            };
            let base = format!("{package}/{}", folder.join("/"));
            let mut parents = vec![format!("{base}/mod.rs"), format!("{base}.rs")];
            if matches!(folder, ["src"] | ["tests", "it"] | ["src", "bin", _]) {
                parents = vec![format!("{base}/main.rs"), format!("{base}/lib.rs")];
            }
            Place::Module { name: name.to_owned(), parents }
        }
        [] => Place::Program,
    }
}

/// Whether `parent` declares the module, in whatever visibility.
fn names(tree: &Tree, parent: &str, name: &str) -> bool {
    let Some(text) = tree.get(parent) else { return false };
    let declaration = format!("mod {name};");
    let path = format!("{name}.rs\"");
    code::blank(text)
        .lines()
        .any(|line| line.trim_end().ends_with(&declaration) && code::has_word(line, "mod"))
        || text.lines().any(|line| line.starts_with("#[path = ") && line.contains(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::violation::shown;

    #[test]
    fn wired_files_pass() {
        let tree = Tree::of(&[
            ("crates/a/build.rs", ""),
            ("crates/a/src/lib.rs", "mod b;\npub(crate) mod c;\n#[cfg(unix)]\npub mod e;\n"),
            ("crates/a/src/main.rs", ""),
            ("crates/a/src/b.rs", "mod deep;\n"),
            ("crates/a/src/b/deep.rs", ""),
            ("crates/a/src/c/mod.rs", "mod d;\n"),
            ("crates/a/src/c/d.rs", ""),
            ("crates/a/src/e.rs", ""),
            ("crates/a/tests/it/main.rs", "mod f;\n"),
            ("crates/a/tests/it/f.rs", ""),
        ]);
        assert_eq!(shown(&check(&tree)), Vec::<String>::new());
    }

    #[test]
    fn forgotten_files_are_found() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "// mod b;\nmod bb;\n"),
            ("crates/a/src/b.rs", ""),
            ("crates/a/src/bb.rs", ""),
            ("crates/a/src/bb/deep.rs", ""),
            ("crates/a/tests/it/main.rs", ""),
            ("crates/a/tests/it/f.rs", ""),
            ("crates/a/tests/second.rs", ""),
        ]);
        let found = shown(&check(&tree));
        let at: Vec<&str> = found.iter().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(
            at,
            [
                "crates/a/src/b.rs:1",
                "crates/a/src/bb/deep.rs:1",
                "crates/a/tests/it/f.rs:1",
                "crates/a/tests/second.rs:1",
            ]
        );
        assert!(found[0].contains("no `mod b;` in crates/a/src/lib.rs"), "{found:?}");
        assert!(found[1].contains("no `mod deep;` in crates/a/src/bb.rs"), "{found:?}");
    }
}
