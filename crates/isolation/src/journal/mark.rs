//! Marks: states to come back to. A mark is a transaction id, because every
//! entry of the journal carries the id of its writer for free; it is refused
//! while another writer is open, whose changes would count as older.

use std::time::Duration;

use seedbed_api::Result;
use seedbed_db::Value;
use tokio::time::{Instant, sleep};

use super::control::Control;
use super::lease::Journal;
use super::probe::Probe;
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
    pub(super) layer: Option<std::sync::Arc<super::saved::Layer>>,
}

impl Journal {
    /// Marks the state as it is now, one round trip (two where a sequence was
    /// never called).
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
        let nothing = Value::text("0");
        // The id first: who is not seen by then gets a younger one.
        let calls = [
            Control::call(&control.begin, &[]),
            Control::call(&control.xid, &[]),
            Control::call(&control.sessions, &[]),
            Control::call(&control.probe, &[&nothing]),
            self.sequences.now(),
            Control::call(&control.commit, &[]),
        ];
        let [_, mut xid, sessions, mut probe, mut sequences, _] =
            super::catalog::fields(control.session.pipeline(&calls).await?)?;
        let others: Result<Vec<SessionInfo>> =
            sessions.rows.iter().map(|row| SessionInfo::read(row)).collect();
        let mut busy = others?;
        busy.retain(|other| other.holds == Holds::Transaction);
        let probe = Probe::read(probe.rows.pop())?;
        if probe.prepared {
            busy.push(SessionInfo::prepared());
        }
        if !busy.is_empty() {
            return Ok(Err(busy));
        }
        let state = sequences.rows.pop().unwrap_or_default();
        let session = &control.session;
        let Some(sequences) = self.sequences.read(session, state).await? else {
            return Ok(Err(Vec::new()));
        };
        let xid = xid.rows.pop().and_then(|mut row| row.pop()).unwrap_or_default();
        Ok(Ok(self.push(xid, sequences, probe.vitals)))
    }
}
