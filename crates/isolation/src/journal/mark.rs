//! Marks: states to come back to. A mark is a transaction id, because every
//! entry of the journal carries the id of its writer for free; it is refused
//! while another writer is open, whose changes would count as older.

use std::sync::Arc;
use std::time::Duration;

use seedbed_api::Result;
use seedbed_db::Value;
use tokio::time::{Instant, sleep};

use super::catalog::fields;
use super::control::Control;
use super::lease::Journal;
use super::probe::Probe;
use super::saved::Layer;
use super::sequence::Sequences;
use super::sessions::{Holds, SessionInfo};

/// How long a writer may take to end: a client that hung up has its
/// transaction rolled back a moment later.
const WRITER_WAIT: Duration = Duration::from_millis(50);
const WRITER_PAUSE: Duration = Duration::from_millis(2);

/// A state of one lease. Marks nest: a rewind to one forgets those after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub(super) journal: u64,
    pub(super) number: u64,
}

/// What came of asking for a mark.
#[derive(Debug)]
pub enum Marked {
    /// The mark.
    Set(Mark),
    /// None, because these sessions have written and not committed.
    Busy(Vec<SessionInfo>),
}

/// A mark on the stack.
pub(super) struct Standing {
    pub(super) mark: Mark,
    /// Text of the mark's transaction id, 32 bits.
    pub(super) xid: Value,
    pub(super) sequences: Sequences,
    pub(super) vitals: String,
    /// What happened between the mark below and this one, once it was saved.
    pub(super) layer: Option<Arc<Layer>>,
}

impl Journal {
    /// Marks the state as it is now, one round trip (two where a sequence was
    /// never called). Where no row was written since the mark below (or since
    /// the template, below the first) the mark is [saved](Journal::saved)
    /// already; where no sequence was called either, it is that mark again.
    ///
    /// # Errors
    /// Those of [`seedbed_db::Session::batch`].
    pub async fn mark(&mut self) -> Result<Marked> {
        let deadline = Instant::now() + WRITER_WAIT;
        loop {
            let busy = match self.try_mark().await? {
                Ok(mark) => return Ok(Marked::Set(mark)),
                Err(busy) => busy,
            };
            if Instant::now() > deadline {
                return Ok(Marked::Busy(busy));
            }
            sleep(WRITER_PAUSE).await;
        }
    }

    async fn try_mark(&mut self) -> Result<std::result::Result<Mark, Vec<SessionInfo>>> {
        let control = &self.control;
        let template = Value::text("0");
        let below = self.marks.last().map_or(&template, |standing| &standing.xid);
        // All in one transaction, whose id is the mark's. The id first: who is
        // not seen by then gets a younger one. Who had an older one is a writer
        // when the second statement looks, or done and in what the third reads
        // of the journal, with a snapshot of its own. Whoever writes from then
        // on is younger, and after the mark.
        let calls = [
            Control::call(&control.xid, &[]),
            Control::call(&control.writers, &[]),
            Control::call(&control.probe, &[below]),
            self.sequences.now(),
        ];
        let [mut xid, mut writers, mut probe, mut sequences] =
            fields(control.session.pipeline(&calls).await?)?;
        let writers = writers.rows.pop().and_then(|mut row| row.pop()).unwrap_or_default();
        let probe = Probe::read(probe.rows.pop())?;
        let is_saved = !probe.newer && probe.obstacle(&self.vitals_at_open).is_none();
        let mut busy = probe.others;
        busy.retain(|other| other.holds == Holds::Transaction);
        if probe.prepared {
            busy.push(SessionInfo::prepared());
        }
        if !busy.is_empty() || writers.as_text() != Some("false") {
            return Ok(Err(busy));
        }
        let state = sequences.rows.pop().unwrap_or_default();
        let session = &control.session;
        let Some(sequences) = self.sequences.read(session, state).await? else {
            return Ok(Err(Vec::new()));
        };
        if let Some(top) = self.marks.last()
            && is_saved
            && top.sequences == sequences
            && top.vitals == probe.vitals
        {
            // The same state: one mark for both, or a lease of many tests
            // would pile them up.
            return Ok(Ok(top.mark.clone()));
        }
        let xid = xid.rows.pop().and_then(|mut row| row.pop()).unwrap_or_default();
        let layer = is_saved.then(|| Arc::new(Layer::empty(sequences.clone())));
        Ok(Ok(self.push(xid, sequences, probe.vitals, layer)))
    }
}
