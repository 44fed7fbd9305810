//! Finds the kinds of value that conditions of the database's own allow: for
//! one row, the server is shown every kind there is, until some are allowed.
//! Rows hardly ever differ in that, so that what is found serves all.

use seedbed_api::Result;
use seedbed_model::judge::{self, Candidate};

use super::identity::Rows;
use super::need::{Answer, Question};
use super::sieve::Sieve;
use super::values::values_as;
use crate::graph::Node;

/// Values of the usual kinds that are shown before any other.
const USUAL: u32 = 16;
/// Values of each other kind.
const EACH: u32 = 2;
/// Combinations of kinds in the first question; later ones have more.
const AT_ONCE: u32 = 64;
/// Combinations that rows go through where none was allowed for the first.
const UNTRIED: u32 = 128;

/// What was found for each group of conditions.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    /// Combinations of kinds, the one to prefer first.
    pub(super) allowed: Vec<Vec<u32>>,
    /// Groups for which the server allowed nothing.
    pub(super) stuck: Vec<usize>,
}

impl Kinds {
    /// The combination of each group for a row's candidate, and which of its
    /// alternatives it is.
    pub(super) fn of(&self, candidate: u32) -> (Vec<u32>, u32) {
        let most = self.allowed.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let pick = |kinds: &Vec<u32>| kinds.get(candidate as usize % kinds.len().max(1)).copied();
        let guises = self.allowed.iter().map(|kinds| pick(kinds).unwrap_or(0)).collect();
        (guises, candidate / u32::try_from(most).unwrap_or(u32::MAX))
    }
}

/// The search.
#[derive(Debug)]
pub(super) struct Scout {
    index: usize,
    row: u32,
    wanted: Vec<String>,
    /// The next combination of the group in question.
    next: u32,
    sieve: Sieve,
    found: Kinds,
}

impl Scout {
    /// With the values of this row.
    pub(super) fn new(index: usize, row: u32, wanted: Vec<String>) -> Self {
        let sieve = Sieve::new(Vec::new());
        Self { index, row, wanted, next: 0, sieve, found: Kinds::default() }
    }

    /// The next question, or what was found.
    pub(super) fn step(
        &mut self,
        rows: &Rows<'_>,
        answer: Option<Answer>,
    ) -> Result<std::result::Result<Question, Kinds>> {
        if let Some(answer) = answer {
            let is_met = |at: usize| answer.get(at)?.first()?.as_deref();
            self.sieve.answered(|at, _| is_met(at) == Some("true"));
        }
        let node = &rows.graph.nodes[self.index];
        loop {
            if let Some(batch) = self.sieve.next() {
                return Ok(Ok(question(rows, node, self.found.allowed.len(), batch)));
            }
            let Some(group) = node.model.groups.get(self.found.allowed.len()) else {
                return Ok(Err(std::mem::take(&mut self.found)));
            };
            if self.sieve.has_kept() {
                let kept = std::mem::replace(&mut self.sieve, Sieve::new(Vec::new())).kept();
                let mut allowed: Vec<u32> = kept.iter().map(|one| one.attempt / USUAL).collect();
                allowed.dedup();
                self.settle(allowed);
            } else if self.next >= group.guises() {
                self.found.stuck.push(self.found.allowed.len());
                self.settle((0..group.guises().min(UNTRIED)).collect());
            } else {
                let last = group.guises().min(self.next.max(1) + AT_ONCE.max(self.next));
                let (from, each) = if self.next == 0 { (0, USUAL) } else { (self.next, EACH) };
                let to = if from == 0 { 1 } else { last };
                self.next = to;
                let shown = self.candidates(rows, from..to, each);
                self.sieve = Sieve::new(shown);
            }
        }
    }

    /// The server raised an error.
    pub(super) fn refused(&mut self) {
        self.sieve.refused();
    }

    fn settle(&mut self, allowed: Vec<u32>) {
        self.found.allowed.push(allowed);
        self.next = 0;
    }

    /// Their number says combination and alternative.
    fn candidates(
        &self,
        rows: &Rows<'_>,
        combinations: std::ops::Range<u32>,
        each: u32,
    ) -> Vec<Candidate> {
        let node = &rows.graph.nodes[self.index];
        let group = self.found.allowed.len();
        let mut found = Vec::new();
        for guise in combinations {
            let mut guises = vec![0; group + 1];
            guises[group] = guise;
            for alternative in 0..each {
                // A kind that does not fit the type is none of it.
                let Ok(made) =
                    values_as(rows, self.index, self.row, (alternative, &guises), &self.wanted)
                else {
                    break;
                };
                let mut values = rows.fixed(node, self.row);
                values.extend(made);
                let attempt = guise * USUAL + alternative;
                found.push(Candidate { row: self.row, attempt, values });
            }
        }
        found
    }
}

/// Whether the conditions of a group are met, for each candidate.
fn question(rows: &Rows<'_>, node: &Node, group: usize, batch: &[Candidate]) -> Question {
    let judged = node.model.groups[group].judged.iter().map(|at| &node.model.judged[*at]);
    let conditions: Vec<String> =
        judged.map(|check| format!("(({}) IS NOT FALSE)", check.expression)).collect();
    let condition = conditions.join(" AND ");
    let asked = judge::evaluate(rows.schema, &node.table, &[&condition], batch);
    Question { sql: asked.sql, parameters: asked.parameters }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_prefer_the_first_kind_that_was_allowed() {
        let kinds = Kinds { allowed: vec![vec![0], vec![7, 3]], stuck: vec![] };
        let of: Vec<(Vec<u32>, u32)> = (0..4).map(|candidate| kinds.of(candidate)).collect();
        let expected = [(vec![0, 7], 0), (vec![0, 3], 0), (vec![0, 7], 1), (vec![0, 3], 1)];
        assert_eq!(of, expected);
        assert_eq!(Kinds::default().of(5), (vec![], 5));
    }
}
