//! SQL text that arrives in parts, cut into statements and runs of COPY data
//! without ever holding all of it.
//!
//! *Invariants*: every byte is in exactly one piece, in order; a statement is
//! given once it is whole, data as soon as it is there. Held at any time: one
//! statement, and what arrived with its end.

use seedbed_api::{Failure, Kind, Result};

use super::head::Head;
use super::kind;
use super::lexer::Lexer;
use super::pending::Pending;
use super::token::TokenKind;

/// A piece of the text.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'t> {
    /// A statement.
    Statement {
        /// What stands before it: blanks, comments, psql commands.
        before: &'t str,
        /// From its first token to its semicolon.
        text: &'t str,
        /// Its outline.
        head: Head<'t>,
    },
    /// A part of what follows a `COPY … FROM stdin;`, the line `\.` included.
    Data(&'t [u8]),
    /// What stands after the last statement.
    Rest(&'t str),
}

/// Who takes the pieces.
pub(crate) type Take<'a> = &'a mut dyn FnMut(Piece<'_>) -> Result<()>;

/// Cuts text that arrives in parts.
#[derive(Default)]
pub(crate) struct Pieces {
    /// What arrived and is in no piece yet.
    held: Vec<u8>,
    /// How much of it was looked through for the end of a statement in vain.
    futile: usize,
    /// Inside COPY data: whether the next byte is within a line.
    data: Option<bool>,
    plain_escapes: bool,
}

impl Pieces {
    /// Takes the next part.
    ///
    /// # Errors
    /// `Kind::Recipe` if a statement is not UTF-8; those of `take`.
    pub(crate) fn feed(&mut self, part: &[u8], take: Take<'_>) -> Result<()> {
        self.held.extend_from_slice(part);
        self.cut(false, take)
    }

    /// The text ends here.
    ///
    /// # Errors
    /// As [`Pieces::feed`]; `Kind::Recipe` if it ends within a statement or
    /// within data.
    pub(crate) fn finish(mut self, take: Take<'_>) -> Result<()> {
        self.cut(true, take)?;
        match self.data {
            None if self.held.is_empty() => Ok(()),
            None => Err(Failure::new(Kind::Recipe, "the dump ends within a statement")),
            Some(_) => Err(Failure::new(Kind::Recipe, "the dump ends within the data of a COPY")),
        }
    }

    fn cut(&mut self, last: bool, take: Take<'_>) -> Result<()> {
        let mut held = std::mem::take(&mut self.held);
        let mut at = 0;
        loop {
            let rest = &held[at..];
            let used = match self.data {
                Some(within) => self.cut_data(rest, within, take)?,
                None => self.cut_statements(rest, last, take)?,
            };
            at += used;
            if used == 0 {
                break;
            }
        }
        held.drain(..at);
        self.held = held;
        Ok(())
    }

    /// Gives what is data; a line that may be the last is held until it is whole.
    fn cut_data(&mut self, bytes: &[u8], mut within: bool, take: Take<'_>) -> Result<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let line = &bytes[at..];
            let end = line.iter().position(|byte| *byte == b'\n');
            let content = &line[..end.unwrap_or(line.len())];
            let is_end = !within && matches!(content, b"\\." | b"\\.\r");
            if end.is_none() && !within && matches!(content, b"\\" | b"\\." | b"\\.\r") {
                break;
            }
            at += end.map_or(line.len(), |end| end + 1);
            within = end.is_none();
            if is_end {
                self.data = None;
                take(Piece::Data(&bytes[..at]))?;
                return Ok(at);
            }
        }
        self.data = Some(within);
        if at > 0 {
            take(Piece::Data(&bytes[..at]))?;
        }
        Ok(at)
    }

    /// Gives every whole statement up to and including one that data follows.
    fn cut_statements(&mut self, bytes: &[u8], last: bool, take: Take<'_>) -> Result<usize> {
        // A long statement is looked at anew each time it has doubled.
        if bytes.is_empty() || !last && bytes.len() < 2 * self.futile {
            return Ok(0);
        }
        let (text, broken) = valid_part(bytes);
        let mut at = 0;
        loop {
            let rest = &text[at..];
            let Some((pending, end)) = self.whole(rest, last) else {
                self.futile = rest.len();
                if broken {
                    return Err(not_utf8());
                }
                // What is left may be comments: no statement.
                let is_rest = last && self.holds_no_token(rest);
                if is_rest {
                    take(Piece::Rest(rest))?;
                    at += rest.len();
                }
                return Ok(at);
            };
            let first = pending.first.map_or(end - 1, |token| token.start);
            let head = pending.head(rest);
            take(Piece::Statement { before: &rest[..first], text: &rest[first..end], head })?;
            if let Some(conforming) = pending.conforming_strings(rest) {
                self.plain_escapes = !conforming;
            }
            at += end;
            self.futile = 0;
            if kind::reads_data(&head) {
                // Data begins with the next line.
                self.data = Some(true);
                return Ok(at);
            }
        }
    }

    /// The first statement of `text`, and where it ends; `None` if more of it
    /// must arrive.
    fn whole(&self, text: &str, last: bool) -> Option<(Pending, usize)> {
        let mut lexer = Lexer::new(text);
        lexer.plain_escapes = self.plain_escapes;
        let mut pending = Pending::default();
        loop {
            let token = lexer.next().ok().flatten()?;
            match token.kind {
                TokenKind::BlockComment | TokenKind::LineComment => {}
                TokenKind::Backslash => {
                    let length = text[token.start..].find('\n');
                    let end = length.map(|length| token.start + length);
                    lexer.skip_to(end.or_else(|| last.then_some(text.len()))?);
                }
                TokenKind::Semicolon if pending.is_ended(text) => {
                    return Some((pending, token.end));
                }
                _ => pending.grow(text, token),
            }
        }
    }

    fn holds_no_token(&self, text: &str) -> bool {
        let mut lexer = Lexer::new(text);
        lexer.plain_escapes = self.plain_escapes;
        loop {
            match lexer.next() {
                Ok(None) => return true,
                Ok(Some(token)) => match token.kind {
                    TokenKind::BlockComment | TokenKind::LineComment => {}
                    TokenKind::Backslash => {
                        let length = text[token.start..].find('\n');
                        lexer.skip_to(length.map_or(text.len(), |length| token.start + length));
                    }
                    _ => return false,
                },
                Err(_) => return false,
            }
        }
    }
}

/// The text at the front of `bytes`, and whether what follows is none: a
/// character may only be cut in two.
fn valid_part(bytes: &[u8]) -> (&str, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => {
            let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            (valid, error.error_len().is_some())
        }
    }
}

