//! Statements a session's server has parsed, by their text. Bounded: the one
//! that was not used for the longest time goes first, and the session tells
//! the server so.

use std::collections::HashMap;

/// Statements kept for one session. Plans of one test suite are tens; each has
/// about five statements.
const CAPACITY: usize = 256;

/// What was parsed.
pub(super) struct Statements<P> {
    known: HashMap<String, Entry<P>>,
    clock: u64,
}

struct Entry<P> {
    prepared: P,
    used: u64,
}

impl<P> Default for Statements<P> {
    fn default() -> Self {
        Self { known: HashMap::new(), clock: 0 }
    }
}

impl<P: Clone> Statements<P> {
    /// The statement of this text, if it is known.
    pub(super) fn get(&mut self, sql: &str) -> Option<P> {
        self.clock += 1;
        let entry = self.known.get_mut(sql)?;
        entry.used = self.clock;
        Some(entry.prepared.clone())
    }

    /// Remembers one.
    pub(super) fn put(&mut self, sql: &str, prepared: P) {
        if self.known.len() >= CAPACITY
            && let Some(oldest) = self.known.iter().min_by_key(|(_, entry)| entry.used)
        {
            let oldest = oldest.0.clone();
            self.known.remove(&oldest);
        }
        self.clock += 1;
        self.known.insert(sql.to_owned(), Entry { prepared, used: self.clock });
    }

    /// Forgets all: the server knows none of them any more.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_unused_for_longest_goes_first() {
        let mut statements = Statements::default();
        for number in 0..CAPACITY {
            statements.put(&number.to_string(), ());
        }
        assert!(statements.get("0").is_some());
        statements.put("new", ());
        assert_eq!(statements.len(), CAPACITY);
        assert!(statements.get("1").is_none());
        assert!(statements.get("0").is_some() && statements.get("new").is_some());
    }
}
