//! One slot: a database under a stable name, the stack of marks of its current
//! lease, and the ways back to one of them.
//!
//! *Invariants*: the lowest mark is the template's state (where nothing can
//! tell, the database is replaced for each lease). A database is handed
//! out only after it went back to that mark, or was replaced. Whatever fails
//! half-way leaves the slot unsound, and an unsound slot is replaced before it
//! is used again.

use seedbed_api::lease::{Lane, ProblemCode};
use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, Target};

use crate::journal::{self, Journal, Marked, Rewindable, Rewound, Saved, SessionInfo};
use crate::truncate::{Emptiable, Emptier, Reset};
use crate::{Finish, Keepsake};

use super::identity::{LeaseId, MarkId, SlotNumber};
use super::names::Names;
use super::strangers::end_strangers;
use super::supply::Supply;

/// So many fresh clones are tried when somebody writes into each.
const FRESH_ATTEMPTS: u32 = 5;
/// So many fresh clones are tried for what a mark stands for.
const REDO_ATTEMPTS: u32 = 3;

/// Why a database was replaced that a person wants to look at.
const KEPT: &str = "the database was kept";

/// What can take changes back.
enum Undo {
    Journal(Box<Journal>),
    Emptier(Box<Emptier>),
    /// Nothing, and why.
    Nothing(String),
}

/// A state on the stack, and the marks that stand for it.
struct Standing {
    names: Names,
    journal: Option<journal::Mark>,
    saved: Option<Saved>,
}

/// Where a lease goes back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// Place on the stack.
    at: usize,
    /// Number of the mark.
    name: u64,
}

/// One slot.
pub(crate) struct Slot {
    number: SlotNumber,
    /// The database, as the service connects to it.
    target: Target,
    finish: Finish,
    undo: Undo,
    lease: LeaseId,
    stack: Vec<Standing>,
    next_mark: u64,
    /// What the first fresh clone was like.
    template: Option<Saved>,
    /// Why the database must be replaced before it is used again.
    unsound: Option<String>,
}

/// What came of a return to a mark.
#[derive(Debug, Default)]
pub(crate) struct Returned {
    pub(crate) mark: String,
    pub(crate) replaced: bool,
    pub(crate) marks_lost: bool,
    pub(crate) why: Option<String>,
    /// Whether `why` is the test's doing.
    pub(crate) evidence: bool,
    pub(crate) tables: usize,
    pub(crate) rows: u64,
    pub(crate) ended: Vec<SessionInfo>,
    pub(crate) readers: Vec<SessionInfo>,
}

/// A mark that was set.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) mark: String,
    pub(crate) depth: usize,
    pub(crate) redoable: bool,
}

/// What one attempt to undo came to.
enum Undone {
    Done { tables: usize, rows: u64, ended: Vec<SessionInfo>, readers: Vec<SessionInfo> },
    Impossible { why: String, evidence: bool },
}

impl Undo {
    /// Marks the state as it is now, and keeps what leads to it.
    async fn mark(&mut self) -> Result<(Option<journal::Mark>, Option<Saved>)> {
        let Self::Journal(journal) = self else { return Ok((None, None)) };
        match journal.mark().await? {
            Marked::Busy(sessions) => Err(busy(&sessions)),
            Marked::Set(mark) => {
                let saved = journal.saved(&mark).await?;
                Ok((Some(mark), saved))
            }
        }
    }
}

impl Slot {
    /// A slot whose database will be made when it is first needed.
    pub(crate) fn new(number: SlotNumber, target: Target, finish: Finish) -> Self {
        let why = "it was not made yet".to_owned();
        Self {
            number,
            target,
            finish,
            undo: Undo::Nothing(why.clone()),
            lease: LeaseId { slot: number, count: 0 },
            stack: Vec::new(),
            next_mark: 0,
            template: None,
            unsound: Some(why),
        }
    }

    /// Name of the database.
    pub(crate) fn database(&self) -> &str {
        &self.target.database
    }

    /// Why the database cannot be undone, if so and if that is known.
    pub(crate) fn obstacle(&self) -> Option<&str> {
        match &self.undo {
            Undo::Nothing(why) if self.unsound.is_none() => Some(why),
            Undo::Nothing(_) | Undo::Journal(_) | Undo::Emptier(_) => None,
        }
    }

    /// The lease it is on, or was on last.
    pub(crate) fn lease(&self) -> LeaseId {
        self.lease
    }

    /// The lowest mark.
    pub(crate) fn base(&self) -> String {
        self.stack.first().map(|standing| self.name(standing.names.first())).unwrap_or_default()
    }

