//! The return to a mark. First round trip: who is in the way, what no trigger
//! sees, what the journal says. Second: the undo. Sequences are set back on
//! the way.
//!
//! For each table all touched rows are deleted before any is inserted, so
//! exchanged unique values and exclusion constraints need no order; foreign
//! keys and user triggers are silent under the replica role, so tables need
//! none either. How many rows go and come is known from the journal and
//! checked.

use std::mem;
use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Answer, Call, Complaint, Session, Value};
use tokio::time::sleep;

use super::catalog::fields;
use super::control::{Control, Forget};
use super::lease::Journal;
use super::mark::Mark;
use super::probe::Probe;
use super::relation::Statements;
use super::sessions::{self, SessionInfo};

/// Sessions may come into the way again while others are ended.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(2);
/// A journal that only holds what is undone is truncated above this size,
/// where reading the dead rows costs more than a new file.
const TRUNCATE_BYTES: u64 = 256 * 1024;
/// One that also holds what an outer mark needs is vacuumed each time it grew
/// by this much.
const VACUUM_BYTES: u64 = 1024 * 1024;

/// The journal has an entry of a table that it does not list.
const UNKNOWN: &str = "the journal names a table that was not baked";

/// What came of a rewind.
#[derive(Debug)]
pub enum Rewound {
    /// The database is as it was at the mark.
    Done {
        /// Tables whose rows were touched.
        tables: usize,
        /// Rows deleted and inserted.
        rows: u64,
        /// Sessions that stood in the way and were ended.
        ended: Vec<SessionInfo>,
        /// Sessions inside a transaction that holds nothing; left alone.
        readers: Vec<SessionInfo>,
    },
    /// It cannot be brought there and must be replaced.
    Replace {
        /// A phrase for people.
        why: String,
    },
}

/// What one attempt found.
enum Attempt {
    Done { tables: usize, rows: u64, readers: Vec<SessionInfo> },
    InTheWay(Vec<SessionInfo>),
    Replace(String),
}

/// A row of `difference.sql`: what happened to one table.
pub(super) struct Difference {
    pub(super) rel: String,
    pub(super) keys: Value,
    pub(super) before: Value,
    pub(super) before_hashes: Value,
    pub(super) before_counts: Value,
    pub(super) before_rows: u64,
    pub(super) after_hashes: Value,
    pub(super) after_counts: Value,
    pub(super) after_rows: u64,
}

impl Difference {
    pub(super) fn read(row: Vec<Value>) -> Result<Self> {
        let [
            rel,
            keys,
            before,
            before_hashes,
            before_counts,
            before_rows,
            after_hashes,
            after_counts,
            after_rows,
        ] = fields(row)?;
        let number = |value: &Value| {
            let number = value.as_text().and_then(|text| text.parse().ok());
            number.ok_or_else(|| Failure::new(Kind::Bug, "the journal counts no rows"))
        };
        Ok(Self {
            rel: rel.as_text().unwrap_or_default().to_owned(),
            before_rows: number(&before_rows)?,
            after_rows: number(&after_rows)?,
            keys,
            before,
            before_hashes,
            before_counts,
            after_hashes,
            after_counts,
        })
    }
}

impl Journal {
    /// Brings the database back to a mark and forgets the marks after it.
    /// Sessions survive, except those in the way.
    ///
    /// # Errors
    /// `Kind::Refused` for a mark of another lease or one that is gone.
    /// Whatever else goes wrong ends in [`Rewound::Replace`].
    pub async fn rewind(&mut self, mark: &Mark) -> Result<Rewound> {
        let depth = self.depth(mark)?;
        if let Some(why) = &self.spoiled {
            return Ok(Rewound::Replace { why: why.clone() });
        }
        // Holds if this future is dropped half-way.
        self.spoiled = Some("a rewind was interrupted".to_owned());
        let mut ended = Vec::new();
        let mut attempt = 1;
        let why = loop {
            match self.attempt(depth, attempt == 1).await {
                Ok(Attempt::Done { tables, rows, readers }) => {
                    self.marks.truncate(depth + 1);
                    self.rows_undone += rows;
                    self.rewinds += 1;
                    self.spoiled = None;
                    return Ok(Rewound::Done { tables, rows, ended, readers });
                }
                Ok(Attempt::InTheWay(others)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    if let Err(failure) = sessions::end(&self.control.session, &others).await {
                        break told(&failure);
                    }
                    if others.is_empty() {
                        sleep(PAUSE).await;
                    }
                    ended.extend(others);
                }
                Ok(Attempt::InTheWay(_)) => {
                    break "sessions of the test keep coming into the way".to_owned();
                }
                Ok(Attempt::Replace(why)) => break why,
                Err(failure) => break told(&failure),
            }
        };
        self.spoiled = Some(why.clone());
        Ok(Rewound::Replace { why })
    }

