//! Finds the candidates over which a question can be answered at all: an
//! expression that raises an error ends the whole statement and does not tell
//! for which row, so what is refused is asked again in halves.

use seedbed_model::judge::Candidate;

/// Candidates in the order they came, some of which may raise errors.
#[derive(Debug)]
pub(super) struct Sieve {
    /// The next one last.
    batches: Vec<Vec<Candidate>>,
    asked: Vec<Candidate>,
    kept: Vec<Candidate>,
}

impl Sieve {
    /// With candidates that may all be asked at once.
    pub(super) fn new(candidates: Vec<Candidate>) -> Self {
        Self { batches: vec![candidates], asked: Vec::new(), kept: Vec::new() }
    }

    /// The candidates to ask about next; nothing if all were.
    pub(super) fn next(&mut self) -> Option<&[Candidate]> {
        self.asked = loop {
            let batch = self.batches.pop()?;
            if !batch.is_empty() {
                break batch;
            }
        };
        Some(&self.asked)
    }

    /// The server answered: those with `is_met` of their place are kept.
    pub(super) fn answered(&mut self, is_met: impl Fn(usize, &Candidate) -> bool) {
        let asked = std::mem::take(&mut self.asked).into_iter().enumerate();
        self.kept.extend(asked.filter(|(at, one)| is_met(*at, one)).map(|(_, one)| one));
    }

    /// The server raised an error for one of them; a single one is dropped.
    pub(super) fn refused(&mut self) {
        let mut first = std::mem::take(&mut self.asked);
        if first.len() > 1 {
            let second = first.split_off(first.len() / 2);
            self.batches.extend([second, first]);
        }
    }

    /// What was kept, in its order.
    pub(super) fn kept(self) -> Vec<Candidate> {
        self.kept
    }

    /// Whether something was kept.
    pub(super) const fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn one_bad_candidate_costs_no_other() {
        let all = |raising: &[u32], failing: &[u32]| {
            let one = |row| Candidate { row, attempt: 0, values: BTreeMap::new() };
            let mut sieve = Sieve::new((0..37).map(one).collect());
            let mut questions = 0;
            while let Some(batch) = sieve.next() {
                questions += 1;
                if batch.iter().any(|one| raising.contains(&one.row)) {
                    sieve.refused();
                } else {
                    sieve.answered(|_, one| !failing.contains(&one.row));
                }
            }
            (sieve.kept().iter().map(|one| one.row).collect::<Vec<_>>(), questions)
        };
        let but = |gone: &[u32]| (0..37).filter(|row| !gone.contains(row)).collect::<Vec<_>>();
        assert_eq!(all(&[], &[]), (but(&[]), 1));
        assert_eq!(all(&[], &[3, 36]), (but(&[3, 36]), 1));
        let (kept, questions) = all(&[20], &[0]);
        assert_eq!(kept, but(&[0, 20]));
        assert!(questions <= 14, "{questions}");
        assert_eq!(all(&(0..37).collect::<Vec<_>>(), &[]).0, [0_u32; 0]);
    }
}