    fn name(&self, count: u64) -> String {
        MarkId { lease: self.lease, count }.name()
    }

    /// Begins a lease: the database is as the template. Another's traces are
    /// taken back first; there are none after [`Slot::finish`].
    pub(crate) async fn begin(&mut self, supply: &Supply, lease: LeaseId) -> Result<Returned> {
        let returned = self.go_to(supply, self.template_goal(), Lane::Rewind).await?;
        self.lease = lease;
        self.next_mark = 1;
        if let Some(standing) = self.stack.first_mut() {
            standing.names = Names::one(0);
        }
        Ok(returned)
    }

    /// Ends a lease: no session is left and the database is as the template.
    /// Where nothing can take changes back, and so nothing would tell whether
    /// somebody came later, the next lease replaces the database anyway.
    pub(crate) async fn finish(&mut self, supply: &Supply, lane: Lane) -> Result<Returned> {
        if self.finish == Finish::Plain {
            self.unsound.get_or_insert_with(|| "its lease has ended".to_owned());
            return Ok(Returned::default());
        }
        // A replacement ends them as well.
        if let (None, Some(session)) = (&self.unsound, self.session())
            && let Err(failure) = end_strangers(session).await
        {
            self.unsound = Some(failure.chain());
        }
        self.go_to(supply, self.template_goal(), lane).await
    }

    /// Marks the state as it is now.
    pub(crate) async fn mark(&mut self) -> Result<Set> {
        if let Some(why) = &self.unsound {
            return Err(ProblemCode::ServerGone
                .failure(format!("the database of {} must be replaced: {why}", self.number.name()))
                .hint("seedbed rewind"));
        }
        let count = self.next_mark;
        if !self.joins_top().await? {
            let (journal, saved) = self.undo.mark().await?;
            let top =
                self.stack.last_mut().filter(|top| journal.is_some() && top.journal == journal);
            match top {
                Some(top) => top.names.add(count),
                None => self.stack.push(Standing { names: Names::one(count), journal, saved }),
            }
        } else if let Some(top) = self.stack.last_mut() {
            top.names.add(count);
        }
        self.next_mark += 1;
        let depth = self.stack.len() - 1;
        let redoable = depth == 0 || self.stack[depth].saved.is_some();
        Ok(Set { mark: self.name(count), depth, redoable })
    }

    /// Whether, without a journal, the state is known to be the template's.
    async fn joins_top(&mut self) -> Result<bool> {
        match &mut self.undo {
            Undo::Emptier(emptier) if self.stack.len() == 1 => {
                Ok(emptier.dirty().await?.is_empty())
            }
            Undo::Emptier(_) | Undo::Journal(_) | Undo::Nothing(_) => Ok(false),
        }
    }

    /// The template's state.
    fn template_goal(&self) -> Goal {
        Goal { at: 0, name: self.stack.first().map_or(0, |standing| standing.names.first()) }
    }

    /// Goes back to a mark, the latest if none is named; marks after it are
    /// forgotten.
    pub(crate) async fn rewind(
        &mut self,
        supply: &Supply,
        mark: Option<&str>,
        lane: Lane,
    ) -> Result<Returned> {
        let goal = self.find(mark)?;
        self.go_to(supply, goal, lane).await
    }

    /// Quarantines the database as `kept`. The slot goes on with
    /// [`Slot::resume`].
    pub(crate) async fn part_with(
        &mut self,
        supply: &Supply,
        mark: Option<&str>,
        kept: &str,
        keepsake: Keepsake,
    ) -> Result<Goal> {
        let goal = self.find(mark)?;
        self.disconnect(KEPT).await;
        supply.set_aside(&self.target.database, kept, keepsake).await?;
        Ok(goal)
    }

    /// Goes on with the fresh database that took the kept one's place.
    pub(crate) async fn resume(&mut self, supply: &Supply, goal: Goal) -> Result<Returned> {
        self.continue_at(supply, goal, KEPT.to_owned()).await
    }

    /// Whether dead rows should be cleared away.
    pub(crate) fn is_worn(&self) -> bool {
        matches!(&self.undo, Undo::Journal(journal) if journal.is_worn())
    }

    /// Clears dead rows away. What fails shows itself at the next reset.
    pub(crate) async fn refresh(&mut self) {
        if let (Undo::Journal(journal), None) = (&mut self.undo, &self.unsound) {
            let _ = journal.refresh().await;
        }
    }

    /// Gives the connection back.
    pub(crate) async fn close(&mut self) {
        self.disconnect("the service ends").await;
    }

