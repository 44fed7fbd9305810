//! The rows of one binding while a plan runs.
//!
//! Invariant: `rows` is empty (nothing is there yet) or has `size` places, and
//! `there` of them are taken. A binding nobody fills costs no allocation.

use std::collections::BTreeSet;

use seedbed_api::plan::{Binding, KeptValues, Made, Outcome, Rows, Target};

use super::Row;

/// What is known of a binding.
#[derive(Debug)]
pub(super) struct Filled {
    size: u32,
    there: u32,
    rows: Vec<Option<Row>>,
    outcomes: Vec<Outcome>,
    differs: BTreeSet<u32>,
    /// Rows that were there and differ in what is never updated.
    kept: BTreeSet<u32>,
    spared: Spared,
}

/// Rows that nobody waits for, so that they are not filled.
#[derive(Debug, Default)]
pub(super) enum Spared {
    /// None.
    #[default]
    Nothing,
    /// All.
    Everything,
    /// By ordinal.
    Some(Vec<bool>),
}

impl Filled {
    /// An empty one; how many rows there are was bounded before.
    pub(super) fn new(binding: &Binding, count: u32) -> Self {
        let size = match binding.rows {
            Rows::One => 1,
            Rows::Times(times) => times.saturating_mul(count),
        };
        Self {
            size,
            there: 0,
            rows: Vec::new(),
            outcomes: Vec::new(),
            differs: BTreeSet::new(),
            kept: BTreeSet::new(),
            spared: Spared::Nothing,
        }
    }

    pub(super) fn size(&self) -> u32 {
        self.size
    }

    pub(super) fn is_complete(&self) -> bool {
        self.there == self.size
    }

    /// Whether nothing in it is worth filling something else for.
    pub(super) fn is_settled(&self) -> bool {
        match &self.spared {
            _ if self.is_complete() => true,
            Spared::Nothing => false,
            Spared::Everything => true,
            Spared::Some(_) => (0..self.size).all(|ordinal| !self.is_open(ordinal)),
        }
    }

    /// Whether no row is there, and each is worth filling something for.
    pub(super) fn is_untouched(&self) -> bool {
        self.there == 0 && self.size > 0 && matches!(self.spared, Spared::Nothing)
    }

    /// Whether a row is not there and somebody waits for it.
    pub(super) fn is_open(&self, ordinal: u32) -> bool {
        self.row(ordinal).is_none() && !self.is_spared(ordinal)
    }

    fn is_spared(&self, ordinal: u32) -> bool {
        match &self.spared {
            Spared::Nothing => false,
            Spared::Everything => true,
            Spared::Some(rows) => rows.get(ordinal as usize).copied().unwrap_or(false),
        }
    }

    /// Nobody waits for these of its rows.
    pub(super) fn spare(&mut self, rows: Spared) {
        self.spared = rows;
    }

    /// Whether a step on `target` has no row to work on.
    pub(super) fn is_idle(&self, target: Target) -> bool {
        match target {
            Target::Missing => self.is_settled(),
            Target::Differing => self.differs.is_empty(),
            Target::All => self.size == 0 || matches!(self.spared, Spared::Everything),
        }
    }

    /// The rows a step on `target` works on, ascending.
    pub(super) fn todo(&self, target: Target) -> Vec<u32> {
        match target {
            Target::Missing => self.open(),
            Target::Differing => self.differs.iter().copied().collect(),
            Target::All => (0..self.size).filter(|ordinal| !self.is_spared(*ordinal)).collect(),
        }
    }

    /// What is left after a step on `target`.
    pub(super) fn left(&self, target: Target) -> Vec<u32> {
        match target {
            Target::Differing => self.todo(target),
            Target::Missing | Target::All => self.open(),
        }
    }

    /// The rows not found or made yet that somebody waits for, ascending.
    fn open(&self) -> Vec<u32> {
        match self.spared {
            Spared::Nothing => self.missing(),
            _ => (0..self.size).filter(|ordinal| self.is_open(*ordinal)).collect(),
        }
    }

    /// The rows not found or made yet, ascending.
    pub(super) fn missing(&self) -> Vec<u32> {
        if self.is_complete() {
            return Vec::new();
        }
        (0..self.size).filter(|ordinal| self.row(*ordinal).is_none()).collect()
    }

    pub(super) fn row(&self, ordinal: u32) -> Option<&Row> {
        self.rows.get(ordinal as usize)?.as_ref()
    }

    /// All rows, by ordinal.
    pub(super) fn all_rows(&self) -> Vec<Option<Row>> {
        (0..self.size).map(|ordinal| self.row(ordinal).cloned()).collect()
    }

    /// Takes a row; `ordinal` is below the size.
    pub(super) fn put(&mut self, ordinal: u32, row: Row, differs: bool, outcome: Option<Outcome>) {
        if self.rows.is_empty() {
            let size = self.size as usize;
            self.rows.resize_with(size, || None);
            self.outcomes.resize(size, Outcome::Matched);
        }
        let place = ordinal as usize;
        if self.rows[place].replace(row).is_none() {
            self.there += 1;
        }
        if differs {
            self.differs.insert(ordinal);
        } else {
            self.differs.remove(&ordinal);
        }
        // What was made by this run stays so, whatever else is done to it.
        if let Some(outcome) = outcome.filter(|_| self.outcomes[place] != Outcome::Created) {
            self.outcomes[place] = outcome;
        }
    }

    /// Notes whether a row differs in what is never updated.
    pub(super) fn keep(&mut self, ordinal: u32, kept: bool) {
        if kept {
            self.kept.insert(ordinal);
        } else {
            self.kept.remove(&ordinal);
        }
    }

    /// The result, if all rows are there. It is moved out.
    pub(super) fn take(&mut self, binding: &Binding) -> Option<Made> {
        if !self.is_complete() || binding.key_of.is_some() {
            return None;
        }
        Some(Made {
            binding: binding.name.clone(),
            table: binding.table.clone(),
            columns: binding.columns.clone(),
            rows: std::mem::take(&mut self.rows).into_iter().flatten().collect(),
            outcomes: std::mem::take(&mut self.outcomes),
            kept: (!self.kept.is_empty()).then(|| KeptValues {
                columns: binding.kept.clone(),
                ordinals: std::mem::take(&mut self.kept).into_iter().collect(),
            }),
        })
    }
}