    async fn attempt(&mut self, depth: usize, may_truncate: bool) -> Result<Attempt> {
        match self.undo(depth, may_truncate).await {
            Ok(Attempt::Done { tables, rows, readers }) => {
                Ok(Attempt::Done { tables, rows, readers })
            }
            Ok(other) => {
                self.control.roll_back().await?;
                Ok(other)
            }
            Err(failure) => {
                if self.control.session.is_closed() {
                    return Err(failure);
                }
                self.control.roll_back().await?;
                // Such as a sequence that was dropped, or a prepared transaction
                // that holds the journal.
                let standing = &self.marks[depth];
                let probe = self.probe(&standing.xid).await?;
                match probe.obstacle(&standing.vitals) {
                    Some(why) => Ok(Attempt::Replace(why)),
                    // lock_not_available, deadlock_detected
                    None if Complaint::is(&failure, "55P03")
                        || Complaint::is(&failure, "40P01") =>
                    {
                        Ok(Attempt::InTheWay(self.control.in_the_way().await?))
                    }
                    None => Err(failure),
                }
            }
        }
    }

    /// Leaves the transaction open unless it is done.
    async fn undo(&mut self, depth: usize, may_truncate: bool) -> Result<Attempt> {
        let control = &self.control;
        let session = &control.session;
        let standing = &self.marks[depth];
        let xid = &standing.xid;
        // Under the lock, or an entry could be undone and not forgotten.
        let mut calls =
            vec![Control::call(&control.probe, &[xid]), Control::call(&control.difference, &[xid])];
        calls.extend(self.sequences.reset(&standing.sequences));
        let mut answers = control.begin(calls).await?.into_iter();
        let mut next = || answers.next().map(|answer| answer.rows).unwrap_or_default();
        let mut probe = Probe::read(next().pop())?;
        let differences: Result<Vec<Difference>> =
            next().into_iter().map(Difference::read).collect();
        let differences = differences?;

        if let Some(why) = probe.obstacle(&standing.vitals) {
            return Ok(Attempt::Replace(why));
        }
        let (in_the_way, readers): (Vec<_>, Vec<_>) =
            mem::take(&mut probe.others).into_iter().partition(SessionInfo::is_in_the_way);
        if !in_the_way.is_empty() {
            return Ok(Attempt::InTheWay(in_the_way));
        }
        let mut plans = Vec::with_capacity(differences.len());
        for difference in &differences {
            let Some(relation) = self.relations.get_mut(&difference.rel) else {
                return Ok(Attempt::Replace(UNKNOWN.to_owned()));
            };
            if let Some(why) = relation.obstacle(session).await? {
                return Ok(Attempt::Replace(why));
            }
            plans.push((difference, relation.identified, relation.statements(session).await?));
        }
        let undo = Undo { plans: &plans };
        let truncate = may_truncate && !probe.older && probe.bytes > TRUNCATE_BYTES;
        let forget = if truncate {
            Forget::All
        } else if probe.newer {
            Forget::After(xid)
        } else {
            Forget::Nothing
        };
        let answers = control.commit(undo.calls(), forget).await?;
        if !undo.is_exact(&answers) {
            return Ok(Attempt::Replace("the journal does not fit the rows it describes".into()));
        }
        if truncate {
            self.vacuumed_bytes = 0;
        } else if probe.bytes > self.vacuumed_bytes + VACUUM_BYTES {
            self.vacuumed_bytes = vacuum(session).await?;
        }
        let mut rows = 0;
        for it in &differences {
            let touched = it.before_rows + it.after_rows;
            rows += touched;
            if let Some(relation) = self.relations.get_mut(&it.rel) {
                relation.wear.add(touched);
            }
        }
        Ok(Attempt::Done { tables: differences.len(), rows, readers })
    }
}

/// The statements of one undo.
struct Undo<'a> {
    plans: &'a [(&'a Difference, bool, Statements)],
}

impl<'a> Undo<'a> {
    fn calls(&self) -> Vec<Call<'a>> {
        let mut calls = Vec::new();
        for (it, identified, statements) in self.plans {
            if it.after_rows > 0 {
                let parameters: &[&Value] = if *identified {
                    &[&it.keys]
                } else {
                    &[&it.keys, &it.after_hashes, &it.after_counts]
                };
                calls.push(Control::call(&statements.remove, parameters));
            }
            if it.before_rows > 0 {
                let parameters: &[&Value] =
                    if *identified { &[&it.before] } else { &[&it.before, &it.before_counts] };
                calls.push(Control::call(&statements.restore, parameters));
            }
        }
        calls
    }

    /// Whether as many rows went and came as the journal says.
    fn is_exact(&self, answers: &[Answer]) -> bool {
        let expected = self.plans.iter().flat_map(|(it, ..)| [it.after_rows, it.before_rows]);
        let expected = expected.filter(|rows| *rows > 0);
        expected.zip(answers).all(|(rows, answer)| rows == answer.affected)
    }
}

/// Frees the space of undone entries; returns the size that is left.
async fn vacuum(session: &Session) -> Result<u64> {
    session.batch("VACUUM seedbed_journal.entry").await?;
    let size = session.value("SELECT pg_table_size('seedbed_journal.entry')").await?;
    Ok(size.and_then(|size| size.parse().ok()).unwrap_or(0))
}

/// Why, without what a message of the server may hold of a row.
fn told(failure: &Failure) -> String {
    match Complaint::of(failure) {
        Some(complaint) => format!("the undo was refused (SQLSTATE {})", complaint.code),
        None => failure.chain(),
    }
}
