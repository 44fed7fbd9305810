//! One budget of connections for all leases, so that a suite queues instead
//! of meeting "too many clients". Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use seedbed_api::Result;
use seedbed_api::lease::ProblemCode;

/// Connections spoken for, by lease.
#[derive(Clone, Debug)]
pub struct Budget {
    limit: u32,
    reserved: BTreeMap<String, u32>,
}

impl Budget {
    /// Nothing is spoken for yet; `limit` connections may be.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { limit, reserved: BTreeMap::new() }
    }

    /// How many may be spoken for.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Changes the limit. What is spoken for stays so, even beyond it.
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// How many are spoken for.
    #[must_use]
    pub fn reserved(&self) -> u32 {
        self.reserved.values().fold(0, |sum, one| sum.saturating_add(*one))
    }

    /// Whether so many could be had if no other lease held any.
    #[must_use]
    pub fn could_ever_hold(&self, connections: u32) -> bool {
        connections <= self.limit
    }

    /// Speaks for connections; a lease that has some already changes its number.
    ///
    /// # Errors
    /// `NoConnections` where there are not so many left, with a report of who
    /// has them; nothing is changed then.
    pub fn try_reserve(&mut self, lease: &str, connections: u32) -> Result<()> {
        let own = self.reserved.get(lease).copied().unwrap_or(0);
        let others = self.reserved() - own;
        if others.saturating_add(connections) <= self.limit {
            self.reserved.insert(lease.to_owned(), connections);
            return Ok(());
        }
        let left = self.limit.saturating_sub(others);
        let message =
            format!("{connections} connections are wanted, {left} of {} are left", self.limit);
        Err(ProblemCode::NoConnections
            .failure(message)
            .detail(self.report())
            .hint("ask for fewer connections, run fewer workers, or raise max_connections"))
    }

    /// A lease has ended; returns how many it had.
    pub fn release(&mut self, lease: &str) -> u32 {
        self.reserved.remove(lease).unwrap_or(0)
    }

    /// Who has how many, most first, one line each.
    fn report(&self) -> String {
        let mut holders: Vec<(&String, &u32)> = self.reserved.iter().collect();
        holders.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let mut text = String::from("spoken for:");
        for (lease, count) in holders {
            // Writing to a String does not fail.
            let _ = write!(text, "\n{count:>6}  {lease}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_refusal_says_who_has_them_and_changes_nothing() {
        let mut budget = Budget::new(10);
        budget.try_reserve("a", 3).unwrap();
        budget.try_reserve("b", 6).unwrap();
        let failure = budget.try_reserve("c", 2).unwrap_err();
        assert_eq!(failure.code(), Some(ProblemCode::NoConnections));
        assert_eq!(failure.to_string(), "2 connections are wanted, 1 of 10 are left");
        assert_eq!(failure.details(), Some("spoken for:\n     6  b\n     3  a"));
        assert_eq!(budget.reserved(), 9);
        // A lease changes its own number.
        budget.try_reserve("a", 4).unwrap();
        assert!(budget.try_reserve("a", 5).is_err());
        assert_eq!((budget.release("a"), budget.release("a")), (4, 0));
        budget.try_reserve("c", 4).unwrap();
        assert!(!budget.could_ever_hold(11) && budget.could_ever_hold(10));
        budget.set_limit(5);
        assert!(budget.try_reserve("d", 0).is_err());
        assert!(budget.try_reserve("e", u32::MAX).is_err());
    }

    proptest! {
        #[test]
        fn the_limit_holds_whatever_is_asked(
            steps in prop::collection::vec((0..5_u8, prop::option::of(0..9_u32)), 0..60),
        ) {
            let mut budget = Budget::new(12);
            let mut model = BTreeMap::new();
            for (lease, wanted) in steps {
                let lease = lease.to_string();
                match wanted {
                    Some(count) if budget.try_reserve(&lease, count).is_ok() => {
                        model.insert(lease, count);
                    }
                    Some(_) => {}
                    None => prop_assert_eq!(budget.release(&lease), model.remove(&lease).unwrap_or(0)),
                }
                prop_assert_eq!(budget.reserved(), model.values().sum::<u32>());
                prop_assert!(budget.reserved() <= 12);
            }
        }
    }
}
