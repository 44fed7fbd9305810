//! The machine. Stages follow the pseudo-code of `docs/plan.md`:
//!
//! ```text
//! Opening → Step(0) … Step(n) → Closing → Finished
//!               └── trouble → Evidence(0) … → Leaving → Telling
//! ```
//!
//! Invariants: an action is repeated until it is answered; rows are moved, never
//! copied; every step costs at most one pass over its binding's rows.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use seedbed_api::plan::{
    Argument, Binding, Made, Outcome, Parameter, Plan, Reason, Rows, Step, Target, Trouble,
    VERSION, Values, ValuesRequest,
};
use seedbed_api::{Failure, Kind, Result};

use super::bound::bounded;
use super::filled::{Filled, Spared};
use super::parameter::broken;
use super::{Refusal, Row};

/// The step that a refused COMMIT is told as.
const COMMIT: &str = "commit";

/// Whose transaction a plan runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// None is open: each statement is its own, unless the plan wants one.
    Autocommit,
    /// The caller's, which stays open and usable.
    InTransaction,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Open a transaction (READ COMMITTED); then [`Run::answered`] without rows.
    Begin,
    /// Run a statement; then [`Run::answered`] or [`Run::refused`].
    Query {
        /// With `$1`, `$2`, …; all parameters are text.
        sql: &'a str,
        /// One for each placeholder.
        parameters: Row,
        /// Whether a savepoint goes around it, which is undone on an error.
        savepoint: bool,
        /// Whether it makes or changes rows, and so may wait for another session.
        writes: bool,
    },
    /// Ask for generated values; then [`Run::valued`].
    Values(ValuesRequest),
    /// Commit; then [`Run::answered`] or [`Run::refused`].
    Commit,
    /// Roll back; then [`Run::answered`], or [`Run::refused`], which is ignored.
    Rollback,
    /// All rows are there. Told once.
    Done(Vec<Made>),
    /// The plan cannot go on. Told once.
    Trouble(Box<Trouble>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// A transaction of ours, before this step.
    Opening(usize),
    Step(usize),
    Closing,
    Evidence(usize),
    Leaving,
    Telling,
    Finished,
}

/// One run of a plan.
#[derive(Debug)]
pub struct Run {
    plan: Arc<Plan>,
    arguments: BTreeMap<String, Argument>,
    count: u32,
    /// Whether a transaction is open, the caller's or ours.
    open: bool,
    /// Whether it is ours.
    own: bool,
    /// Whether one of ours is to be opened before anything is written.
    opens: bool,
    stage: Stage,
    pub(super) filled: Vec<Filled>,
    pub(super) values: Option<Values>,
    trouble: Option<Box<Trouble>>,
}

impl Run {
    /// A run of `plan` for `count` rows with the call's arguments.
    ///
    /// # Errors
    /// `Config` when the plan is of another version of the format, or when
    /// there would be more rows than one call may make.
    pub fn new(
        plan: Arc<Plan>,
        arguments: BTreeMap<String, Argument>,
        count: u32,
        manner: Manner,
    ) -> Result<Self> {
        if plan.plan != VERSION {
            let message = format!("the plan is of version {}, not {VERSION}", plan.plan);
            return Err(Failure::new(Kind::Config, message)
                .hint("use the same release of Seedbed on both sides"));
        }
        let rows = plan.bindings.iter().filter(|binding| binding.key_of.is_none());
        bounded(rows.map(|binding| {
            let rows = match binding.rows {
                Rows::One => 1,
                Rows::Times(times) => u64::from(times) * u64::from(count),
            };
            (binding.table.as_str(), rows)
        }))?;
        let filled = plan.bindings.iter().map(|binding| Filled::new(binding, count)).collect();
        Ok(Self {
            stage: Stage::Step(0),
            open: manner == Manner::InTransaction,
            own: false,
            opens: plan.transaction && manner == Manner::Autocommit,
            plan,
            arguments,
            count,
            filled,
            values: None,
            trouble: None,
        })
    }

