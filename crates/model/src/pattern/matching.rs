//! Whether a text matches.

use super::{Node, Pattern};

/// Longer texts are left to the server: every character is a level of the stack.
const LONGEST: usize = 500;
/// Steps after which the answer is "not known".
const PATIENCE: u32 = 50_000;

struct Matcher<'a> {
    text: &'a [char],
    insensitive: bool,
    steps: u32,
}

/// The server's locale would decide, or it took too long.
struct Unknown;

/// What is to match after a node: a list of nodes from the innermost out.
enum Next<'a> {
    Done,
    /// Again the node, unless nothing was taken since `from`.
    Again {
        node: &'a Node,
        least: usize,
        most: Option<usize>,
        from: usize,
        next: &'a Next<'a>,
    },
    Parts(&'a [Node], &'a Next<'a>),
}

impl Pattern {
    /// Whether the text matches; nothing if only the server knows.
    pub(crate) fn matches(&self, text: &str) -> Option<bool> {
        let chars: Vec<char> = text.chars().collect();
        let mut matcher = Matcher { text: &chars, insensitive: self.insensitive, steps: 0 };
        for start in 0..=chars.len() {
            match matcher.node(&self.root, start, &Next::Done) {
                Ok(true) => return Some(true),
                Ok(false) => {}
                Err(Unknown) => return None,
            }
        }
        Some(false)
    }
}

impl Matcher<'_> {
    fn node(&mut self, node: &Node, at: usize, next: &Next<'_>) -> Result<bool, Unknown> {
        self.steps += 1;
        if self.steps > PATIENCE {
            return Err(Unknown);
        }
        match node {
            Node::One(class) => match self.text.get(at) {
                None => Ok(false),
                Some(c) if class.contains(*c, self.insensitive).ok_or(Unknown)? => {
                    self.next(next, at + 1)
                }
                Some(_) => Ok(false),
            },
            Node::Start => {
                if at == 0 {
                    self.next(next, at)
                } else {
                    Ok(false)
                }
            }
            Node::End => {
                if at == self.text.len() {
                    self.next(next, at)
                } else {
                    Ok(false)
                }
            }
            Node::All(parts) => self.next(&Next::Parts(parts, next), at),
            Node::Any(branches) => {
                for branch in branches {
                    if self.node(branch, at, next)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Repeat(inner, least, most) => self.repeat(inner, *least, *most, at, next),
        }
    }

    fn repeat(
        &mut self,
        node: &Node,
        least: usize,
        most: Option<usize>,
        at: usize,
        next: &Next<'_>,
    ) -> Result<bool, Unknown> {
        if most != Some(0) {
            let again = Next::Again {
                node,
                least: least.saturating_sub(1),
                most: most.map(|most| most - 1),
                from: at,
                next,
            };
            if self.text.len() > LONGEST {
                return Err(Unknown);
            }
            if self.node(node, at, &again)? {
                return Ok(true);
            }
        }
        if least == 0 { self.next(next, at) } else { Ok(false) }
    }

    fn next(&mut self, next: &Next<'_>, at: usize) -> Result<bool, Unknown> {
        match next {
            Next::Done => Ok(true),
            Next::Parts([], next) => self.next(next, at),
            Next::Parts([first, rest @ ..], next) => self.node(first, at, &Next::Parts(rest, next)),
            Next::Again { node, least, most, from, next } => {
                if at == *from {
                    // Taking nothing again would take nothing forever.
                    return self.next(next, at);
                }
                self.repeat(node, *least, *most, at, next)
            }
        }
    }
}
