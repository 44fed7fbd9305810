//! Where a value's choices come from.

use seedbed_values::{ColumnKey, Locale, Permutation, Stream, Token};

use crate::pattern::Chooser;

/// No value meets what is asked, as far as this way of making one goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfit;

/// The bits of one value.
pub(crate) struct Draw<'a> {
    pub(crate) stream: Stream,
    pub(crate) locale: Locale,
    /// Set where the value must differ from those of all other rows.
    pub(crate) unique: Option<Unique<'a>>,
    /// Whether it is no alternative, but the row's own.
    pub(crate) first: bool,
}

/// What keeps a row's value apart from those of others.
#[derive(Clone, Debug)]
pub(crate) struct Unique<'a> {
    /// The row's place: finite domains are dealt by it, without replacement.
    pub(crate) place: u64,
    /// The same without what alternatives add to it.
    pub(crate) start: u64,
    /// Which alternative it is.
    pub(crate) next: u64,
    /// What is embedded where there is room.
    pub(crate) token: Token,
    pub(crate) key: &'a ColumnKey,
}

/// Domains from this size on have room for the alternatives of many rows.
const WIDE: u64 = 1 << 12;
/// Alternatives of a row that are apart from those of other rows there.
const APART: u64 = 1 << 10;

impl Unique<'_> {
    /// Its place in a domain of `n`. In a wide one no alternative is another
    /// row's value, for as many rows as there is room; in a small one
    /// alternatives are the next places, so that every value is tried once.
    fn among(&self, n: u64) -> u64 {
        if n < WIDE {
            return self.place % n;
        }
        let apart = u128::from((n / APART) | 1);
        let place = u128::from(self.start) + u128::from(self.next) * apart;
        u64::try_from(place % u128::from(n)).unwrap_or(0)
    }

    /// Which of several domains, dealt one after the other, its value is of, and
    /// its place there.
    pub(crate) fn part(&self, sizes: &[u64]) -> Option<(usize, Self)> {
        let all = sizes.iter().fold(0_u64, |all, size| all.saturating_add(*size));
        if all == 0 {
            return None;
        }
        // As `among` counts in a domain of the first one's size.
        let wide = sizes.iter().find(|size| **size > 0).is_some_and(|size| *size >= WIDE);
        let mut place = if wide { self.start } else { self.place } % all;
        for (part, size) in sizes.iter().enumerate() {
            if place < *size {
                let next = if wide { self.next } else { 0 };
                let within = Self { place: place.wrapping_add(next), start: place, ..self.clone() };
                return Some((part, within));
            }
            place -= size;
        }
        None
    }

    /// To the next alternative.
    pub(crate) fn move_on(&mut self) {
        self.place = self.place.wrapping_add(1);
        self.next = self.next.wrapping_add(1);
    }
}

impl Draw<'_> {
    /// One of `n`: by the row's place if it must be unique, else by its bits.
    pub(crate) fn index(&mut self, n: u64) -> u64 {
        let n = n.max(1);
        match &self.unique {
            Some(unique) => {
                let n = n.min(Permutation::MAX);
                Permutation::new(unique.key, n).at(unique.among(n)).unwrap_or(0)
            }
            None => self.stream.below(n),
        }
    }

    /// Whether `n` values are enough for the rows that must differ, as far as
    /// one of them can tell. A place that is a hash is beyond all of them.
    pub(crate) fn has_room(&self, n: u64) -> bool {
        const FEW: u64 = 1_000;
        self.unique.as_ref().is_none_or(|unique| unique.place.min(FEW - 1) < n)
    }
}

/// Choices of a pattern: digits of one number, so that different numbers make
/// different texts as long as there are enough choices; then the row's bits.
pub(crate) struct Digits<'a, 'b> {
    rest: Option<u64>,
    draw: &'a mut Draw<'b>,
}

impl<'a, 'b> Digits<'a, 'b> {
    pub(crate) fn new(draw: &'a mut Draw<'b>) -> Self {
        Self { rest: draw.unique.as_ref().map(|unique| unique.place), draw }
    }
}

impl Chooser for Digits<'_, '_> {
    fn below(&mut self, n: u64) -> u64 {
        match &mut self.rest {
            Some(rest) if n > 1 => {
                let digit = *rest % n;
                *rest /= n;
                digit
            }
            Some(_) => 0,
            None => self.draw.stream.below(n),
        }
    }
}
