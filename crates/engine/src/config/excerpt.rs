//! An excerpt of a file with a caret under the place, passwords hidden.

use super::redact::redact;

/// Longest line shown, in characters; a longer one is cut.
const MAX_CHARS: usize = 120;

/// Renders line `line` (counted from 1) of `text` with a caret under byte `at`.
pub(super) fn render(text: &str, line: usize, at: usize) -> String {
    let source = text.lines().nth(line - 1).unwrap_or_default();
    let shown: String = redact(source).chars().take(MAX_CHARS).collect();
    let gutter = line.to_string();
    let mut out = format!("{gutter} | {shown}");
    // Where something was hidden the columns no longer agree: no caret then.
    if shown == source {
        let start = text.get(..at).map_or(0, |before| before.rfind('\n').map_or(0, |end| end + 1));
        let column = text.get(start..at).map_or(0, |before| before.chars().count());
        out.push_str(&format!("\n{} | {}^", " ".repeat(gutter.len()), " ".repeat(column)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        assert_eq!(render("a = 1\nbé = =\n", 2, 12), "2 | bé = =\n  |      ^");
    }

    #[test]
    fn no_password_is_shown() {
        let text = "server = \"postgres://u:hunter2@h\n";
        assert_eq!(render(text, 1, 9), "1 | server = \"postgres://u:***@h");
    }
}
