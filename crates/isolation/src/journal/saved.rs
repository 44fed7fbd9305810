//! Saved states: what a fresh clone lacks to be at a mark. One layer for each
//! mark on the stack holds what happened since the mark below, so that a
//! replacement gets the marks back as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Call, Complaint, Value};

use super::catalog::fields;
use super::control::Control;
use super::lease::Journal;
use super::mark::{Mark, Marked};
use super::probe::Probe;
use super::relation::Statements;
use super::rewind::Difference;
use super::sequence::Sequences;

/// What is kept in memory for one mark at most, in bytes.
const LAYER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A state that can be brought into another clone of the same template.
#[derive(Clone)]
pub struct Saved {
    layers: Vec<Arc<Layer>>,
}

impl Saved {
    /// Marks in it.
    #[must_use]
    pub fn marks(&self) -> usize {
        self.layers.len()
    }

    /// Whether no row was written before the first mark, and sequences stood
    /// as in `template`, if that is known.
    pub(crate) fn is_template(&self, template: Option<&Self>) -> bool {
        let first = |saved: &Self| saved.layers.first().cloned();
        first(self).is_some_and(|layer| {
            layer.tables.is_empty()
                && template.and_then(first).is_none_or(|other| layer.sequences == other.sequences)
        })
    }
}

/// What happened between two marks.
pub(super) struct Layer {
    tables: Vec<Images>,
    sequences: Sequences,
}

impl Layer {
    /// One in which no row was written.
    pub(super) fn empty(sequences: Sequences) -> Self {
        Self { tables: Vec::new(), sequences }
    }

    /// By table: rows that went and rows that came.
    fn extent(&self) -> BTreeMap<&str, (u64, u64)> {
        let tables = self.tables.iter().map(|table| &table.difference);
        tables.map(|it| (it.rel.as_str(), (it.before_rows, it.after_rows))).collect()
    }
}

/// What happened to one table.
struct Images {
    difference: Difference,
    identified: bool,
    /// The rows that are there now, and how often; without counts if a key
    /// identifies them.
    now: Vec<Value>,
}

impl Journal {
    /// Keeps what leads from the template to a mark. No round trip where no row
    /// was written since the mark below; else it is to be taken while the
    /// database is at the mark. `None` where that is impossible: the schema was
    /// changed, a table cannot be rewound, it is too much, or the database has
    /// moved on.
    ///
    /// # Errors
    /// `Kind::Refused` for a mark that is not on the stack; those of
    /// [`seedbed_db::Session::batch`].
    pub async fn saved(&mut self, mark: &Mark) -> Result<Option<Saved>> {
        let depth = self.depth(mark)?;
        let missing: Vec<usize> =
            (0..=depth).filter(|at| self.marks[*at].layer.is_none()).collect();
        // Images are those of now, so only the last layer can still be made.
        if self.spoiled.is_some() || missing.iter().any(|at| *at != depth) {
            return Ok(None);
        }
        if !missing.is_empty() {
            let layer = self.layer(depth).await;
            self.control.roll_back().await?;
            let layer = match layer {
                // lock_not_available: somebody writes, so it moves on right now.
                Err(failure) if Complaint::is(&failure, "55P03") => None,
                other => other?,
            };
            let Some(layer) = layer else { return Ok(None) };
            self.marks[depth].layer = Some(Arc::new(layer));
        }
        let layers = self.marks[..=depth].iter().filter_map(|standing| standing.layer.clone());
        Ok(Some(Saved { layers: layers.collect() }))
    }

    /// Leaves a transaction open.
    async fn layer(&mut self, depth: usize) -> Result<Option<Layer>> {
        let control = &self.control;
        let session = &control.session;
        let standing = &self.marks[depth];
        let below = depth.checked_sub(1).map_or(&Value::NULL, |below| &self.marks[below].xid);
        let calls = [
            Control::call(&control.probe, &[&standing.xid]),
            Control::call(&control.layer, &[below, &standing.xid]),
        ];
        let [mut probe, differences] = fields(control.begin(calls.into()).await?)?;
        let probe = Probe::read(probe.rows.pop())?;
        if probe.newer || probe.obstacle(&self.vitals_at_open).is_some() {
            return Ok(None);
        }
        let mut tables = Vec::new();
        for row in differences.rows {
            let difference = Difference::read(row)?;
            let Some(relation) = self.relations.get_mut(&difference.rel) else { return Ok(None) };
            if relation.obstacle(session).await?.is_some() {
                return Ok(None);
            }
            let statements = relation.statements(session).await?;
            let identified = relation.identified;
            let parameters: &[&Value] = if identified {
                &[&difference.keys]
            } else {
                &[&difference.keys, &difference.after_hashes, &difference.after_counts]
            };
            let now = if difference.after_rows > 0 {
                let call = Control::call(&statements.pick, parameters);
                let mut answers = session.pipeline(&[call]).await?;
                let row = answers.pop().and_then(|mut answer| answer.rows.pop());
                row.unwrap_or_default()
            } else {
                Vec::new()
            };
            tables.push(Images { difference, identified, now });
        }
        let bytes: usize = tables
            .iter()
            .flat_map(|it| it.now.iter().chain([&it.difference.keys]))
            .map(Value::size)
            .sum();
        if bytes > LAYER_BYTES_MAX {
            return Ok(None);
        }
        Ok(Some(Layer { tables, sequences: standing.sequences.clone() }))
    }

