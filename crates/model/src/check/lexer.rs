//! Words of an expression as the server deparses it.

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// An unquoted name or keyword, in lower case.
    Word(String),
    /// A quoted name.
    Quoted(String),
    /// A string constant, unescaped.
    Text(String),
    /// A numeric constant.
    Number(String),
    /// An operator such as `>=` or `~~*`.
    Operator(String),
    /// One of `( ) [ ] , . : ;`, and `::` as `\u{2237}`.
    Mark(char),
}

/// A cast, `::`.
pub(crate) const CAST: char = '\u{2237}';

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The word.
    pub(crate) token: Token,
    /// Byte offset of its beginning.
    pub(crate) start: usize,
    /// Byte offset of its end.
    pub(crate) end: usize,
}

/// The words of `source`; nothing if it has what no deparsed expression has
/// (an unclosed quote, a control character).
pub(crate) fn words(source: &str) -> Option<Vec<Placed>> {
    let mut lexer = Lexer { source, at: 0 };
    let mut found = Vec::new();
    loop {
        lexer.blank();
        let start = lexer.at;
        if start == source.len() {
            return Some(found);
        }
        let token = lexer.next()?;
        found.push(Placed { token, start, end: lexer.at });
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn blank(&mut self) {
        self.take(char::is_whitespace);
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &str {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        &self.source[start..self.at]
    }

    fn next(&mut self) -> Option<Token> {
        let first = self.peek()?;
        let rest = self.rest();
        if rest.starts_with("::") {
            self.at += 2;
            return Some(Token::Mark(CAST));
        }
        if rest.starts_with("E'") {
            self.at += 1;
            return self.text(true);
        }
        match first {
            '\'' => self.text(false),
            '"' => self.quoted('"').map(Token::Quoted),
            '(' | ')' | '[' | ']' | ',' | ':' | ';' => {
                self.at += 1;
                Some(Token::Mark(first))
            }
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                self.at += 1;
                Some(Token::Mark('.'))
            }
            '0'..='9' | '.' => Some(self.number()),
            _ if is_operator(first) => Some(Token::Operator(self.take(is_operator).to_owned())),
            _ if first.is_alphabetic() || first == '_' => Some(Token::Word(
                self.take(|c| c.is_alphanumeric() || c == '_' || c == '$').to_lowercase(),
            )),
            _ => None,
        }
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        self.take(|c| c.is_ascii_digit());
        let rest = self.rest();
        if rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            self.at += 1;
            self.take(|c| c.is_ascii_digit());
        }
        let rest = self.rest();
        let exponent = rest.strip_prefix(['e', 'E']).map(|rest| {
            rest.strip_prefix(['+', '-']).unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit())
        });
        if exponent == Some(true) {
            self.at += 2;
            self.take(|c| c.is_ascii_digit());
        }
        Token::Number(self.source[start..self.at].to_owned())
    }

    /// What stands between two `quote`s, of which two in a row mean one.
    fn quoted(&mut self, quote: char) -> Option<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let c = self.peek()?;
            self.at += c.len_utf8();
            if c != quote {
                text.push(c);
            } else if self.peek() == Some(quote) {
                self.at += 1;
                text.push(quote);
            } else {
                return Some(text);
            }
        }
    }

    /// The server writes a string with a backslash as `E'…'`, the backslash
    /// doubled and nothing else escaped.
    fn text(&mut self, escaped: bool) -> Option<Token> {
        let text = self.quoted('\'')?;
        Some(Token::Text(if escaped { text.replace("\\\\", "\\") } else { text }))
    }
}

fn is_operator(c: char) -> bool {
    "+-*/<>=~!@#%^&|`?".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(source: &str) -> Vec<Token> {
        words(source).unwrap().into_iter().map(|placed| placed.token).collect()
    }

    #[test]
    fn deparsed_text_falls_into_words() {
        let op = |text: &str| Token::Operator(text.to_owned());
        let word = |text: &str| Token::Word(text.to_owned());
        assert_eq!(
            tokens(r#"("Total" >= (0)::numeric)"#),
            [
                Token::Mark('('),
                Token::Quoted("Total".to_owned()),
                op(">="),
                Token::Mark('('),
                Token::Number("0".to_owned()),
                Token::Mark(')'),
                Token::Mark(CAST),
                word("numeric"),
                Token::Mark(')'),
            ]
        );
        assert_eq!(
            tokens(r"x ~ E'^\\d''s$'"),
            [word("x"), op("~"), Token::Text(r"^\d's$".to_owned())]
        );
        assert_eq!(
            tokens("a.b 1.5e-3 .5"),
            [
                word("a"),
                Token::Mark('.'),
                word("b"),
                Token::Number("1.5e-3".to_owned()),
                Token::Number(".5".to_owned()),
            ]
        );
        assert_eq!(words("'open"), None);
        assert_eq!(words("a \u{1} b"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(source in ".{0,80}") {
            if let Some(words) = words(&source) {
                prop_assert!(words.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
        }
    }
}
