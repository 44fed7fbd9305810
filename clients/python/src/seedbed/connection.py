"""The connection that a worker keeps open from test to test, and lends to one at a time.

Invariants: each test finds it idle, with the settings it was opened with and the test's name; nothing that a test left
open on it survives the test; one that a test closed, broke or changed in a way that cannot be undone is opened anew for
the next. A fork of the process neither uses nor ends it.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import Any, Callable

# What a session keeps for itself, undone before the next test. One round trip together with the test's name.
_CLEAN = "RESET ALL; RESET SESSION AUTHORIZATION; UNLISTEN *; CLOSE ALL; DISCARD TEMP; DISCARD SEQUENCES"
# How many statements a test prepared by SQL; the driver's own are not.
_LAST = "SELECT count(*), pg_advisory_unlock_all() FROM pg_prepared_statements WHERE from_sql"

# Attributes of psycopg's connection that a test may set.
_SETTINGS = (
    "autocommit",
    "row_factory",
    "cursor_factory",
    "isolation_level",
    "read_only",
    "deferrable",
    "prepare_threshold",
    "prepared_max",
)

_live: weakref.WeakSet[KeptConnection] = weakref.WeakSet()


class KeptConnection:
    """A connection to what `url()` names at the time it is opened."""

    def __init__(self, url: Callable[[], str], driver: Callable[[], str]) -> None:
        self._url = url
        self._driver = driver
        self._open: Any = None
        self._settings: list[Any] = []
        # What psycopg2's connection had when it was opened.
        self._manners: Any = None
        self.lent = False
        _live.add(self)

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
            else:
                self._manners = _manners(self._open)
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

    def after_fork(self) -> None:
        """In a child: forgets it. The session is the parent's, which a word on its socket would confuse."""
        # The drivers close nothing in another process than the one that opened it.
        self._open = None
        self.lent = False
        parent = os.getppid()

        def refuse() -> str:
            from .errors import LeaseEnded

            raise LeaseEnded(
                f"this database belongs to process {parent}; this is its fork {os.getpid()}",
                code="lease_ended",
                hints=["os._exit(0)   # in the child: its end is not the end of the test"],
            )

        self._url = refuse

    def _clean(self, name: str, readonly: bool) -> bool:
        """Makes it as new; whether it can be used."""
        connection = self._open
        if _closed(connection):
            return False
        statement = f"{_CLEAN}; SET application_name = '{_quoted(name)}'"
        if readonly:
            statement += "; SET default_transaction_read_only = on"
        statement += f"; {_LAST}"
        try:
            if _transaction(connection):
                connection.rollback()
            if not _is_psycopg(connection):
                return _manners(connection) == self._manners and _clean_psycopg2(connection, statement)
            if not _is_plain(connection):
                return False
            for setting, value in zip(_SETTINGS, self._settings):
                if getattr(connection, setting) != value:
                    setattr(connection, setting, value)
            # Not a cursor: it would open a transaction, and count towards prepared statements.
            result = connection.pgconn.exec_(statement.encode())
            # PGRES_TUPLES_OK: the last of the statements.
            return bool(result.status == 2 and result.get_value(0, 0) == b"0")
        except Exception:
            return False


def _clean_psycopg2(connection: Any, statement: str) -> bool:
    connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT", deferrable="DEFAULT", autocommit=True)
    connection.cursor_factory = None
    with connection.cursor() as cursor:
        cursor.execute(statement)
        left = cursor.fetchone()[0]
    connection.autocommit = False
    del connection.notices[:], connection.notifies[:]
    return bool(left == 0)


def _manners(connection: Any) -> Any:
    """How psycopg2 reads and writes on it."""
    return connection.encoding, dict(connection.string_types), dict(connection.binary_types)


def _is_plain(connection: Any) -> bool:
    """Whether psycopg adapts as on a new connection, and calls nobody. (A map that was changed is a copy.)"""
    import psycopg

    mine, theirs = connection.adapters, psycopg.adapters
    shared = all(
        own is usual
        for name in ("_loaders", "_dumpers_by_oid")
        for own, usual in zip(getattr(mine, name), getattr(theirs, name))
    )
    dumpers = all(own is theirs._dumpers[kind] for kind, own in mine._dumpers.items())  # noqa: SLF001
    handlers = connection._notice_handlers or connection._notify_handlers  # noqa: SLF001
    return shared and dumpers and not handlers


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


def _after_fork() -> None:
    for connection in list(_live):
        connection.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
