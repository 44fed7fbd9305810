//! Makes texts that match.

use super::{Class, Node, Pattern};

/// A repetition without end is written at most so many times more than needed.
const EXTRA: usize = 8;

/// Where choices come from: `below(n)` is in `[0, n)`.
pub(crate) trait Chooser {
    /// One of `n`.
    fn below(&mut self, n: u64) -> u64;
}

struct Writer<'a, C> {
    chooser: &'a mut C,
    insensitive: bool,
    out: String,
}

impl Pattern {
    /// A text with between `least` and `most` characters that matches, if this
    /// way of writing finds one; the caller checks it against all conditions.
    pub(crate) fn write(
        &self,
        chooser: &mut impl Chooser,
        least: usize,
        most: usize,
    ) -> Option<String> {
        let whole = self.whole();
        let bounds = whole.bounds();
        if bounds.0 > most || bounds.1.is_some_and(|longest| longest < least) {
            return None;
        }
        let mut writer = Writer { chooser, insensitive: self.insensitive, out: String::new() };
        writer.node(&whole, least, most)?;
        Some(writer.out)
    }

    /// The pattern with what may stand before and after it.
    fn whole(&self) -> Node {
        let mut parts = Vec::new();
        if !self.root.begins() {
            parts.push(letters());
        }
        parts.push(self.root.clone());
        if !self.root.ends() {
            parts.push(letters());
        }
        Node::All(parts)
    }
}

fn letters() -> Node {
    let mut class = Class::default();
    class.add('a', 'z');
    Node::Repeat(Box::new(Node::One(class)), 0, None)
}

impl Node {
    /// Whether every match begins at the text's beginning.
    fn begins(&self) -> bool {
        match self {
            Self::Start => true,
            Self::All(parts) => parts.first().is_some_and(Self::begins),
            Self::Any(branches) => branches.iter().all(Self::begins),
            Self::Repeat(inner, least, _) => *least > 0 && inner.begins(),
            Self::One(_) | Self::End => false,
        }
    }

    /// Whether every match ends at the text's end.
    fn ends(&self) -> bool {
        match self {
            Self::End => true,
            Self::All(parts) => parts.last().is_some_and(Self::ends),
            Self::Any(branches) => branches.iter().all(Self::ends),
            Self::Repeat(inner, least, _) => *least > 0 && inner.ends(),
            Self::One(_) | Self::Start => false,
        }
    }

    /// Fewest and most characters.
    fn bounds(&self) -> (usize, Option<usize>) {
        match self {
            Self::One(_) => (1, Some(1)),
            Self::Start | Self::End => (0, Some(0)),
            Self::All(parts) => sum(parts),
            Self::Any(branches) => {
                let each: Vec<_> = branches.iter().map(Self::bounds).collect();
                let least = each.iter().map(|bounds| bounds.0).min().unwrap_or(0);
                let most = each
                    .iter()
                    .map(|bounds| bounds.1)
                    .try_fold(0, |most: usize, longest| Some(most.max(longest?)));
                (least, most)
            }
            Self::Repeat(inner, least, most) => {
                let (shortest, longest) = inner.bounds();
                let longest = match (longest, most) {
                    (Some(0), _) | (_, Some(0)) => Some(0),
                    (Some(longest), Some(most)) => Some(longest.saturating_mul(*most)),
                    _ => None,
                };
                (shortest.saturating_mul(*least), longest)
            }
        }
    }
}

fn sum(parts: &[Node]) -> (usize, Option<usize>) {
    parts.iter().map(Node::bounds).fold((0, Some(0)), |(least, most), (shortest, longest)| {
        (
            least.saturating_add(shortest),
            most.zip(longest).map(|(most, longest): (usize, usize)| most.saturating_add(longest)),
        )
    })
}

