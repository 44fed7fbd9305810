//! Patterns of conditions: the part of the server's regular expressions that
//! texts can be made from, LIKE and SIMILAR TO. What is outside of it is
//! refused, never approximated.

mod class;
mod matching;
mod read;
mod writing;

pub(crate) use class::Class;
pub(crate) use writing::Chooser;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    root: Node,
    insensitive: bool,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    /// One character of these.
    One(Class),
    /// One after the other.
    All(Vec<Node>),
    /// One of them.
    Any(Vec<Node>),
    /// So many times; absent: without end.
    Repeat(Box<Node>, usize, Option<usize>),
    /// The text's beginning.
    Start,
    /// The text's end.
    End,
}

impl Pattern {
    /// A regular expression of the server's (manual, 9.7.3), searched for
    /// anywhere in a text.
    pub(crate) fn regex(source: &str, insensitive: bool) -> Option<Self> {
        let (source, insensitive) = match source.strip_prefix("(?i)") {
            Some(rest) => (rest, true),
            None => (source, insensitive),
        };
        Some(Self { root: read::regex(source)?, insensitive })
    }

    /// LIKE, which matches a whole text; `\` escapes.
    pub(crate) fn like(source: &str, insensitive: bool) -> Option<Self> {
        Some(Self { root: read::like(source)?, insensitive })
    }

    /// SIMILAR TO, which matches a whole text.
    pub(crate) fn similar(source: &str) -> Option<Self> {
        Some(Self { root: read::similar(source)?, insensitive: false })
    }

    /// A text that begins so.
    pub(crate) fn prefix(text: &str) -> Self {
        let letters = text.chars().map(|c| Node::One(Class::of(c)));
        let root = Node::All(std::iter::once(Node::Start).chain(letters).collect());
        Self { root, insensitive: false }
    }
}