    fn find(&self, mark: Option<&str>) -> Result<Goal> {
        let Some(text) = mark else {
            let name = self.stack.last().map_or(0, |standing| standing.names.latest());
            return Ok(Goal { at: self.stack.len().saturating_sub(1), name });
        };
        let name = MarkId::parse(text, self.lease)?.count;
        let at = self.stack.iter().position(|standing| standing.names.has(name));
        at.map(|at| Goal { at, name }).ok_or_else(|| {
            ProblemCode::UnknownMark
                .failure(format!("there is no mark {text}: the lease went back to an earlier one"))
                .hint("seedbed mark")
        })
    }

    async fn go_to(&mut self, supply: &Supply, goal: Goal, lane: Lane) -> Result<Returned> {
        let undone = match (self.unsound.take(), lane) {
            (Some(why), _) => Undone::Impossible { why, evidence: false },
            (None, Lane::Clone) => {
                Undone::Impossible { why: "the lane is `clone`".to_owned(), evidence: false }
            }
            (None, Lane::Rewind | Lane::Truncate | Lane::Rollback) => {
                // Holds if this is dropped half-way.
                self.unsound = Some("a reset was interrupted".to_owned());
                let undone = self.undo_to(goal.at).await;
                self.unsound = None;
                undone
            }
        };
        match undone {
            Undone::Done { tables, rows, ended, readers } => {
                self.forget_after(goal);
                let mark = self.name(goal.name);
                Ok(Returned { mark, tables, rows, ended, readers, ..Returned::default() })
            }
            Undone::Impossible { why, evidence } => {
                self.disconnect(&why).await;
                supply.replace(&self.target.database).await?;
                let returned = self.continue_at(supply, goal, why).await?;
                Ok(Returned { evidence, ..returned })
            }
        }
    }

    async fn undo_to(&mut self, at: usize) -> Undone {
        match &mut self.undo {
            Undo::Nothing(why) => Undone::Impossible { why: why.clone(), evidence: false },
            Undo::Journal(journal) => {
                let Some(mark) = self.stack.get(at).and_then(|standing| standing.journal.clone())
                else {
                    let why = "the mark does not stand in the journal".to_owned();
                    return Undone::Impossible { why, evidence: false };
                };
                match journal.rewind(&mark).await {
                    Ok(Rewound::Done { tables, rows, ended, readers }) => {
                        Undone::Done { tables, rows, ended, readers }
                    }
                    Ok(Rewound::Replace { why }) => {
                        Undone::Impossible { why, evidence: !journal.session().is_closed() }
                    }
                    Err(failure) => Undone::Impossible { why: failure.chain(), evidence: false },
                }
            }
            Undo::Emptier(emptier) if at == 0 => match emptier.reset().await {
                Ok(Reset::Done { tables, rows, ended, readers }) => {
                    Undone::Done { tables, rows, ended, readers }
                }
                Ok(Reset::Replace { why }) => {
                    Undone::Impossible { why, evidence: !emptier.session().is_closed() }
                }
                Err(failure) => Undone::Impossible { why: failure.chain(), evidence: false },
            },
            Undo::Emptier(_) => Undone::Impossible {
                why: "the truncate lane goes back to the template only".to_owned(),
                evidence: false,
            },
        }
    }

    /// On a fresh database: builds the state up to a mark again, as far as
    /// that is possible.
    async fn continue_at(&mut self, supply: &Supply, goal: Goal, why: String) -> Result<Returned> {
        let at = goal.at;
        let mut returned = Returned { replaced: true, why: Some(why), ..Returned::default() };
        let best = self.stack.iter().take(at + 1).rposition(|standing| standing.saved.is_some());
        let best = best.unwrap_or(0);
        self.unsound = Some("a replacement was interrupted".to_owned());
        self.connect().await?;
        if self.redo(supply, best).await? {
            self.stack.truncate(best + 1);
            returned.marks_lost = best < at;
            if best == at {
                self.forget_after(goal);
            }
        } else {
            self.stand_at_template(supply).await?;
            returned.marks_lost = at > 0;
            if at == 0 {
                self.forget_after(goal);
            }
        }
        self.unsound = None;
        let latest = self.stack.last().map_or(0, |standing| standing.names.latest());
        returned.mark = self.name(latest);
        Ok(returned)
    }

    /// Forgets the marks after one.
    fn forget_after(&mut self, goal: Goal) {
        self.stack.truncate(goal.at + 1);
        if let Some(standing) = self.stack.last_mut() {
            standing.names.forget_after(goal.name);
        }
    }

    async fn replace(&mut self, supply: &Supply, why: &str) -> Result<()> {
        self.disconnect(why).await;
        supply.replace(&self.target.database).await?;
        self.connect().await
    }