    /// Brings a fresh clone to a saved state and sets the marks again,
    /// outermost first. The changes are journaled as a test's are.
    ///
    /// # Errors
    /// `Kind::Refused` if marks were set already; `Kind::Bug` if the clone is
    /// not of the same template; those of [`seedbed_db::Session::batch`].
    /// After one the clone is of no use.
    pub async fn redo(&mut self, saved: &Saved) -> Result<Vec<Mark>> {
        if !self.marks.is_empty() {
            return Err(Failure::new(Kind::Refused, "the database has marks already")
                .hint("bring a saved state into a fresh clone"));
        }
        let mut marks = Vec::new();
        for layer in &saved.layers {
            self.redo_layer(layer).await?;
            match self.mark().await? {
                Marked::Set(mark) => marks.push(mark),
                Marked::Busy(_) => {
                    return Err(Failure::new(
                        Kind::Refused,
                        "the fresh clone has other sessions already",
                    )
                    .hint("connect when it is ready"));
                }
            }
            self.check_layer(layer).await?;
            if let Some(standing) = self.marks.last_mut() {
                standing.layer = Some(Arc::clone(layer));
            }
        }
        Ok(marks)
    }

    /// Whether nothing but the layer happened before the last mark: others may
    /// know the way to the clone.
    async fn check_layer(&mut self, wanted: &Layer) -> Result<()> {
        let depth = self.marks.len() - 1;
        let made = match self.marks[depth].layer.take() {
            Some(empty) => Some(empty),
            None => {
                let made = self.layer(depth).await;
                self.control.roll_back().await?;
                made?.map(Arc::new)
            }
        };
        if made.is_some_and(|made| made.extent() == wanted.extent()) {
            return Ok(());
        }
        Err(Failure::new(Kind::Refused, "somebody wrote into the fresh clone")
            .hint("connect when it is ready"))
    }

    async fn redo_layer(&mut self, layer: &Layer) -> Result<()> {
        let control = &self.control;
        let session = &control.session;
        let mut plans: Vec<(&Images, Statements)> = Vec::new();
        for images in &layer.tables {
            let Some(relation) = self.relations.get_mut(&images.difference.rel) else {
                return Err(Failure::new(Kind::Bug, "the saved state has a table the clone lacks"));
            };
            plans.push((images, relation.statements(session).await?));
        }
        self.sequences.learn(session, &layer.sequences).await?;
        let mut calls: Vec<Call<'_>> = Vec::new();
        let mut expected = Vec::new();
        for (Images { difference: it, identified, now }, statements) in &plans {
            if it.before_rows > 0 {
                let parameters: &[&Value] = if *identified {
                    &[&it.keys]
                } else {
                    &[&it.keys, &it.before_hashes, &it.before_counts]
                };
                calls.push(Control::call(&statements.remove, parameters));
                expected.push(it.before_rows);
            }
            if it.after_rows > 0 {
                let parameters: Vec<&Value> = now.iter().collect();
                calls.push(Control::call(&statements.restore, &parameters));
                expected.push(it.after_rows);
            }
        }
        calls.extend(self.sequences.reset(&layer.sequences));
        session.batch("BEGIN; SET LOCAL seedbed.journal_off = ''").await?;
        let done = session.pipeline(&calls).await;
        let exact = done.as_ref().is_ok_and(|answers| {
            expected.iter().zip(answers).all(|(rows, answer)| *rows == answer.affected)
        });
        session.batch(if exact { "COMMIT" } else { "ROLLBACK" }).await?;
        done?;
        if exact {
            return Ok(());
        }
        Err(Failure::new(Kind::Bug, "the saved state does not fit the clone"))
    }
}
