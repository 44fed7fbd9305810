//! The lexical rules of PostgreSQL (manual, "Lexical Structure"; `scan.l`),
//! as far as finding the ends of statements needs them.
//!
//! Invariants: tokens are cut at ASCII bytes only, so every token is whole
//! UTF-8; a call either moves forward or returns `None`.

use super::token::{Token, TokenKind, Unterminated};

/// Reads tokens one after the other.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    /// Whether `'…'` without a prefix knows backslash escapes
    /// (`standard_conforming_strings = off`).
    pub(crate) plain_escapes: bool,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, line: 1, plain_escapes: false }
    }

    /// Byte offset of what comes next.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The 1-based line of what comes next.
    pub(crate) fn line(&self) -> u32 {
        self.line
    }

    /// Goes on at `at`, which lies ahead on a character border.
    pub(crate) fn skip_to(&mut self, at: usize) {
        self.line += newlines(&self.text.as_bytes()[self.at..at]);
        self.at = at;
    }

    /// The next token; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Token>, Unterminated> {
        self.skip_blanks();
        let (start, line) = (self.at, self.line);
        let Some(first) = self.byte(0) else { return Ok(None) };
        let (kind, end) = match (first, self.byte(1)) {
            (b'-', Some(b'-')) => (TokenKind::LineComment, self.line_end()),
            (b'/', Some(b'*')) => (TokenKind::BlockComment, self.block_comment_end()?),
            (b'\'', _) => (TokenKind::Literal, self.string_end(start, self.plain_escapes)?),
            (b'"', _) => (TokenKind::Name, self.quoted_end(start, b'"', "quoted identifier")?),
            (b'$', _) => self.dollar()?,
            (b';', _) => (TokenKind::Semicolon, start + 1),
            (b'(', _) => (TokenKind::Open, start + 1),
            (b')', _) => (TokenKind::Close, start + 1),
            (b'\\', _) => (TokenKind::Backslash, start + 1),
            (byte, _) if begins_word(byte) => self.word()?,
            (byte, _) if byte.is_ascii_digit() => {
                let in_number = |byte: u8| byte.is_ascii_alphanumeric() || b"_.".contains(&byte);
                (TokenKind::Other, self.run_end(start, in_number))
            }
            _ => (TokenKind::Other, start + 1),
        };
        self.skip_to(end);
        Ok(Some(Token { kind, start, end, line }))
    }

    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes().get(self.at + ahead).copied()
    }

    fn skip_blanks(&mut self) {
        self.skip_to(self.run_end(self.at, is_blank));
    }

    /// End of the run of bytes from `from` that all are `inside`.
    fn run_end(&self, from: usize, inside: impl Fn(u8) -> bool) -> usize {
        let rest = &self.bytes()[from..];
        from + rest.iter().position(|byte| !inside(*byte)).unwrap_or(rest.len())
    }

    fn line_end(&self) -> usize {
        self.run_end(self.at, |byte| byte != b'\n')
    }

    /// Comments nest, unlike in C.
    fn block_comment_end(&self) -> Result<usize, Unterminated> {
        let bytes = self.bytes();
        let mut at = self.at;
        let mut depth = 0_usize;
        while at < bytes.len() {
            match &bytes[at..] {
                [b'/', b'*', ..] => {
                    depth += 1;
                    at += 2;
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return Ok(at);
                    }
                }
                _ => at += 1,
            }
        }
        Err(Unterminated { what: "comment", line: self.line })
    }

    /// End of what opens with `quote` at `open` and doubles it inside.
    fn quoted_end(
        &self,
        open: usize,
        quote: u8,
        what: &'static str,
    ) -> Result<usize, Unterminated> {
        let bytes = self.bytes();
        let mut at = open + 1;
        loop {
            at = self.run_end(at, |byte| byte != quote);
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) => return Err(Unterminated { what, line: self.line }),
                (_, Some(next)) if *next == quote => at += 2,
                _ => return Ok(at + 1),
            }
        }
    }

    /// End of the string literal whose first quote is at `open`.
    fn string_end(&self, open: usize, escapes: bool) -> Result<usize, Unterminated> {
        const WHAT: &str = "string literal";
        if !escapes {
            return self.quoted_end(open, b'\'', WHAT);
        }
        let bytes = self.bytes();
        let mut at = open + 1;
        loop {
            at = self.run_end(at, |byte| byte != b'\'' && byte != b'\\');
            match (bytes.get(at), bytes.get(at + 1)) {
                // An escaped character may be longer than a byte; what is left
                // of it cannot be a quote or a backslash.
                (Some(b'\\'), Some(_)) | (Some(b'\''), Some(b'\'')) => at += 2,
                (Some(b'\''), _) => match self.continuation(at + 1) {
                    Some(next) => at = next + 1,
                    None => return Ok(at + 1),
                },
                _ => return Err(Unterminated { what: WHAT, line: self.line }),
            }
        }
    }

    /// Where a literal that ended before `from` goes on: at a quote after
    /// blanks with a line end among them. It goes on with the escapes it had.
    fn continuation(&self, from: usize) -> Option<usize> {
        let bytes = self.bytes();
        let mut at = from;
        let mut line_ended = false;
        loop {
            match &bytes[at..] {
                [b'\'', ..] if line_ended => return Some(at),
                [b'-', b'-', ..] => at = self.run_end(at, |byte| byte != b'\n'),
                [byte, ..] if is_blank(*byte) => {
                    line_ended |= matches!(byte, b'\n' | b'\r');
                    at += 1;
                }
                _ => return None,
            }
        }
    }

    /// `$tag$…$tag$`, `$1` or a lone `$`.
    fn dollar(&self) -> Result<(TokenKind, usize), Unterminated> {
        let bytes = self.bytes();
        let tag_end = self.run_end(self.at + 1, |byte| in_word(byte) && byte != b'$');
        let is_tag = bytes.get(tag_end) == Some(&b'$')
            && !bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        if !is_tag {
            let digits = self.run_end(self.at + 1, |byte| byte.is_ascii_digit());
            return Ok((TokenKind::Other, digits));
        }
        let tag = &self.text[self.at..=tag_end];
        let body = tag_end + 1;
        match self.text[body..].find(tag) {
            Some(length) => Ok((TokenKind::Literal, body + length + tag.len())),
            None => Err(Unterminated { what: "dollar-quoted string", line: self.line }),
        }
    }

    /// A word, or the literal or name whose prefix it is.
    fn word(&self) -> Result<(TokenKind, usize), Unterminated> {
        let end = self.run_end(self.at, in_word);
        let rest = &self.bytes()[end..];
        let literal = |end| (TokenKind::Literal, end);
        match (&self.bytes()[self.at..end], rest) {
            (b"e" | b"E", [b'\'', ..]) => self.string_end(end, true).map(literal),
            (b"n" | b"N", [b'\'', ..]) => self.string_end(end, self.plain_escapes).map(literal),
            (b"b" | b"B" | b"x" | b"X", [b'\'', ..]) => self.string_end(end, false).map(literal),
            (b"u" | b"U", [b'&', b'\'', ..]) => self.string_end(end + 1, false).map(literal),
            (b"u" | b"U", [b'&', b'"', ..]) => {
                let end = self.quoted_end(end + 1, b'"', "quoted identifier")?;
                Ok((TokenKind::Name, end))
            }
            _ => Ok((TokenKind::Word, end)),
        }
    }
}

/// Number of line ends in `bytes`.
fn newlines(bytes: &[u8]) -> u32 {
    let count = bytes.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn in_word(byte: u8) -> bool {
    begins_word(byte) || byte.is_ascii_digit() || byte == b'$'
}