    /// Whether the marks up to `best` stand again; if not, the database is
    /// a fresh clone. Somebody who writes into it spoils an attempt.
    async fn redo(&mut self, supply: &Supply, best: usize) -> Result<bool> {
        if best == 0 {
            return Ok(false);
        }
        for _ in 0..REDO_ATTEMPTS {
            if self.try_redo(best).await {
                return Ok(true);
            }
            // Half of it may be there.
            self.replace(supply, "a redo failed").await?;
        }
        Ok(false)
    }

    async fn try_redo(&mut self, best: usize) -> bool {
        let Undo::Journal(journal) = &mut self.undo else { return false };
        let Some(saved) = self.stack[best].saved.clone() else { return false };
        let Ok(marks) = journal.redo(&saved).await else { return false };
        if marks.len() != best + 1 {
            return false;
        }
        for (standing, mark) in self.stack.iter_mut().zip(marks) {
            standing.journal = Some(mark);
        }
        true
    }

    async fn connect(&mut self) -> Result<()> {
        self.undo = match self.finish {
            Finish::Plain => Undo::Nothing("the template holds no undo journal".to_owned()),
            Finish::Journal => match Journal::open(&self.target).await? {
                Rewindable::Yes(journal) => Undo::Journal(journal),
                Rewindable::No(why) => Undo::Nothing(why),
            },
            Finish::Truncate => match Emptier::open(&self.target).await? {
                Emptiable::Yes(emptier) => Undo::Emptier(emptier),
                Emptiable::No(why) => Undo::Nothing(why),
            },
        };
        Ok(())
    }

    async fn disconnect(&mut self, why: &str) {
        let undo = std::mem::replace(&mut self.undo, Undo::Nothing(why.to_owned()));
        self.unsound = Some(why.to_owned());
        match undo {
            Undo::Journal(journal) => journal.close().await,
            Undo::Emptier(emptier) => emptier.close().await,
            Undo::Nothing(_) => {}
        }
    }

    /// Sets the lowest mark on a fresh clone, under the name it had. Whoever
    /// had the slot's URL may have written before we came: such a clone is
    /// not the template, and the next one is taken.
    async fn stand_at_template(&mut self, supply: &Supply) -> Result<()> {
        for _ in 0..FRESH_ATTEMPTS {
            match self.undo.mark().await {
                Ok((journal, saved)) if self.is_fresh(saved.as_ref()).await => {
                    // Those above are forgotten only now: if this fails, the
                    // next attempt can still build them again.
                    let names = self.stack.first().map(|standing| standing.names.clone());
                    let names = names.unwrap_or_else(|| Names::one(0));
                    self.next_mark = self.next_mark.max(names.latest() + 1);
                    self.stack = vec![Standing { names, journal, saved }];
                    return Ok(());
                }
                Err(failure) if failure.code() != Some(ProblemCode::WriterOpen) => {
                    return Err(failure);
                }
                Ok(_) | Err(_) => {}
            }
            self.replace(supply, "somebody wrote into the fresh database").await?;
        }
        let slot = self.number.name();
        Err(Failure::new(
            Kind::Timeout,
            format!("somebody keeps writing into {slot} between leases"),
        )
        .hint("seedbed ps --connections"))
    }

    /// Whether a mark on a fresh clone is the template's state.
    async fn is_fresh(&mut self, saved: Option<&Saved>) -> bool {
        match &mut self.undo {
            Undo::Journal(_) => {}
            Undo::Emptier(emptier) => {
                return emptier.dirty().await.is_ok_and(|dirty| dirty.is_empty());
            }
            Undo::Nothing(_) => return true,
        }
        let fresh = saved.is_some_and(|saved| saved.is_template(self.template.as_ref()));
        if fresh && self.template.is_none() {
            self.template = saved.cloned();
        }
        fresh
    }

    /// The service's own session in the database.
    fn session(&self) -> Option<&Session> {
        match &self.undo {
            Undo::Journal(journal) => Some(journal.session()),
            Undo::Emptier(emptier) => Some(emptier.session()),
            Undo::Nothing(_) => None,
        }
    }
}

fn busy(sessions: &[SessionInfo]) -> Failure {
    let told: Vec<String> = sessions
        .iter()
        .map(|session| match session.pid {
            0 => "a prepared transaction".to_owned(),
            pid => format!("backend {pid} (`{}`)", session.application),
        })
        .collect();
    ProblemCode::WriterOpen
        .failure(format!("a transaction that has written is open: {}", told.join(", ")))
        .hint("commit or roll back before the mark is set")
}
