//! The names of one state: a lease that marks before each of a thousand tests
//! names the same state a thousand times. Kept as ranges, so that the names of
//! a state take no more room than the changes between them.

/// Numbers of marks that stand for one state, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(Vec<(u64, u64)>);

impl Names {
    /// One name.
    pub(crate) fn one(number: u64) -> Self {
        Self(vec![(number, number)])
    }

    /// Adds a name, larger than all before.
    pub(crate) fn add(&mut self, number: u64) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => self.0.push((number, number)),
        }
    }

    /// Whether it is one of the names.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// Forgets the names after `number`.
    pub(crate) fn forget_after(&mut self, number: u64) {
        self.0.retain(|(first, _)| *first <= number);
        if let Some((_, last)) = self.0.last_mut() {
            *last = (*last).min(number);
        }
    }

    /// The first name.
    pub(crate) fn first(&self) -> u64 {
        self.0.first().map_or(0, |(first, _)| *first)
    }

    /// The latest name.
    pub(crate) fn latest(&self) -> u64 {
        self.0.last().map_or(0, |(_, last)| *last)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_hold_what_a_set_would(steps in proptest::collection::vec((0..4_u64, any::<bool>()), 1..60)) {
            let (mut names, mut set, mut next) = (Names::one(0), BTreeSet::from([0]), 1);
            for (step, add) in steps {
                if add {
                    next += step % 2;
                    names.add(next);
                    set.insert(next);
                    next += 1;
                } else {
                    let at = set.iter().rev().nth(step as usize).copied().unwrap_or(0);
                    names.forget_after(at);
                    set.retain(|name| *name <= at);
                }
                prop_assert!((0..next + 2).all(|name| names.has(name) == set.contains(&name)));
                prop_assert_eq!(names.latest(), *set.last().unwrap());
                prop_assert_eq!(names.first(), 0);
            }
        }
    }
}
