"""The statements around statements: savepoints and transactions of our own."""

from __future__ import annotations

from ..errors import CannotMake

# The name is ours; a savepoint of the same name that the caller has stays as it is.
SAVEPOINT = "SAVEPOINT seedbed"
RELEASE = "RELEASE SAVEPOINT seedbed"
ROLLBACK_TO = "ROLLBACK TO SAVEPOINT seedbed"

VERBS = {
    "begin": "BEGIN ISOLATION LEVEL READ COMMITTED",
    "commit": "COMMIT",
    "rollback": "ROLLBACK",
}


def aborted() -> CannotMake:
    """The caller's transaction has failed before."""
    return CannotMake(
        "the transaction on this connection has failed, and takes no statement until it is rolled back",
        hints=["connection.rollback()", "with connection.transaction(): …   # around a statement that may fail"],
    )
