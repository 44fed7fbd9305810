"""The connection that a worker keeps open from test to test, and lends to one at a time.

Invariants: each test finds it idle, with the settings it was opened with and the test's name; nothing that a test left
open on it survives the test; one that a test closed or broke is opened anew for the next.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable

# What a session keeps for itself, undone before the next test. One round trip together with the test's name.
_CLEAN = (
    "RESET ALL; RESET SESSION AUTHORIZATION; UNLISTEN *; CLOSE ALL; DISCARD TEMP; DISCARD SEQUENCES; "
    "SELECT pg_advisory_unlock_all()"
)

# Attributes of psycopg's connection that a test may set.
_SETTINGS = (
    "autocommit",
    "row_factory",
    "cursor_factory",
    "isolation_level",
    "read_only",
    "deferrable",
    "prepare_threshold",
)


class KeptConnection:
    """A connection to what `url()` names at the time it is opened."""

    def __init__(self, url: Callable[[], str], driver: Callable[[], str]) -> None:
        self._url = url
        self._driver = driver
        self._open: Any = None
        self._settings: list[Any] = []
        self.lent = False

    @property
    def borrowed(self) -> Any:
        """The connection while it is lent, else None."""
        return self._open if self.lent else None

    def lend(self, name: str, readonly: bool = False) -> Any:
        """The connection, idle and clean, under this `application_name`."""
        if self._open is not None and not self._clean(name, readonly):
            self.drop()
        if self._open is None:
            self._open = self.another(name)
            if _is_psycopg(self._open):
                self._settings = [getattr(self._open, setting) for setting in _SETTINGS]
            if readonly:
                self._clean(name, readonly)
        self.lent = True
        return self._open

    def another(self, name: str) -> Any:
        """A connection beside it, which is the caller's to close."""
        from .connect import connect

        return connect(self._url(), self._driver(), name)

    def give_back(self, commit: bool = False) -> None:
        """Ends its transaction: rolls it back or, to keep what a failed test wrote, commits it."""
        self.lent = False
        if self._open is None or _closed(self._open):
            return
        try:
            state = _transaction(self._open)
            if state:
                # 2: in a transaction that can still be committed (libpq's PQTRANS_INTRANS).
                self._open.commit() if commit and state == 2 else self._open.rollback()
        except Exception:
            # Broken, in pipeline mode, or in the hands of a thread: what it held ends with it.
            self.drop()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open on it."""
        return self._open is not None and not _closed(self._open) and bool(_transaction(self._open))

    def drop(self) -> None:
        """Closes it, if it is open. The next test gets another one."""
        closing, self._open = self._open, None
        if closing is not None:
            # A driver that cannot even close has nothing open.
            with contextlib.suppress(Exception):
                closing.close()

    def _clean(self, name: str, readonly: bool) -> bool:
        """Makes it as new; whether it can be used."""
        connection = self._open
        if _closed(connection):
            return False
        statement = f"{_CLEAN}; SET application_name = '{_quoted(name)}'"
        if readonly:
            statement += "; SET default_transaction_read_only = on"
        try:
            if _transaction(connection):
                connection.rollback()
            if not _is_psycopg(connection):
                return _clean_psycopg2(connection, statement)
            for setting, value in zip(_SETTINGS, self._settings):
                if getattr(connection, setting) != value:
                    setattr(connection, setting, value)
            # Not a cursor: it would open a transaction, and count towards prepared statements.
            result = connection.pgconn.exec_(statement.encode())
            # PGRES_COMMAND_OK and PGRES_TUPLES_OK.
            return result.status in (1, 2)
        except Exception:
            return False


def _clean_psycopg2(connection: Any, statement: str) -> bool:
    connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT", deferrable="DEFAULT", autocommit=True)
    connection.cursor_factory = None
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.autocommit = False
    return True


def _is_psycopg(connection: Any) -> bool:
    return hasattr(connection, "pgconn")


def _closed(connection: Any) -> bool:
    return bool(connection.closed) or bool(getattr(connection, "broken", False))


def _transaction(connection: Any) -> int:
    """libpq's PGTransactionStatusType: 0 is idle."""
    if _is_psycopg(connection):
        return int(connection.pgconn.transaction_status)
    return int(connection.get_transaction_status())


def _quoted(name: str) -> str:
    return name.replace("'", "''")
