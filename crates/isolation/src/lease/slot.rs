//! One slot: a database under a stable name, the stack of marks of its current
//! lease, and the ways back to one of them.
//!
//! *Invariants*: the lowest mark is the template's state. A database is handed
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
use super::strangers::end_strangers;
use super::supply::Supply;

/// So many fresh clones are tried when somebody writes into each.
const FRESH_ATTEMPTS: u32 = 5;
/// So many fresh clones are tried for what a mark stands for.
const REDO_ATTEMPTS: u32 = 3;

/// What can take changes back.
enum Undo {
    Journal(Box<Journal>),
    Emptier(Box<Emptier>),
    /// Nothing, and why.
    Nothing(String),
}

/// A mark on the stack.
struct Standing {
    id: MarkId,
    journal: Option<journal::Mark>,
    saved: Option<Saved>,
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
        self.stack.first().map(|standing| standing.id.name()).unwrap_or_default()
    }

    /// Begins a lease: the database is as the template. Another's traces are
    /// taken back first; there are none after [`Slot::finish`].
    pub(crate) async fn begin(&mut self, supply: &Supply, lease: LeaseId) -> Result<Returned> {
        let returned = self.go_to(supply, 0, Lane::Rewind).await?;
        self.lease = lease;
        self.next_mark = 0;
        for standing in &mut self.stack {
            standing.id = MarkId { lease, count: self.next_mark };
            self.next_mark += 1;
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
        self.go_to(supply, 0, lane).await
    }

    /// Marks the state as it is now.
    pub(crate) async fn mark(&mut self) -> Result<Set> {
        if let Some(why) = &self.unsound {
            return Err(ProblemCode::ServerGone
                .failure(format!("the database of {} must be replaced: {why}", self.number.name()))
                .hint("seedbed rewind"));
        }
        let (journal, saved) = self.undo.mark().await?;
        let redoable = saved.is_some();
        let id = MarkId { lease: self.lease, count: self.next_mark };
        self.next_mark += 1;
        self.stack.push(Standing { id, journal, saved });
        Ok(Set { mark: id.name(), depth: self.stack.len() - 1, redoable })
    }

    /// Goes back to a mark, the latest if none is named; marks after it are
    /// forgotten.
    pub(crate) async fn rewind(
        &mut self,
        supply: &Supply,
        mark: Option<&str>,
        lane: Lane,
    ) -> Result<Returned> {
        let at = self.find(mark)?;
        self.go_to(supply, at, lane).await
    }

    /// Quarantines the database as `kept` and goes on with another one at a
    /// mark.
    pub(crate) async fn keep(
        &mut self,
        supply: &Supply,
        mark: Option<&str>,
        kept: &str,
        keepsake: Keepsake,
    ) -> Result<Returned> {
        let at = self.find(mark)?;
        let why = "the database was kept".to_owned();
        self.disconnect(&why).await;
        supply.set_aside(&self.target.database, kept, keepsake).await?;
        self.continue_at(supply, at, why).await
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

    fn find(&self, mark: Option<&str>) -> Result<usize> {
        let Some(text) = mark else { return Ok(self.stack.len().saturating_sub(1)) };
        let id = MarkId::parse(text, self.lease)?;
        self.stack.iter().position(|standing| standing.id == id).ok_or_else(|| {
            ProblemCode::UnknownMark
                .failure(format!("there is no mark {text}: the lease went back to an earlier one"))
                .hint("seedbed mark")
        })
    }

    async fn go_to(&mut self, supply: &Supply, at: usize, lane: Lane) -> Result<Returned> {
        let undone = match (self.unsound.take(), lane) {
            (Some(why), _) => Undone::Impossible { why, evidence: false },
            (None, Lane::Clone) => {
                Undone::Impossible { why: "the lane is `clone`".to_owned(), evidence: false }
            }
            (None, Lane::Rewind | Lane::Truncate | Lane::Rollback) => {
                // Holds if this is dropped half-way.
                self.unsound = Some("a reset was interrupted".to_owned());
                let undone = self.undo_to(at).await;
                self.unsound = None;
                undone
            }
        };
        match undone {
            Undone::Done { tables, rows, ended, readers } => {
                self.stack.truncate(at + 1);
                let mark = self.stack[at].id.name();
                Ok(Returned { mark, tables, rows, ended, readers, ..Returned::default() })
            }
            Undone::Impossible { why, evidence } => {
                self.disconnect(&why).await;
                supply.replace(&self.target.database).await?;
                let returned = self.continue_at(supply, at, why).await?;
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
                Ok(Reset::Replace { why }) => Undone::Impossible { why, evidence: true },
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
    async fn continue_at(&mut self, supply: &Supply, at: usize, why: String) -> Result<Returned> {
        let mut returned = Returned { replaced: true, why: Some(why), ..Returned::default() };
        let best = self.stack.iter().take(at + 1).rposition(|standing| standing.saved.is_some());
        let best = best.unwrap_or(0);
        self.unsound = Some("a replacement was interrupted".to_owned());
        self.connect().await?;
        if self.redo(supply, best).await? {
            self.stack.truncate(best + 1);
            returned.marks_lost = best < at;
        } else {
            self.stand_at_template(supply).await?;
            returned.marks_lost = at > 0;
        }
        self.unsound = None;
        returned.mark = self.stack.last().map(|standing| standing.id.name()).unwrap_or_default();
        Ok(returned)
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
                Ok((journal, saved)) if self.is_fresh(saved.as_ref()) => {
                    // Those above are forgotten only now: if this fails, the
                    // next attempt can still build them again.
                    let first = self.stack.first().map(|standing| standing.id);
                    let id = first.unwrap_or(MarkId { lease: self.lease, count: 0 });
                    self.stack = vec![Standing { id, journal, saved }];
                    self.next_mark = self.next_mark.max(id.count + 1);
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
    fn is_fresh(&mut self, saved: Option<&Saved>) -> bool {
        if !matches!(self.undo, Undo::Journal(_)) {
            return true;
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
