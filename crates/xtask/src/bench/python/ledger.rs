//! The samples of runs that tell more than one figure each.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::super::report::Measure;

/// What a figure is called, and its samples.
type Entry = (String, Vec<Duration>);

/// Figures and their samples, in the order they were entered in. A copy is the
/// same book.
#[derive(Clone, Default)]
pub(super) struct Ledger(Rc<RefCell<Vec<Entry>>>);

impl Ledger {
    /// Gives a figure its place.
    pub(super) fn enter(&self, name: &str) {
        self.0.borrow_mut().push((name.to_owned(), Vec::new()));
    }

    /// More samples of a figure that has been entered.
    pub(super) fn add(&self, name: &str, samples: &[Duration]) {
        if let Some((_, all)) = self.0.borrow_mut().iter_mut().find(|(known, _)| known == name) {
            all.extend(samples);
        }
    }

    /// Every figure that has samples.
    pub(super) fn measures(&self) -> Vec<Measure> {
        let entries = self.0.borrow();
        entries.iter().filter_map(|(name, all)| Measure::new(name, all.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_places_and_those_without_samples_are_left_out() {
        let ledger = Ledger::default();
        for name in ["b", "none", "a"] {
            ledger.enter(name);
        }
        let other = ledger.clone();
        other.add("a", &[Duration::from_millis(2)]);
        other.add("b", &[Duration::from_millis(1), Duration::from_millis(3)]);
        other.add("unknown", &[Duration::from_millis(9)]);
        let medians: Vec<f64> = ledger.measures().iter().map(Measure::median_ms).collect();
        assert_eq!(medians, [2.0, 2.0]);
        assert_eq!(ledger.measures()[0].p99_ms(), 3.0);
    }
}
