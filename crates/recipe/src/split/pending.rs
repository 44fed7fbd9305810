//! The statement being read: its outline, and where it may end.

use super::head::{Head, TOKENS_MAX};
use super::kind;
use super::token::{Token, TokenKind};

/// A statement of which the tokens so far are known.
#[derive(Default)]
pub(crate) struct Pending {
    /// Its outline: see [`Head`].
    tokens: Vec<Token>,
    pub(super) first: Option<Token>,
    pub(super) last: Option<Token>,
    depth: usize,
    /// `BEGIN ATOMIC` and `CASE` that wait for their `END`.
    pub(super) body_depth: usize,
    pub(super) body_line: u32,
}

impl Pending {
    /// Adds a token of `text`.
    pub(crate) fn grow(&mut self, text: &str, token: Token) {
        if token.kind == TokenKind::Close {
            self.depth = self.depth.saturating_sub(1);
        }
        let outer = self.depth == 0 || self.keeps_options(text);
        if outer && self.tokens.len() < TOKENS_MAX {
            self.tokens.push(token);
        }
        if token.kind == TokenKind::Open {
            self.depth += 1;
        }
        if token.kind == TokenKind::Word {
            self.follow_body(text, token);
        }
        self.first.get_or_insert(token);
        self.last = Some(token);
    }

    /// Whether a semicolon here ends it.
    pub(crate) fn is_ended(&self, text: &str) -> bool {
        // Only rules hold semicolons in parentheses. Elsewhere an open
        // parenthesis is a mistake, better reported at this statement than at
        // the end of the file.
        self.body_depth == 0 && (self.depth == 0 || !self.is_rule(text))
    }

    /// Its outline.
    pub(crate) fn head<'t>(&'t self, text: &'t str) -> Head<'t> {
        Head { text, tokens: &self.tokens }
    }

    /// What `standard_conforming_strings` becomes by it, if it sets that: the
    /// literals after it are read accordingly.
    pub(crate) fn conforming_strings(&self, text: &str) -> Option<bool> {
        let head = self.head(text);
        let (name, value) = kind::setting(&head)?;
        let off = ["off", "false", "no", "0"];
        let value = value.trim_matches('\'');
        (name == "standard_conforming_strings")
            .then(|| !off.iter().any(|off| value.eq_ignore_ascii_case(off)))
    }

    /// Follows the body of an SQL-standard function (PostgreSQL 14), which
    /// holds semicolons: from `BEGIN ATOMIC` to its `END`.
    fn follow_body(&mut self, text: &str, token: Token) {
        let word = &text[token.start..token.end];
        let is = |token: Option<Token>, word: &str| {
            token.is_some_and(|token| {
                text[token.start..token.end].eq_ignore_ascii_case(word)
                    && token.kind != TokenKind::Name
            })
        };
        let last = self.last;
        if self.body_depth == 0 {
            let opens = self.depth == 0
                && word.eq_ignore_ascii_case("ATOMIC")
                && is(last, "BEGIN")
                && self.is_routine(text);
            if opens {
                self.body_depth = 1;
                self.body_line = token.line;
            }
            return;
        }
        // Key words may be labels: `x.end`, `1 AS end`.
        if is(last, ".") || is(last, "AS") {
            return;
        }
        if word.eq_ignore_ascii_case("CASE") {
            self.body_depth += 1;
        } else if word.eq_ignore_ascii_case("END") {
            self.body_depth -= 1;
        }
    }

    /// Index after `CREATE [OR REPLACE]`, 0 in any other statement.
    fn created(&self, text: &str) -> usize {
        let head = self.head(text);
        match () {
            () if head.has(0, &["CREATE", "OR", "REPLACE"]) => 3,
            () if head.is(0, "CREATE") => 1,
            () => 0,
        }
    }

    fn is_routine(&self, text: &str) -> bool {
        let at = self.created(text);
        at > 0 && self.head(text).is_one(at, &["FUNCTION", "PROCEDURE"])
    }

    fn is_rule(&self, text: &str) -> bool {
        let at = self.created(text);
        at > 0 && self.head(text).is(at, "RULE")
    }

    /// Whether the words in parentheses belong to the outline: options that
    /// decide on the transaction.
    fn keeps_options(&self, text: &str) -> bool {
        let head = self.head(text);
        self.depth == 1 && (head.is(0, "REINDEX") || head.has(0, &["CREATE", "SUBSCRIPTION"]))
    }
}