    /// What is to be done next; the same again until it is answered.
    ///
    /// # Errors
    /// `Config` when a list of values is shorter than the rows it is for; `Bug`
    /// when the plan contradicts itself.
    pub fn action(&mut self) -> Result<Action<'_>> {
        loop {
            match self.stage {
                Stage::Opening(_) => return Ok(Action::Begin),
                Stage::Step(index) => {
                    let Some(step) = self.plan.steps.get(index) else {
                        self.stage = if self.own { Stage::Closing } else { Stage::Finished };
                        continue;
                    };
                    let into = self.binding(&step.into)?;
                    let spared = self.spared(step, into)?;
                    self.filled[into].spare(spared);
                    let step = &self.plan.steps[index];
                    if self.filled[into].is_idle(step.on) {
                        self.stage = Stage::Step(index + 1);
                    } else if step.sql.is_empty() {
                        self.finish(index, into);
                    } else if self.values.is_none() && wants_values(step) {
                        return Ok(Action::Values(self.request()));
                    } else if self.opens && !step.alone && step.outcome != Some(Outcome::Matched) {
                        self.stage = Stage::Opening(index);
                    } else {
                        let (savepoint, plan) = (step.savepoint && self.open, &self.plan);
                        return self.query(&plan.steps[index], into, savepoint);
                    }
                }
                Stage::Closing => return Ok(Action::Commit),
                Stage::Finished => return Ok(Action::Done(self.made())),
                Stage::Evidence(index) => {
                    let Some(step) = self.plan.evidence.get(index) else {
                        self.stage = if self.own { Stage::Leaving } else { Stage::Telling };
                        continue;
                    };
                    let into = self.binding(&step.into)?;
                    let is_known = self.values.is_some() || !wants_values(step);
                    let is_idle = self.filled[into].is_idle(step.on);
                    if is_known && !is_idle && self.is_asked_for(step)? {
                        return self.query(&self.plan.evidence[index], into, self.open);
                    }
                    self.stage = Stage::Evidence(index + 1);
                }
                Stage::Leaving => return Ok(Action::Rollback),
                Stage::Telling => {
                    let told = self.trouble.take();
                    let told = told.ok_or_else(|| broken("its trouble was told before".into()))?;
                    return Ok(Action::Trouble(told));
                }
            }
        }
    }

    /// The statement ran and returned these rows.
    ///
    /// # Errors
    /// `Bug` when the rows do not fit the plan, or nothing was asked.
    pub fn answered(&mut self, rows: Vec<Row>) -> Result<()> {
        match self.stage {
            Stage::Opening(index) => {
                (self.open, self.own, self.opens) = (true, true, false);
                self.stage = Stage::Step(index);
            }
            Stage::Step(index) => self.take_rows(index, rows)?,
            Stage::Closing => self.stage = Stage::Finished,
            Stage::Evidence(index) => {
                let name = self.plan.evidence[index].name.clone();
                if let Some(trouble) = &mut self.trouble {
                    trouble.evidence.insert(name, rows);
                }
                self.stage = Stage::Evidence(index + 1);
            }
            Stage::Leaving => self.stage = Stage::Telling,
            Stage::Telling | Stage::Finished => return Err(unasked()),
        }
        Ok(())
    }

    /// The server refused it.
    ///
    /// # Errors
    /// `Bug` when nothing was asked.
    pub fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match self.stage {
            Stage::Step(index) => {
                let step = &self.plan.steps[index];
                if step.tolerates.contains(&refusal.sqlstate) {
                    return self.take_rows(index, Vec::new());
                }
                let name = step.name.clone();
                self.stop(name, Reason::Refused, Vec::new(), refusal);
            }
            Stage::Closing => {
                // The server has ended the transaction.
                (self.open, self.own) = (false, false);
                self.stop(COMMIT.to_owned(), Reason::Refused, Vec::new(), refusal);
            }
            // What evidence cannot say is left out.
            Stage::Evidence(index) => self.stage = Stage::Evidence(index + 1),
            Stage::Leaving => self.stage = Stage::Telling,
            Stage::Opening(_) | Stage::Telling | Stage::Finished => return Err(unasked()),
        }
        Ok(())
    }

    /// The values that were asked for.
    pub fn valued(&mut self, values: Values) {
        self.values = Some(values);
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn arguments(&self) -> &BTreeMap<String, Argument> {
        &self.arguments
    }

    /// The place of a binding.
    pub(super) fn binding(&self, name: &str) -> Result<usize> {
        let place = self.plan.bindings.iter().position(|binding| binding.name == name);
        place.ok_or_else(|| broken(format!("it has no binding {name}")))
    }

    /// Whether somebody still waits for what a step fills.
    fn is_asked_for(&self, step: &Step) -> Result<bool> {
        for name in &step.needed_for {
            if !self.filled[self.binding(name)?].is_settled() {
                return Ok(true);
            }
        }
        Ok(step.needed_for.is_empty())
    }

    /// The rows that a step need not fill. A row of a binding of the same size waits
    /// for the row of its ordinal, any other for all; each waits for all keys.
    fn spared(&self, step: &Step, into: usize) -> Result<Spared> {
        if step.needed_for.is_empty() {
            return Ok(Spared::Nothing);
        }
        let size = self.filled[into].size();
        let whole = self.plan.bindings[into].key_of.is_some();
        let mut waiting = Vec::new();
        for name in &step.needed_for {
            let filled = &self.filled[self.binding(name)?];
            if filled.is_settled() {
                continue;
            }
            if whole || filled.size() != size || filled.is_untouched() {
                return Ok(Spared::Nothing);
            }
            waiting.push(filled);
        }
        if waiting.is_empty() {
            return Ok(Spared::Everything);
        }
        let is_spared = |ordinal| !waiting.iter().any(|filled| filled.is_open(ordinal));
        Ok(Spared::Some((0..size).map(is_spared).collect()))
    }

    fn query<'a>(&'a self, step: &'a Step, into: usize, savepoint: bool) -> Result<Action<'a>> {
        let todo = self.filled[into].todo(step.on);
        let parameters = self.render(step, into, &todo)?;
        let writes = matches!(step.outcome, Some(Outcome::Created | Outcome::Updated));
        Ok(Action::Query { sql: &step.sql, parameters, savepoint, writes })
    }

    /// Puts the rows of a step in their places.
    fn take_rows(&mut self, index: usize, rows: Vec<Row>) -> Result<()> {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[index];
        let into = self.binding(&step.into)?;
        let width = plan.bindings[into].columns.len() + 2;
        let filled = &mut self.filled[into];
        // One row cannot contradict itself.
        let mut seen =
            if rows.len() > 1 { vec![false; filled.size() as usize] } else { Vec::new() };
        for mut row in rows {
            if row.len() != width {
                return Err(misfit(step, "a row has more or fewer columns"));
            }
            let ordinal = match &row[0] {
                None => Some(0),
                Some(text) => text.parse().ok(),
            };
            let ordinal = ordinal
                .filter(|ordinal| *ordinal < filled.size())
                .ok_or_else(|| misfit(step, "a row has an ordinal nobody asked for"))?;
            let differs = row[1].as_deref() == Some("f") && step.on != Target::Differing;
            let kept = row[1].as_deref() == Some("k");
            row.drain(..2);
            if let Some(seen) = seen.get_mut(ordinal as usize)
                && mem::replace(seen, true)
                && filled.row(ordinal) != Some(&row)
            {
                self.stop(step.name.clone(), Reason::Split, vec![ordinal], Refusal::default());
                return Ok(());
            }
            filled.put(ordinal, row, differs, step.outcome);
            filled.keep(ordinal, kept);
        }
        self.finish(index, into);
        Ok(())
    }

    /// Goes on after a step, unless it leaves rows that it must not.
    fn finish(&mut self, index: usize, into: usize) {
        self.stage = Stage::Step(index + 1);
        let step = &self.plan.steps[index];
        if step.last {
            let left = self.filled[into].left(step.on);
            if !left.is_empty() {
                self.stop(step.name.clone(), Reason::Left, left, Refusal::default());
            }
        }
    }

    fn stop(&mut self, step: String, reason: Reason, ordinals: Vec<u32>, refusal: Refusal) {
        let said = |text: String| (reason == Reason::Refused).then_some(text);
        self.trouble = Some(Box::new(Trouble {
            run: self.request(),
            step,
            reason,
            ordinals,
            sqlstate: said(refusal.sqlstate),
            message: said(refusal.message),
            constraint: refusal.constraint,
            table: refusal.table,
            column: refusal.column,
            evidence: BTreeMap::new(),
        }));
        self.stage = Stage::Evidence(0);
    }

    fn request(&self) -> ValuesRequest {
        let bindings = || self.plan.bindings.iter().zip(&self.filled);
        let key = |(binding, filled): (&Binding, &Filled)| {
            Some((binding.key_of.clone()?, filled.all_rows()))
        };
        ValuesRequest {
            shape: self.plan.shape.clone(),
            arguments: self.arguments.clone(),
            count: self.count,
            keys: bindings().filter_map(key).collect(),
            missing: bindings()
                .map(|(binding, filled)| (binding.name.clone(), filled.missing()))
                .collect(),
        }
    }

    fn made(&mut self) -> Vec<Made> {
        let bindings = self.plan.bindings.iter().zip(&mut self.filled);
        bindings.filter_map(|(binding, filled)| filled.take(binding)).collect()
    }
}

fn wants_values(step: &Step) -> bool {
    step.parameters.iter().any(|parameter| matches!(parameter, Parameter::Value(..)))
}

fn misfit(step: &Step, why: &'static str) -> Failure {
    let message = format!("the answer to step {} does not fit the plan", step.name);
    Failure::new(Kind::Bug, message).because(why)
}

fn unasked() -> Failure {
    Failure::new(Kind::Bug, "a plan was answered that had asked nothing")
}
