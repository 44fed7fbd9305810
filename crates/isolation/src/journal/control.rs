//! The control connection of a lease and the statements it has parsed.
//!
//! Whatever changes a mark's state later takes the journal in EXCLUSIVE mode:
//! who has written there is done before, who has not yet waits and comes
//! after. So a commit that races a rewind is either undone or still there, and
//! in the journal.

use seedbed_api::Result;
use seedbed_db::{Answer, Call, Prepared, Session, Value};

use super::catalog::fields;
use super::probe::Probe;
use super::sessions::SessionInfo;

/// Entries after the mark `$1`, written by younger transactions. `age` counts
/// right where 32-bit transaction ids have wrapped around.
const AFTER: &str = "age(xmin) < (SELECT age($1::text::xid))";
/// Entries after `$1` and up to `$2`; NULL for the beginning.
const BETWEEN: &str = "($1::text IS NULL OR age(xmin) < (SELECT age($1::text::xid))) \
    AND age(xmin) >= (SELECT age($2::text::xid))";

/// What the statements of one control connection have in them: OIDs of the
/// database and of the journal's TOAST table, a transaction to count from, and
/// how many prepared transactions the server allows.
const CONSTANTS: &str = "SELECT d.oid, c.reltoastrelid, \
      pg_snapshot_xmin(pg_current_snapshot())::xid, \
      current_setting('max_prepared_transactions') \
    FROM pg_database d, pg_class c \
    WHERE d.datname = current_database() AND c.oid = 'seedbed_journal.entry'::regclass";

/// Whether another session has a transaction id. A statement of its own before
/// the journal is read: within one, who writes could be looked at after the
/// snapshot was taken, and a commit in between be seen by neither. What it saw
/// of other sessions is what later statements of the transaction see of them,
/// the probe too: the server looks once for each transaction.
const WRITERS: &str = "SELECT EXISTS (SELECT FROM pg_stat_get_activity(NULL) s \
      WHERE s.datid = {database} AND s.pid <> pg_backend_pid() \
      AND s.backend_type <> 'autovacuum worker' AND s.backend_xid IS NOT NULL)::text";

const LOCK: &str = "LOCK TABLE seedbed_journal.entry IN EXCLUSIVE MODE NOWAIT";

/// What of the journal is forgotten when a rewind ends.
pub(super) enum Forget<'a> {
    /// There is nothing after the mark.
    Nothing,
    /// What is after the mark with this id.
    After(&'a Value),
    /// Everything, by a new file.
    All,
}

/// One connection, used by nobody else.
pub(super) struct Control {
    pub(super) session: Session,
    lockers: String,
    pub(super) xid: Prepared,
    pub(super) writers: Prepared,
    pub(super) probe: Prepared,
    pub(super) difference: Prepared,
    pub(super) layer: Prepared,
    begin: Prepared,
    lock: Prepared,
    commit: Prepared,
    forget_after: Prepared,
    forget_all: Prepared,
}

impl Control {
    /// Parses the statements on a session that `rights` prepared.
    pub(super) async fn open(session: Session) -> Result<Self> {
        let row = session.rows(CONSTANTS).await?.pop().unwrap_or_default();
        let [database, toast, base, prepared] = fields(row)?.map(Option::unwrap_or_default);
        // Most servers allow none, and a setting of the server stays as it is.
        let prepared = if prepared == "0" {
            "false"
        } else {
            "EXISTS (SELECT FROM pg_prepared_xact() p WHERE p.dbid = {database})"
        };
        let of_database = |sql: &str| {
            sql.replace("{prepared}", prepared)
                .replace("{database}", &database)
                .replace("{toast}", &toast)
                .replace("{base}", &base)
        };
        let difference = include_str!("sql/difference.sql");
        let statements = [
            "SELECT pg_current_xact_id()::xid::text".to_owned(),
            of_database(WRITERS),
            of_database(include_str!("sql/probe.sql")),
            difference.replace("{span}", AFTER),
            difference.replace("{span}", BETWEEN),
            "BEGIN".to_owned(),
            LOCK.to_owned(),
            "COMMIT".to_owned(),
            format!("DELETE FROM seedbed_journal.entry WHERE {AFTER}"),
            "TRUNCATE seedbed_journal.entry".to_owned(),
        ];
        let [xid, writers, probe, difference, layer, begin, lock, commit, forget_after, forget_all] =
            fields(session.prepare(&statements).await?)?;
        let lockers = of_database(include_str!("sql/lockers.sql"));
        Ok(Self {
            session,
            lockers,
            xid,
            writers,
            probe,
            difference,
            layer,
            begin,
            lock,
            commit,
            forget_after,
            forget_all,
        })
    }

    /// Opens a transaction that holds the journal and runs calls in it, in one
    /// round trip. The transaction is left open, after a failure as well.
    pub(super) async fn begin(&self, calls: Vec<Call<'_>>) -> Result<Vec<Answer>> {
        let mut train = vec![Self::call(&self.begin, &[]), Self::call(&self.lock, &[])];
        let own = train.len();
        train.extend(calls);
        let mut answers = self.session.pipeline(&train).await?;
        answers.drain(..own);
        Ok(answers)
    }

    /// Runs calls in the open transaction, forgets and commits, in one round
    /// trip. Where a call fails nothing is committed, and the transaction is
    /// over.
    pub(super) async fn commit(
        &self,
        mut calls: Vec<Call<'_>>,
        forget: Forget<'_>,
    ) -> Result<Vec<Answer>> {
        let count = calls.len();
        match forget {
            Forget::Nothing => {}
            Forget::After(xid) => calls.push(Self::call(&self.forget_after, &[xid])),
            Forget::All => calls.push(Self::call(&self.forget_all, &[])),
        }
        calls.push(Self::call(&self.commit, &[]));
        match self.session.pipeline(&calls).await {
            Ok(mut answers) => {
                answers.truncate(count);
                Ok(answers)
            }
            Err(failure) => {
                // After a failure the server skips the COMMIT. The failure is
                // worth more than what becomes of the rollback.
                let _ = self.roll_back().await;
                Err(failure)
            }
        }
    }

    /// A call.
    pub(super) fn call<'a>(statement: &'a Prepared, parameters: &[&'a Value]) -> Call<'a> {
        Call { statement, parameters: parameters.to_vec() }
    }

    /// Sessions that hold a lock which a rewind needs, or a transaction.
    pub(super) async fn in_the_way(&self) -> Result<Vec<SessionInfo>> {
        let [lockers] = fields(self.session.prepare(&[&self.lockers]).await?)?;
        let nothing = Value::text("0");
        let calls = [Self::call(&self.probe, &[&nothing]), Self::call(&lockers, &[])];
        let [mut probe, lockers] = fields(self.session.pipeline(&calls).await?)?;
        let mut found = Probe::read(probe.rows.pop())?.others;
        found.retain(SessionInfo::is_in_the_way);
        for row in lockers.rows {
            let other = SessionInfo::read(&row)?;
            if found.iter().all(|known| known.pid != other.pid) {
                found.push(other);
            }
        }
        Ok(found)
    }

    /// Gives up whatever transaction is open.
    pub(super) async fn roll_back(&self) -> Result<()> {
        self.session.batch("ROLLBACK").await
    }
}
