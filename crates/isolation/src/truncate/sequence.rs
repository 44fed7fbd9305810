//! Sequences: brought back to what they were in the template. They are not
//! transactional and nobody notes their use, so all are compared each time.

use seedbed_api::Result;
use seedbed_db::{Prepared, Session};

use crate::journal::fields;

/// Those that had been called are compared in bulk.
const CALLED: &str = "SELECT setval(q.rel::regclass, q.last, true) FROM seedbed_truncate.sequence q \
    WHERE q.called AND pg_sequence_last_value(q.rel) IS DISTINCT FROM q.last";

/// Statements that bring every sequence back. They take effect at once, also
/// if the transaction around them fails.
pub(super) async fn prepare(session: &Session) -> Result<Vec<Prepared>> {
    let mut branches = Vec::new();
    let query = "SELECT rel, name, last FROM seedbed_truncate.sequence WHERE NOT called";
    for row in session.rows(query).await? {
        let [rel, name, last] = fields(row)?.map(Option::unwrap_or_default);
        branches.push(format!(
            "SELECT {rel}::oid AS rel, {last}::bigint AS template, last_value, is_called FROM {name}"
        ));
    }
    let mut statements = vec![CALLED.to_owned()];
    // Those that had not must be read one by one, or a `setval(s, n, false)`
    // would go unseen.
    if !branches.is_empty() {
        let all = branches.join(" UNION ALL ");
        statements.push(format!(
            "SELECT setval(u.rel::regclass, u.template, false) FROM ({all}) u \
             WHERE u.is_called OR u.last_value <> u.template"
        ));
    }
    session.prepare(&statements).await
}
