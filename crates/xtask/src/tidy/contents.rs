//! `lib.rs` and `mod.rs` are tables of contents: header, modules, re-exports.

use super::code;
use super::tree::Tree;
use super::violation::Violation;

/// Files that may hold logic, each with its reason.
const EXCEPTIONS: [(&str, &str); 0] = [];
/// Words of code that begin logic.
const LOGIC: [&str; 5] = ["fn", "impl", "macro_rules", "trait", "static"];

/// Reports the first line of logic in a table of contents.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .filter(|(path, _)| path.ends_with("/src/lib.rs") || path.ends_with("/mod.rs"))
        .filter(|(path, _)| path.contains("/src/"))
        .filter(|(path, _)| !EXCEPTIONS.iter().any(|(exempt, _reason)| exempt == path))
        .filter_map(|(path, text)| {
            let code = code::blank(text);
            let line = code
                .lines()
                .position(|line| LOGIC.iter().any(|word| code::has_word(line, word)))?;
            let remedy =
                "a table of contents holds no logic: move it to a file named by its concept";
            Some(Violation::new(path, line + 1, "contents", remedy))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::violation::shown;

    #[test]
    fn logic_in_a_table_of_contents_is_found() {
        let clean = "//! The fn of it.\n\nmod fn_table;\npub use fn_table::Fn;\n";
        let logic = "//! a\nmod b;\n\npub(crate) const fn c() {}\n";
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", clean),
            ("crates/a/src/b/mod.rs", logic),
            ("crates/c/src/lib.rs", "//! c\nimpl X {}\n"),
            ("crates/c/src/other.rs", logic),
            ("crates/c/tests/it/mod.rs", logic),
        ]);
        let found = shown(&check(&tree));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/a/src/b/mod.rs:4: contents: "), "{found:?}");
        assert!(found[1].starts_with("crates/c/src/lib.rs:2: contents: "), "{found:?}");
    }
}
