//! The control connection of a lease and the statements it has parsed.
//!
//! Whatever changes a mark's state later takes the journal in EXCLUSIVE mode:
//! who has written there is done before, who has not yet waits and comes
//! after. So a commit that races a rewind is either undone or still there, and
//! in the journal.

use seedbed_api::Result;
use seedbed_db::{Call, Prepared, Session, Value};

use super::catalog::fields;
use super::sessions::SessionInfo;

/// Entries after the mark `$1`, written by younger transactions. `age` counts
/// right where 32-bit transaction ids have wrapped around.
const AFTER: &str = "age(xmin) < (SELECT age($1::text::xid))";
/// Entries after `$1` and up to `$2`; NULL for the beginning.
const BETWEEN: &str = "($1::text IS NULL OR age(xmin) < (SELECT age($1::text::xid))) \
    AND age(xmin) >= (SELECT age($2::text::xid))";

/// One connection, used by nobody else.
pub(super) struct Control {
    pub(super) session: Session,
    lockers: String,
    pub(super) begin: Prepared,
    pub(super) commit: Prepared,
    pub(super) xid: Prepared,
    pub(super) sessions: Prepared,
    pub(super) probe: Prepared,
    pub(super) lock: Prepared,
    pub(super) difference: Prepared,
    pub(super) layer: Prepared,
    pub(super) forget: Prepared,
    pub(super) forget_all: Prepared,
}

impl Control {
    /// Parses the statements on a session that `rights` prepared.
    pub(super) async fn open(session: Session) -> Result<Self> {
        let database = "SELECT oid FROM pg_database WHERE datname = current_database()";
        let database = session.value(database).await?.unwrap_or_default();
        let of_database = |sql: &str| sql.replace("{database}", &database);
        let difference = include_str!("sql/difference.sql");
        let statements = [
            "BEGIN".to_owned(),
            "COMMIT".to_owned(),
            "SELECT pg_current_xact_id()::xid::text".to_owned(),
            of_database(include_str!("sql/sessions.sql")),
            of_database(include_str!("sql/probe.sql")),
            "LOCK TABLE seedbed_journal.entry IN EXCLUSIVE MODE NOWAIT".to_owned(),
            difference.replace("{span}", AFTER),
            difference.replace("{span}", BETWEEN),
            format!("DELETE FROM seedbed_journal.entry WHERE {AFTER}"),
            "TRUNCATE seedbed_journal.entry".to_owned(),
        ];
        let [begin, commit, xid, sessions, probe, lock, difference, layer, forget, forget_all] =
            fields(session.prepare(&statements).await?)?;
        let lockers = of_database(include_str!("sql/lockers.sql"));
        Ok(Self {
            session,
            lockers,
            begin,
            commit,
            xid,
            sessions,
            probe,
            lock,
            difference,
            layer,
            forget,
            forget_all,
        })
    }

    /// A call.
    pub(super) fn call<'a>(statement: &'a Prepared, parameters: &[&'a Value]) -> Call<'a> {
        Call { statement, parameters: parameters.to_vec() }
    }

    /// Sessions that hold a lock which a rewind needs, or a transaction.
    pub(super) async fn in_the_way(&self) -> Result<Vec<SessionInfo>> {
        let lockers = self.session.prepare(&[&self.lockers]).await?;
        let calls = [&self.sessions].into_iter().chain(&lockers);
        let calls: Vec<_> = calls.map(|statement| Self::call(statement, &[])).collect();
        let mut found: Vec<SessionInfo> = Vec::new();
        for answer in self.session.pipeline(&calls).await? {
            for row in answer.rows {
                let other = SessionInfo::read(&row)?;
                if other.is_in_the_way() && found.iter().all(|known| known.pid != other.pid) {
                    found.push(other);
                }
            }
        }
        Ok(found)
    }

    /// Gives up whatever transaction is open.
    pub(super) async fn roll_back(&self) -> Result<()> {
        self.session.batch("ROLLBACK").await
    }
}
