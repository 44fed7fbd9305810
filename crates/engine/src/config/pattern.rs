//! Glob patterns below the project root: `*` stays within a folder, `**`
//! crosses folders, `{a,b}` and `[a-z]` as in a shell.

use globset::{Glob, GlobBuilder};

/// Checks a pattern without compiling it (that is left to the one who matches).
///
/// # Errors
/// A fragment that says what is wrong with it.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    build(pattern).map(drop)
}

/// Builds the pattern.
///
/// # Errors
/// A fragment that says what is wrong with it.
pub(super) fn build(pattern: &str) -> Result<Glob, String> {
    if pattern.starts_with('/') {
        return Err("it starts with /".into());
    }
    if pattern.split('/').any(|part| part == "..") {
        return Err("it holds ..".into());
    }
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| error.kind().to_string())
}

/// The folder below which everything the pattern can match must lie.
pub(super) fn base(pattern: &str) -> &str {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let literal = pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len());
    pattern[..literal].rfind('/').map_or("", |slash| &pattern[..slash])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stay_below_the_root() {
        for good in ["*.sql", "a/**/*.py", "./db/x.sql", "a/{b,c}/d", "a..b"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["/etc/*", "../x", "a/../b", "a/[", "a/{b"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_base_is_the_literal_folder() {
        for (pattern, expected) in [
            ("*.sql", ""),
            ("db/seeds/*.sql", "db/seeds"),
            ("db/se*/x.sql", "db"),
            ("./db/x.sql", "db"),
            ("a/**", "a"),
        ] {
            assert_eq!(base(pattern), expected, "{pattern}");
        }
    }
}
