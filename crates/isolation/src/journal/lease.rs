//! The journal of one leased database: opened once, used for as long as the
//! lease lasts. Marks live in this process; what they stand on is in the
//! database. Who loses the control connection loses the marks, because a
//! server that crashed has emptied unlogged tables.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, Target, Value};

use crate::lock::{APPLICATION, CONNECT_WAIT};

use super::control::Control;
use super::mark::{Mark, Standing};
use super::probe::Probe;
use super::relation::Relation;
use super::rights;
use super::saved::Layer;
use super::sequence::{SequenceReader, Sequences};
use super::wear::Wear;

/// Whether a database can be rewound.
pub enum Rewindable {
    /// It can.
    Yes(Box<Journal>),
    /// It cannot, and why: a phrase for people.
    No(String),
}

/// The undo journal of one database, with its marks.
pub struct Journal {
    pub(super) control: Control,
    pub(super) relations: HashMap<String, Relation>,
    pub(super) sequences: SequenceReader,
    /// The stack of marks, outermost first.
    pub(super) marks: Vec<Standing>,
    /// What the probe said when the journal was opened.
    pub(super) vitals_at_open: String,
    /// Why no rewind is possible any more.
    pub(super) spoiled: Option<String>,
    pub(super) rows_undone: u64,
    pub(super) rewinds: u64,
    pub(super) wear: Wear,
    /// Size of the journal after it was last vacuumed, in bytes.
    pub(super) vacuumed_bytes: u64,
    number: u64,
    next_mark: u64,
}

impl Journal {
    /// Connects to the leased database and looks whether its journal and the
    /// role's rights are enough.
    ///
    /// # Errors
    /// Those of [`Session::connect`] and [`Session::batch`].
    pub async fn open(target: &Target) -> Result<Rewindable> {
        let session = Session::connect(target, APPLICATION, CONNECT_WAIT).await?;
        if let Some(why) = rights::refusal(&session, &target.user).await? {
            session.close().await;
            return Ok(Rewindable::No(why));
        }
        let control = Control::open(session).await?;
        let relations = Relation::all(&control.session).await?.into_iter().collect();
        let sequences = SequenceReader::open(&control.session).await?;
        // Several journals of one process must not take each other's marks.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mut journal = Self {
            control,
            relations,
            sequences,
            marks: Vec::new(),
            vitals_at_open: String::new(),
            spoiled: None,
            rows_undone: 0,
            rewinds: 0,
            wear: Wear::default(),
            vacuumed_bytes: 0,
            number: COUNT.fetch_add(1, Ordering::Relaxed),
            next_mark: 0,
        };
        let probe = journal.probe(&Value::text("0")).await?;
        journal.vitals_at_open = probe.vitals;
        Ok(Rewindable::Yes(Box::new(journal)))
    }

    /// Says goodbye to the server.
    pub async fn close(self) {
        self.control.session.close().await;
    }

    /// Looks at what no trigger sees, outside a transaction.
    pub(super) async fn probe(&self, xid: &Value) -> Result<Probe> {
        let call = Control::call(&self.control.probe, &[xid]);
        let mut answers = self.control.session.pipeline(&[call]).await?;
        Probe::read(answers.pop().and_then(|mut answer| answer.rows.pop()))
    }

    /// Puts a mark on the stack.
    pub(super) fn push(
        &mut self,
        xid: Value,
        sequences: Sequences,
        vitals: String,
        layer: Option<Arc<Layer>>,
    ) -> Mark {
        let mark = Mark { journal: self.number, number: self.next_mark };
        self.next_mark += 1;
        self.marks.push(Standing { mark: mark.clone(), xid, sequences, vitals, layer });
        mark
    }

    /// Where a mark stands on the stack.
    pub(super) fn depth(&self, mark: &Mark) -> Result<usize> {
        if mark.journal != self.number {
            return Err(Failure::new(Kind::Refused, "the mark belongs to another lease")
                .hint("use the mark that this lease returned"));
        }
        self.marks.iter().position(|standing| standing.mark == *mark).ok_or_else(|| {
            Failure::new(Kind::Refused, "the mark is gone: the lease was rewound to an earlier one")
                .hint("take a new mark")
        })
    }
}
