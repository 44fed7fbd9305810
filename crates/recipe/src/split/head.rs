//! The outline of a statement: its tokens outside parentheses, up to a bound.

use super::token::{Token, TokenKind};

/// Tokens kept of one statement. Lists longer than that (of roles in a GRANT)
/// are read only in part.
pub(crate) const TOKENS_MAX: usize = 256;

/// A statement's outline with the text it lies in.
#[derive(Clone, Copy)]
pub(crate) struct Head<'t> {
    pub(crate) text: &'t str,
    pub(crate) tokens: &'t [Token],
}

impl<'t> Head<'t> {
    /// The text of token `index`, empty where there is none.
    pub(crate) fn at(&self, index: usize) -> &'t str {
        self.tokens.get(index).map_or("", |token| &self.text[token.start..token.end])
    }

    /// Whether token `index` is this key word, not a quoted name.
    pub(crate) fn is(&self, index: usize, word: &str) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == TokenKind::Word)
            && self.at(index).eq_ignore_ascii_case(word)
    }

    /// Whether token `index` is one of these key words.
    pub(crate) fn is_one(&self, index: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(index, word))
    }

    /// Whether these key words stand at `index`, one after the other.
    pub(crate) fn has(&self, index: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, word)| self.is(index + offset, word))
    }

    /// Where this run of key words first stands at or after `from`.
    pub(crate) fn find(&self, from: usize, words: &[&str]) -> Option<usize> {
        (from..self.tokens.len()).find(|index| self.has(*index, words))
    }

    /// The name at `index`, unquoted; lower case where it was not quoted.
    /// Unicode escapes of `U&"…"` stay as they are written.
    pub(crate) fn name(&self, index: usize) -> Option<String> {
        let text = self.at(index);
        match self.tokens.get(index)?.kind {
            TokenKind::Word => Some(text.to_ascii_lowercase()),
            TokenKind::Name => {
                let open = text.find('"')?;
                Some(text.get(open + 1..text.len() - 1)?.replace("\"\"", "\""))
            }
            TokenKind::Literal if text.starts_with('\'') => {
                Some(text.get(1..text.len() - 1)?.replace("''", "'"))
            }
            _ => None,
        }
    }
}
