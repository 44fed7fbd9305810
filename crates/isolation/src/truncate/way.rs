//! What keeps a reset from its tables: sessions of the test, and transactions
//! that were prepared and left.

use std::collections::BTreeSet;

use seedbed_api::Result;

use super::emptier::{Emptier, call};
use super::relation::Oid;
use crate::journal::{SessionInfo, fields};

/// What an attempt wants, for who is in the way of it.
#[derive(Default)]
pub(super) struct Wanted {
    /// Tables to be truncated.
    pub(super) truncated: BTreeSet<Oid>,
    /// Tables that lose or get rows, or whose triggers are switched.
    pub(super) others: BTreeSet<Oid>,
}

impl Emptier {
    /// Rolls back what was prepared and left, which holds locks.
    pub(super) async fn roll_back_prepared(&self) -> Result<()> {
        let query =
            "SELECT quote_literal(gid) FROM pg_prepared_xacts WHERE database = current_database()";
        for row in self.session.rows(query).await? {
            let [gid] = fields(row)?;
            let statement = format!("ROLLBACK PREPARED {}", gid.unwrap_or_default());
            self.session.batch(&statement).await?;
        }
        Ok(())
    }

    /// Sessions that hold a lock which the attempt wanted, or a transaction.
    pub(super) async fn in_the_way(&self, wanted: &Wanted) -> Result<Vec<SessionInfo>> {
        let list = |rels: &BTreeSet<Oid>| {
            let rels: Vec<String> = rels.iter().map(Oid::to_string).collect();
            rels.join(",")
        };
        let lockers = include_str!("sql/lockers.sql")
            .replace("{database}", &self.database)
            .replace("{truncated}", &list(&wanted.truncated))
            .replace("{others}", &list(&wanted.others));
        let lockers = self.session.prepare(&[lockers]).await?;
        let calls = [&self.statements.sessions].into_iter().chain(&lockers).map(call);
        let calls: Vec<_> = calls.collect();
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
}