fn not_utf8() -> Failure {
    Failure::new(Kind::Recipe, "a statement of the dump is not UTF-8")
        .hint("seedbed dump -- --encoding=UTF8")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the pieces say, one line each, and all their bytes.
    fn cut(text: &[u8], part: usize) -> Result<(Vec<String>, Vec<u8>)> {
        let (mut seen, mut bytes) = (Vec::<String>::new(), Vec::new());
        let mut take = |piece: Piece<'_>| {
            match piece {
                Piece::Statement { before, text, .. } => {
                    bytes.extend_from_slice(before.as_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                    seen.push(text.to_owned());
                }
                Piece::Data(data) => {
                    bytes.extend_from_slice(data);
                    let data = String::from_utf8_lossy(data);
                    // How data is divided is of no interest.
                    match seen.last_mut().filter(|last| last.starts_with("data:")) {
                        Some(last) => last.push_str(&data),
                        None => seen.push(format!("data:{data}")),
                    }
                }
                Piece::Rest(rest) => bytes.extend_from_slice(rest.as_bytes()),
            }
            Ok(())
        };
        let mut pieces = Pieces::default();
        for part in text.chunks(part) {
            pieces.feed(part, &mut take)?;
        }
        pieces.finish(&mut take)?;
        Ok((seen, bytes))
    }

    const DUMP: &str = "--\n-- a; dump\n--\n\n\\restrict x;y\n\nSET standard_conforming_strings = on;\n\
        CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$ SELECT 'é;' ; $_$;\n\
        CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;\n\
        CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v);\n\
        COPY public.t (a) FROM stdin;\n\\.x\n;CREATE TRIGGER\n\\\\.\n\\.\n\n\n\
        COPY public.u (a) FROM stdin;\n\\.\nSELECT 'it''s;';\n\n-- done; \n\\unrestrict x\n";

    #[test]
    fn the_parts_in_which_it_arrives_do_not_matter() {
        let (whole, bytes) = cut(DUMP.as_bytes(), DUMP.len()).unwrap();
        assert_eq!(bytes, DUMP.as_bytes());
        assert_eq!(whole.len(), 9, "{whole:#?}");
        assert_eq!(whole[5], "data:\n\\.x\n;CREATE TRIGGER\n\\\\.\n\\.\n");
        assert_eq!(whole[7], "data:\n\\.\n");
        for part in 1..DUMP.len() {
            assert_eq!(
                cut(DUMP.as_bytes(), part).unwrap(),
                (whole.clone(), bytes.clone()),
                "{part}"
            );
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for (text, sign) in [
            ("SELECT 1", "within a statement"),
            ("SELECT 'x;", "within a statement"),
            ("COPY t FROM stdin;\n1\n", "within the data"),
            ("COPY t FROM stdin;\n1\n\\", "within the data"),
        ] {
            let failure = cut(text.as_bytes(), 3).unwrap_err();
            assert!(failure.to_string().contains(sign), "{text}: {failure}");
        }
    }

    #[test]
    fn data_may_be_in_any_encoding_and_statements_may_not() {
        let data = b"COPY t FROM stdin;\n\xe4\xf6\n\\.\nSELECT 1;\n";
        for part in 1..data.len() {
            assert_eq!(cut(data, part).unwrap().1, data);
        }
        let failure = cut(b"SELECT '\xe4';", 4).unwrap_err();
        assert_eq!(failure.hints(), ["seedbed dump -- --encoding=UTF8"]);
    }

    proptest! {
        #[test]
        fn no_byte_is_lost(text in "[-a;'$\\\\.\n (){}\"é/*]{0,80}", part in 1_usize..9) {
            if let Ok((_, bytes)) = cut(text.as_bytes(), part) {
                prop_assert_eq!(bytes, text.as_bytes());
            }
        }
    }
}
