//! Reads patterns.

use super::{Class, Node};

/// Nesting beyond this is refused.
const DEEPEST: usize = 60;
/// The server's own bound of a repetition.
const MOST: usize = 255;

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    depth: usize,
    /// `%`, `_` are special, `.`, `^`, `$` and the class escapes are not.
    similar: bool,
}

pub(super) fn regex(source: &str) -> Option<Node> {
    // `***` and `(?…)` change the syntax; `(?:` is read below.
    if source.starts_with("***") {
        return None;
    }
    read(source, false)
}

pub(super) fn similar(source: &str) -> Option<Node> {
    Some(Node::All(vec![Node::Start, read(source, true)?, Node::End]))
}

fn read(source: &str, similar: bool) -> Option<Node> {
    let mut reader = Reader { rest: source.chars().peekable(), depth: 0, similar };
    let found = reader.alternatives()?;
    reader.rest.next().is_none().then_some(found)
}

pub(super) fn like(source: &str) -> Option<Node> {
    let mut parts = vec![Node::Start];
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '%' => anything(),
            '_' => Node::One(Class::any()),
            '\\' => Node::One(Class::of(chars.next()?)),
            c => Node::One(Class::of(c)),
        });
    }
    parts.push(Node::End);
    Some(Node::All(parts))
}

fn anything() -> Node {
    Node::Repeat(Box::new(Node::One(Class::any())), 0, None)
}

fn named(name: &str, negated: bool) -> Node {
    let mut class = Class::default();
    class.add_named(name);
    if negated {
        class.negate();
    }
    Node::One(class)
}

impl Reader<'_> {
    fn eat(&mut self, wanted: char) -> bool {
        let found = self.rest.peek() == Some(&wanted);
        if found {
            self.rest.next();
        }
        found
    }

    fn alternatives(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut branches = vec![self.branch()?];
        while self.eat('|') {
            branches.push(self.branch()?);
        }
        self.depth -= 1;
        Some(if branches.len() == 1 { branches.remove(0) } else { Node::Any(branches) })
    }

    fn branch(&mut self) -> Option<Node> {
        let mut parts = Vec::new();
        while let Some(c) = self.rest.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            let atom = self.atom()?;
            parts.push(self.quantified(atom)?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Node::All(parts) })
    }

    fn quantified(&mut self, atom: Node) -> Option<Node> {
        let (least, most) = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.rest.next();
                let bounds = self.bounds()?;
                return self.repeated(atom, bounds);
            }
            _ => return Some(atom),
        };
        self.rest.next();
        self.repeated(atom, (least, most))
    }

    fn repeated(&mut self, atom: Node, (least, most): (usize, Option<usize>)) -> Option<Node> {
        if matches!(atom, Node::Start | Node::End) {
            return None;
        }
        if !self.similar {
            // Whether it is greedy decides what is captured, not what matches.
            self.eat('?');
        }
        // Two quantifiers in a row the server refuses too.
        if matches!(self.rest.peek(), Some('*' | '+' | '?' | '{')) {
            return None;
        }
        Some(Node::Repeat(Box::new(atom), least, most))
    }

    fn bounds(&mut self) -> Option<(usize, Option<usize>)> {
        let least = self.number()?;
        let bounds = if self.eat(',') {
            (least, if self.rest.peek() == Some(&'}') { None } else { Some(self.number()?) })
        } else {
            (least, Some(least))
        };
        let ordered = bounds.1.is_none_or(|most| most >= least);
        (self.eat('}') && ordered).then_some(bounds)
    }

    fn number(&mut self) -> Option<usize> {
        let mut digits = String::new();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().ok().filter(|number| *number <= MOST)
    }

    fn atom(&mut self) -> Option<Node> {
        Some(match self.rest.next()? {
            '(' => {
                if self.eat('?') && !self.eat(':') {
                    return None;
                }
                let inner = self.alternatives()?;
                if !self.eat(')') {
                    return None;
                }
                inner
            }
            '[' => Node::One(self.bracket()?),
            '%' if self.similar => anything(),
            '_' if self.similar => Node::One(Class::any()),
            '.' if !self.similar => Node::One(Class::any()),
            '^' if !self.similar => Node::Start,
            '$' if !self.similar => Node::End,
            '\\' => self.escape()?,
            '*' | '+' | '?' | '{' => return None,
            c => Node::One(Class::of(c)),
        })
    }

    fn escape(&mut self) -> Option<Node> {
        let c = self.rest.next()?;
        if self.similar {
            return Some(Node::One(Class::of(c)));
        }
        Some(match c {
            'd' => named("digit", false),
            'D' => named("digit", true),
            'w' => named("word", false),
            'W' => named("word", true),
            's' => named("space", false),
            'S' => named("space", true),
            'A' => Node::Start,
            'Z' => Node::End,
            c => Node::One(Class::of(plain_escape(c)?)),
        })
    }

    fn bracket(&mut self) -> Option<Class> {
        let mut class = Class::default();
        let negated = self.eat('^');
        let mut first = true;
        loop {
            let c = self.rest.next()?;
            match c {
                ']' if !first => break,
                '[' if matches!(self.rest.peek(), Some('.' | '=')) => return None,
                '[' if self.eat(':') => {
                    let mut name = String::new();
                    while let Some(letter) = self.rest.next_if(char::is_ascii_alphabetic) {
                        name.push(letter);
                    }
                    if !(self.eat(':') && self.eat(']') && class.add_named(&name)) {
                        return None;
                    }
                }
                '\\' if matches!(self.rest.peek(), Some('d' | 'w' | 's')) && !self.similar => {
                    let name = match self.rest.next()? {
                        'd' => "digit",
                        'w' => "word",
                        _ => "space",
                    };
                    class.add_named(name);
                }
                c => self.range(c, &mut class)?,
            }
            first = false;
        }
        if negated {
            class.negate();
        }
        Some(class)
    }

    /// A character of a bracket, or a range of them.
    fn range(&mut self, first: char, class: &mut Class) -> Option<()> {
        let first = self.bracket_char(first)?;
        let mut ahead = self.rest.clone();
        let is_range = ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']');
        if !is_range {
            class.add(first, first);
            return Some(());
        }
        self.rest.next();
        let last = self.rest.next()?;
        if last == '[' {
            return None;
        }
        let last = self.bracket_char(last)?;
        if last < first {
            return None;
        }
        class.add(first, last);
        Some(())
    }

    fn bracket_char(&mut self, c: char) -> Option<char> {
        if c != '\\' {
            return Some(c);
        }
        let escaped = self.rest.next()?;
        if self.similar { Some(escaped) } else { plain_escape(escaped) }
    }
}

/// What an escape means that stands for one character.
fn plain_escape(c: char) -> Option<char> {
    match c {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'f' => Some('\u{c}'),
        c if c.is_alphanumeric() => None,
        c => Some(c),
    }
}