impl<C: Chooser> Writer<'_, C> {
    fn choose(&mut self, n: usize) -> usize {
        // Below a usize, so it is one.
        self.chooser.below(n as u64) as usize
    }

    /// Appends between `least` and `most` characters, if it can.
    fn node(&mut self, node: &Node, least: usize, most: usize) -> Option<()> {
        match node {
            Node::One(class) => {
                let members = class.members(self.insensitive);
                if members.is_empty() || most == 0 {
                    return None;
                }
                let chosen = self.choose(members.len());
                self.out.push(members[chosen]);
                Some(())
            }
            Node::Start | Node::End => Some(()),
            Node::All(parts) => self.parts(parts, least, most),
            Node::Any(branches) => {
                let fitting: Vec<&Node> = branches
                    .iter()
                    .filter(|branch| {
                        let (shortest, longest) = branch.bounds();
                        shortest <= most && longest.is_none_or(|longest| longest >= least)
                    })
                    .collect();
                if fitting.is_empty() {
                    return None;
                }
                let chosen = self.choose(fitting.len());
                self.node(fitting[chosen], least, most)
            }
            Node::Repeat(inner, fewest, greatest) => {
                self.repeat(inner, (*fewest, *greatest), least, most)
            }
        }
    }

    fn parts(&mut self, parts: &[Node], least: usize, most: usize) -> Option<()> {
        let before = self.out.chars().count();
        for (index, part) in parts.iter().enumerate() {
            let done = self.out.chars().count() - before;
            let (rest_least, rest_most) = sum(&parts[index + 1..]);
            let (shortest, longest) = part.bounds();
            let low = rest_most.map_or(0, |rest| least.saturating_sub(done + rest)).max(shortest);
            let high = most.checked_sub(done + rest_least)?;
            let high = longest.map_or(high, |longest| high.min(longest));
            self.node(part, low, high)?;
        }
        Some(())
    }

    fn repeat(
        &mut self,
        inner: &Node,
        (fewest, greatest): (usize, Option<usize>),
        least: usize,
        most: usize,
    ) -> Option<()> {
        let (shortest, longest) = inner.bounds();
        let needed = match longest {
            Some(0) => fewest,
            Some(longest) => fewest.max(least.div_ceil(longest)),
            None => fewest.max(usize::from(least > 0)),
        };
        let room = most.checked_div(shortest).unwrap_or(fewest);
        let highest = greatest.unwrap_or(needed.saturating_add(EXTRA)).min(room);
        // A part that may be any text is a short word, not nothing.
        let lowest =
            if greatest.is_none() && fewest > 0 { needed.max(3).min(highest) } else { needed };
        if lowest > highest {
            return None;
        }
        let count = lowest + self.choose(highest - lowest + 1);
        let before = self.out.chars().count();
        for index in 0..count {
            let done = self.out.chars().count() - before;
            let left = count - index - 1;
            let low = match longest {
                Some(longest) => least.saturating_sub(done + left * longest),
                None if left == 0 => least.saturating_sub(done),
                None => 0,
            }
            .max(shortest);
            let high = most.checked_sub(done + left * shortest)?;
            let high = longest.map_or(high, |longest| high.min(longest));
            self.node(inner, low, high)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Dice(u64);

    impl Chooser for Dice {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n.max(1)
        }
    }

    #[test]
    fn what_is_written_matches() {
        let table = [
            r"^[a-z0-9]+(-[a-z0-9]+)*$",
            r"^\+[1-9]\d{1,14}$",
            r"^#[0-9a-fA-F]{6}$",
            r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
            r"^(draft|live|gone)$",
            r"[0-9]",
            r"^[A-Z]{2,3}[0-9]{4}$",
            r"^\d{4}-(0[1-9]|1[0-2])$",
            r"^https?://",
            r"^[[:alpha:]_][[:alnum:]_]*$",
            r"^(?:[01]?\d|2[0-3]):[0-5]\d$",
        ];
        for source in table {
            let pattern = Pattern::regex(source, false).unwrap();
            for seed in 0..200 {
                let text = pattern.write(&mut Dice(seed), 0, 40).unwrap();
                assert_eq!(pattern.matches(&text), Some(true), "{source}: {text}");
                assert!(text.chars().count() <= 40);
            }
        }
    }

    #[test]
    fn lengths_are_kept() {
        let pattern = Pattern::regex("^[a-z]+(-[a-z]+)*$", false).unwrap();
        for seed in 0..200 {
            let text = pattern.write(&mut Dice(seed), 20, 24).unwrap();
            assert!((20..=24).contains(&text.len()), "{text}");
        }
        assert_eq!(pattern.write(&mut Dice(0), 0, 0), None);
    }

    #[test]
    fn what_is_outside_is_refused() {
        for source in ["(?=a)", r"(a)\1", "a**", "[[.x.]]", "(", "[a", r"\y", "***=a", "a{9,3}"] {
            assert_eq!(Pattern::regex(source, false), None, "{source}");
        }
    }

    #[test]
    fn like_and_similar_match_whole_texts() {
        let table = [
            (Pattern::like("a%_", false), "abc", Some(true)),
            (Pattern::like("a%_", false), "a", Some(false)),
            (Pattern::like(r"100\%", false), "100%", Some(true)),
            (Pattern::like("A%", true), "apple", Some(true)),
            (Pattern::similar("(a|b)%"), "bcd", Some(true)),
            (Pattern::similar("a.c"), "abc", Some(false)),
            (Pattern::regex(r"^\w+$", false), "größe", None),
            (Pattern::regex("^a*$", false), "aaab", Some(false)),
            (Pattern::regex("^(a*)*$", false), "aaab", Some(false)),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(pattern.unwrap().matches(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_pattern_is_read_without_a_panic(source in ".{0,30}", text in ".{0,12}", seed: u64) {
            for pattern in [Pattern::regex(&source, true), Pattern::like(&source, false), Pattern::similar(&source)]
                .into_iter()
                .flatten()
            {
                let _ = pattern.matches(&text);
                if let Some(text) = pattern.write(&mut Dice(seed), 0, 60) {
                    prop_assert!(text.chars().count() <= 60);
                }
            }
        }
    }
}
