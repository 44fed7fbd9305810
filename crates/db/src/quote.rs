//! Quoting of names and texts for SQL. The result is correct whatever the
//! server's settings are: identifiers are always quoted, and a literal that
//! holds a backslash uses the `E''` form, so `standard_conforming_strings`
//! does not matter.

/// A name as an SQL identifier, always in double quotes.
///
/// A name cannot hold U+0000 on the server; it is left to the server to refuse.
#[must_use]
pub fn quote_ident(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len() + 2);
    quoted.push('"');
    for character in name.chars() {
        if character == '"' {
            quoted.push('"');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// A text as an SQL string literal.
#[must_use]
pub fn quote_literal(text: &str) -> String {
    let escaped = text.contains('\\');
    let mut quoted = String::with_capacity(text.len() + 3);
    quoted.push_str(if escaped { "E'" } else { "'" });
    for character in text.chars() {
        if character == '\'' || (escaped && character == '\\') {
            quoted.push(character);
        }
        quoted.push(character);
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_backslashes_announced() {
        for (name, expected) in [("a", "\"a\""), ("A b", "\"A b\""), ("x\"y", "\"x\"\"y\"")] {
            assert_eq!(quote_ident(name), expected);
        }
        for (text, expected) in [("a", "'a'"), ("o'k", "'o''k'"), ("\\'", "E'\\\\'''"), ("", "''")]
        {
            assert_eq!(quote_literal(text), expected);
        }
    }
}
