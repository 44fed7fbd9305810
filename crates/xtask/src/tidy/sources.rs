//! Rules about single source files: length, name, header, leftovers.

use super::code;
use super::tree::Tree;
use super::violation::Violation;

/// Most lines of a file without a written reason.
const MAX_LINES: usize = 600;
/// How a file gives its reason, and within how many first lines.
const REASON: &str = "// tidy: long because ";
const REASON_LINES: usize = 20;
/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 7] = ["utils", "util", "common", "helpers", "helper", "types", "misc"];
/// What marks unfinished work, with what to do.
const LEFTOVERS: [(&str, &str); 4] = [
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("dbg!", "remove it"),
    ("#[ignore", "make the test run or delete it"),
];

/// No file is longer than a reader can hold.
pub(crate) fn length(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .filter(|(_, text)| text.lines().count() > MAX_LINES)
        .filter(|(_, text)| !text.lines().take(REASON_LINES).any(|line| line.starts_with(REASON)))
        .map(|(path, _)| {
            let remedy = format!(
                "longer than {MAX_LINES} lines: split it by concept, or write `{REASON}…` at the top"
            );
            Violation::new(path, MAX_LINES + 1, "length", remedy)
        })
        .collect()
}

/// Files and folders are named by the concept inside.
pub(crate) fn names(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .filter(|(path, _)| {
            path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part))
        })
        .map(|(path, _)| {
            Violation::new(path, 1, "name", "the name says nothing: name it by the concept inside")
        })
        .collect()
}

/// Every source file opens with its purpose.
pub(crate) fn headers(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .filter(|(path, text)| path.contains("/src/") && !text.starts_with("//! "))
        .map(|(path, _)| {
            let remedy = "begin the file with `//! ` and its purpose and invariants";
            Violation::new(path, 1, "header", remedy)
        })
        .collect()
}

/// Nothing unfinished is committed.
pub(crate) fn leftovers(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.rust() {
        for (index, line) in code::blank(text).lines().enumerate() {
            for (mark, remedy) in LEFTOVERS {
                if line.contains(mark) {
                    let remedy = format!("{mark} is left over: {remedy}");
                    violations.push(Violation::new(path, index + 1, "leftover", remedy));
                }
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
    fn a_long_file_gives_its_reason() {
        let long = "x\n".repeat(MAX_LINES + 1);
        let excused = format!("//! a\n{REASON}it is one table\n{long}");
        let late = format!("{long}{REASON}too late\n");
        let tree = Tree::of(&[
            ("crates/a/src/fits.rs", &"x\n".repeat(MAX_LINES)),
            ("crates/a/src/long.rs", &long),
            ("crates/a/src/excused.rs", &excused),
            ("crates/a/tests/it/late.rs", &late),
        ]);
        let found = shown(&length(&tree));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/a/src/long.rs:601: length: "), "{found:?}");
        assert!(found[1].starts_with("crates/a/tests/it/late.rs:601: "), "{found:?}");
    }

    #[test]
    fn empty_names_are_refused_for_files_and_folders() {
        let tree = Tree::of(&[
            ("crates/a/src/utils.rs", ""),
            ("crates/a/src/common/mod.rs", ""),
            ("crates/a/src/commons.rs", ""),
        ]);
        assert_eq!(names(&tree).len(), 2);
    }

    #[test]
    fn a_source_file_opens_with_its_purpose_and_tests_need_not() {
        let tree = Tree::of(&[
            ("crates/a/src/good.rs", "//! Purpose.\n"),
            ("crates/a/src/bad.rs", "use x;\n//! Late.\n"),
            ("crates/a/tests/it/free.rs", "use x;\n"),
        ]);
        assert_eq!(
            shown(&headers(&tree)),
            [
                "crates/a/src/bad.rs:1: header: begin the file with `//! ` and its purpose and invariants"
            ]
        );
    }

    #[test]
    fn each_leftover_is_found_in_code_and_only_there() {
        for (mark, _) in LEFTOVERS {
            let source = format!("//! a\nfn f() {{\n    {mark}(x)];\n}}\n");
            let found = shown(&leftovers(&Tree::of(&[("crates/a/src/b.rs", &source)])));
            assert_eq!(found.len(), 1, "{mark}: {found:?}");
            assert!(found[0].starts_with("crates/a/src/b.rs:3: leftover: "), "{found:?}");
            let spoken = format!("//! a\n// {mark}\nconst A: &str = \"{mark}\";\n");
            assert!(leftovers(&Tree::of(&[("crates/a/src/b.rs", &spoken)])).is_empty(), "{mark}");
        }
    }
}
