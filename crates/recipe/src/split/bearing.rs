//! How a statement bears on the transaction around it.

use super::head::Head;

/// What a statement means for running its file in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// Nothing.
    None,
    /// Opens or ends a transaction itself.
    Controls,
    /// The server refuses it inside a transaction (`PreventInTransactionBlock`).
    Excludes,
}

impl Bearing {
    pub(crate) fn of(head: &Head<'_>) -> Self {
        if controls(head) {
            Self::Controls
        } else if excludes(head) {
            Self::Excludes
        } else {
            Self::None
        }
    }
}

fn controls(head: &Head<'_>) -> bool {
    if head.is_one(0, &["ROLLBACK", "ABORT"]) {
        let next = 1 + usize::from(head.is_one(1, &["WORK", "TRANSACTION"]));
        return !head.is(next, "TO");
    }
    head.is_one(0, &["BEGIN", "COMMIT", "END"])
        || head.is_one(0, &["START", "PREPARE"]) && head.is(1, "TRANSACTION")
}

fn excludes(head: &Head<'_>) -> bool {
    let concurrently = |from| head.find(from, &["CONCURRENTLY"]).is_some();
    if head.is(0, "CREATE") {
        return head.is_one(1, &["DATABASE", "TABLESPACE"])
            || head.has(1, &["INDEX", "CONCURRENTLY"])
            || head.has(1, &["UNIQUE", "INDEX", "CONCURRENTLY"])
            || head.is(1, "SUBSCRIPTION") && creates_slot(head);
    }
    if head.is(0, "DROP") {
        return head.is_one(1, &["DATABASE", "TABLESPACE", "SUBSCRIPTION"])
            || head.has(1, &["INDEX", "CONCURRENTLY"]);
    }
    if head.is(0, "ALTER") {
        return head.is(1, "SYSTEM")
            || head.is(1, "DATABASE") && head.find(2, &["SET", "TABLESPACE"]).is_some()
            || head.is(1, "TABLE")
                && head.find(2, &["DETACH", "PARTITION"]).is_some_and(&concurrently);
    }
    if head.is(0, "REINDEX") {
        // The outline of REINDEX includes its options in parentheses.
        return concurrently(1)
            || (1..head.tokens.len()).any(|at| {
                head.is_one(at, &["DATABASE", "SYSTEM", "SCHEMA"])
                    && !head.is_one(at - 1, &["TABLE", "INDEX"])
            });
    }
    if head.is(0, "CLUSTER") {
        // Without a table: bare, VERBOSE or options in parentheses.
        return (1..head.tokens.len())
            .all(|at| head.is(at, "VERBOSE") || "()".contains(head.at(at)));
    }
    head.is(0, "VACUUM") || head.has(0, &["DISCARD", "ALL"])
}

/// `CREATE SUBSCRIPTION` makes a replication slot unless told not to; the
/// outline includes its options, and `pg_dump` writes `connect = false`.
fn creates_slot(head: &Head<'_>) -> bool {
    !(1..head.tokens.len())
        .any(|at| head.is_one(at, &["connect", "create_slot"]) && head.is(at + 2, "false"))
}
