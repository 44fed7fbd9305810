//! Sets of characters.

/// A set of characters as ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Class {
    ranges: Vec<(char, char)>,
    negated: bool,
    /// Whether it speaks of letters or blanks as such, which for characters
    /// beyond ASCII depends on the database's locale.
    localised: bool,
}

/// What texts are made from, the plainest first.
const PLAIN: [(char, char); 5] = [('a', 'z'), ('0', '9'), ('A', 'Z'), ('-', '-'), ('_', '_')];

impl Class {
    /// One character.
    pub(crate) fn of(c: char) -> Self {
        Self { ranges: vec![(c, c)], ..Self::default() }
    }

    /// Any character.
    pub(crate) fn any() -> Self {
        Self { negated: true, ..Self::default() }
    }

    pub(crate) fn add(&mut self, first: char, last: char) {
        self.ranges.push((first, last));
    }

    pub(crate) fn negate(&mut self) {
        self.negated = !self.negated;
    }

    /// Adds a class such as `alpha`; false if there is none of the name.
    pub(crate) fn add_named(&mut self, name: &str) -> bool {
        let ranges: &[(char, char)] = match name {
            "alpha" => &[('a', 'z'), ('A', 'Z')],
            "alnum" => &[('a', 'z'), ('0', '9'), ('A', 'Z')],
            "word" => &[('a', 'z'), ('0', '9'), ('A', 'Z'), ('_', '_')],
            "digit" => &[('0', '9')],
            "xdigit" => &[('0', '9'), ('a', 'f'), ('A', 'F')],
            "lower" => &[('a', 'z')],
            "upper" => &[('A', 'Z')],
            "space" => &[(' ', ' '), ('\t', '\r')],
            "blank" => &[(' ', ' '), ('\t', '\t')],
            "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
            "print" => &[(' ', '~')],
            "graph" => &[('!', '~')],
            _ => return false,
        };
        self.ranges.extend_from_slice(ranges);
        self.localised |= !matches!(name, "xdigit");
        true
    }

    /// Whether the character is in it; nothing if that depends on the locale.
    pub(crate) fn contains(&self, c: char, insensitive: bool) -> Option<bool> {
        if !c.is_ascii() && (self.localised || insensitive) {
            return None;
        }
        let within =
            |c: char| self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
        let mut found = within(c);
        if insensitive {
            found |= within(c.to_ascii_lowercase()) || within(c.to_ascii_uppercase());
        }
        Some(found != self.negated)
    }

    /// Characters of it to write, in a fixed order. Never empty for a set that
    /// has any printable character.
    pub(crate) fn members(&self, insensitive: bool) -> Vec<char> {
        let has = |c: &char| self.contains(*c, insensitive) == Some(true);
        if self.negated {
            let letters: Vec<char> = ('a'..='z').filter(has).collect();
            if !letters.is_empty() {
                return letters;
            }
            let plain = PLAIN.iter().flat_map(|(first, last)| *first..=*last).filter(has);
            let plain: Vec<char> = plain.collect();
            if !plain.is_empty() {
                return plain;
            }
            return (' '..='~').filter(has).collect();
        }
        let mut found: Vec<char> =
            self.ranges.iter().flat_map(|(first, last)| (*first..=*last).take(512)).collect();
        found.sort_unstable();
        found.dedup();
        // A blank or a sign only where the set has nothing plainer.
        let plain: Vec<char> = found.iter().copied().filter(char::is_ascii_alphanumeric).collect();
        if plain.is_empty() { found } else { plain }
    }
}
