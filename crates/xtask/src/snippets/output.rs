//! Comparing what a page says a command prints with what it printed.

/// What stands for anything, inside a line or for whole lines.
const ANYTHING: char = '…';

/// Whether a text is the one shown: `…` stands for anything, a line with
/// nothing else for any number of lines; white space at the ends is ignored.
pub(crate) fn is_as_shown(shown: &str, said: &str) -> bool {
    let (shown, said) = (squeezed(shown), squeezed(said));
    let mut pieces = shown.split(ANYTHING).map(|piece| piece.trim_matches('\n'));
    let Some(first) = pieces.next() else { return said.is_empty() };
    let Some(mut rest) = said.strip_prefix(first) else { return false };
    let mut last = None;
    for piece in pieces {
        if let Some(previous) = last.replace(piece) {
            match rest.find(previous) {
                Some(at) => rest = &rest[at + previous.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

/// The text without white space at the ends of its lines and its own.
fn squeezed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipsis_is_anything_and_the_rest_is_literal() {
        for (shown, said, same) in [
            ("app\n", "app\n", true),
            ("app\n", " app  \n\n", true),
            ("app", "apps", false),
            ("a … c", "a long b c", true),
            ("a … c", "a long b d", false),
            ("…\nok\n…", "one\ntwo\nok\nthree\n", true),
            ("…\nok\n…", "one\ntwo\n", false),
            ("…ab…bc…", "abc", false),
            ("x…y", "xy", true),
            ("aba…aba", "aba", false),
            ("…", "", true),
            ("", "a", false),
        ] {
            assert_eq!(is_as_shown(shown, said), same, "{shown:?} {said:?}");
        }
    }
}
