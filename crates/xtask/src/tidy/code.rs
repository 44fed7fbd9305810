//! Rust source without its words: comments, strings and characters are
//! replaced by spaces, so that rules look at code and at nothing else. Line
//! numbers stay.

/// Blanks comments, string literals and character literals.
pub(crate) fn blank(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// The end of the comment or literal that starts at `at`; `at` if none does.
fn literal_or_comment(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => {
            chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length)
        }
        '/' if next == Some('*') => block_comment(chars, at),
        '"' => string(chars, at + 1),
        'r' if !follows_name(chars, at) => raw_string(chars, at).unwrap_or(at),
        '\'' => character(chars, at),
        _ => at,
    }
}

/// Block comments nest.
fn block_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

/// From just behind the opening quote to just behind the closing one.
fn string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"…"`, `r#"…"#` and so on; `None` for a name such as `r#type`.
fn raw_string(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let mut at = open + 1;
    while at < chars.len() {
        if chars[at] == '"'
            && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
        {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    Some(chars.len())
}

/// `'x'` and `'\n'`; a lifetime such as `'a` is no literal.
fn character(chars: &[char], start: usize) -> usize {
    match (chars.get(start + 1), chars.get(start + 2)) {
        (Some('\\'), _) => chars[start + 3..]
            .iter()
            .position(|c| *c == '\'')
            .map_or(chars.len(), |length| start + 3 + length + 1),
        (Some(_), Some('\'')) => start + 3,
        _ => start,
    }
}

/// Whether the character before is part of a name, except the prefixes of
/// byte and C strings (`br"…"`, `cr"…"`).
fn follows_name(chars: &[char], at: usize) -> bool {
    let named = |at: usize| chars[at].is_alphanumeric() || chars[at] == '_';
    match at {
        0 => false,
        1 => named(0) && !matches!(chars[0], 'b' | 'c'),
        _ => named(at - 1) && (!matches!(chars[at - 1], 'b' | 'c') || named(at - 2)),
    }
}

/// Whether `word` stands in `line` by itself, not inside a longer name.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let named = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].chars().next_back().is_some_and(named)
            && !line[at + word.len()..].chars().next().is_some_and(named)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_disappear_and_code_stays() {
        let quote = '"';
        for (source, code) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("f(\"todo!\\\" x\") + 1", "f(           ) + 1"),
            ("let r#type = 1;", "let r#type = 1;"),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("['\"', '\\'', 'x'] y", "[   ,     ,    ] y"),
            ("four\"x\"", "four   "),
        ] {
            assert_eq!(blank(source), code, "{source}");
        }
        let raw = format!("br#{quote}x {quote} y{quote}# z");
        assert_eq!(blank(&raw), format!("b{} z", " ".repeat(raw.len() - 3)));
    }

    #[test]
    fn lines_are_kept() {
        let source = "a\n/* b\n c */ \"d\ne\" f\n";
        assert_eq!(blank(source).lines().count(), source.lines().count());
    }

    #[test]
    fn words_stand_alone() {
        assert!(has_word("pub fn main", "fn"));
        assert!(!has_word("pub mod fn_table", "fn"));
        assert!(!has_word("infn", "fn"));
    }
}
