//! The pieces SQL text is made of, as far as splitting needs them.

/// A piece of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Byte offset of its first byte.
    pub(crate) start: usize,
    /// Byte offset after its last byte.
    pub(crate) end: usize,
    /// The 1-based line of its first byte.
    pub(crate) line: u32,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Key word or unquoted identifier.
    Word,
    /// `"…"` or `U&"…"`.
    Name,
    /// `'…'` with or without a prefix, or `$tag$…$tag$`.
    Literal,
    /// `-- …` without its line end.
    LineComment,
    /// `/* … */`.
    BlockComment,
    /// `;`
    Semicolon,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `\`, which is no SQL: a psql command.
    Backslash,
    /// A number, a parameter or one byte of an operator.
    Other,
}

/// Something that was opened and never ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unterminated {
    /// `string literal`, `comment` …
    pub(crate) what: &'static str,
    /// The 1-based line where it was opened.
    pub(crate) line: u32,
}
