"""Turns of Django's `TransactionTestCase`: a mark before its fixtures are loaded, a rewind instead of a flush.

Invariants: a class of `TestCase`, which rolls back by itself, lies between a mark and a rewind, for what it took from
sequences and what was committed beside its transaction; a turn that somebody else began, such as the plugin of
pytest, is ended by them; databases that are no slots are flushed by Django as ever.
"""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any, Callable

from django.db import connections
from django.test import TestCase, TransactionTestCase

from .errors import Refused, SeedbedWarning
from .errors import is_told as __tracebackhide__  # noqa: F401
from .turn import Turn, Use, beside, marks

if TYPE_CHECKING:
    from .django import Databases

# Those whose tests are brought back by rewinding, while they are.
IN_USE: list[Databases] = []


def rewind_instead_of_flush() -> None:
    """Has `TransactionTestCase` take turns, once for the life of the process."""
    if getattr(TransactionTestCase, "_seedbed", False):
        return
    TransactionTestCase._seedbed = True  # type: ignore[attr-defined]  # noqa: SLF001
    set_up = TransactionTestCase.__dict__["_fixture_setup"]
    tear_down = TransactionTestCase.__dict__["_fixture_teardown"]
    eager = isinstance(set_up, classmethod)
    original: Callable[[Any], Any] = set_up.__func__ if eager else set_up

    @functools.wraps(original)
    def _fixture_setup(test: Any) -> None:
        _begin(test)
        original(test)

    @functools.wraps(tear_down)
    def _fixture_teardown(self: Any) -> None:
        others = _end(self)
        if others:
            self._databases_names = lambda include_mirrors=True: others
            try:
                tear_down(self)
            finally:
                del self._databases_names

    leave = TransactionTestCase.tearDownClass.__func__  # type: ignore[attr-defined]

    @functools.wraps(leave)
    def leave_class(cls: Any) -> None:
        databases, _ = _databases_of(cls)
        turn = databases.worker.turn if databases else None
        if turn is not None and turn.owner is IN_USE:
            # It was set up for a test that then was skipped.
            _end(cls)
        leave(cls)

    enter = TestCase._enter_atomics.__func__  # type: ignore[attr-defined]  # noqa: SLF001

    @functools.wraps(enter)
    def _enter_atomics(cls: Any) -> Any:
        databases, _ = _databases_of(cls)
        if databases is not None and databases.worker.turn is None and not _in_transaction(databases):
            cls._seedbed_class = OfClass.begun(databases, cls)
        atomics = enter(cls)
        turn = databases.worker.turn if databases else None
        if databases is not None and turn is not None and turn.use.readonly:
            # Nothing is left of it to judge by; the savepoint's end is the end of this as well.
            for alias in databases.aliases & set(atomics):
                with connections[alias].cursor() as cursor:
                    cursor.execute("SET TRANSACTION READ ONLY")
        return atomics

    leave_atomics = TestCase._rollback_atomics.__func__  # type: ignore[attr-defined]  # noqa: SLF001

    @functools.wraps(leave_atomics)
    def _rollback_atomics(cls: Any, atomics: Any) -> None:
        leave_atomics(cls, atomics)
        begun = cls.__dict__.get("_seedbed_class")
        if begun is not None and not _in_transaction(begun.databases):
            cls._seedbed_class = None
            begun.end()

    TestCase._enter_atomics = classmethod(_enter_atomics)  # type: ignore[attr-defined]  # noqa: SLF001
    TestCase._rollback_atomics = classmethod(_rollback_atomics)  # type: ignore[attr-defined]  # noqa: SLF001
    TransactionTestCase.tearDownClass = classmethod(leave_class)  # type: ignore[assignment]
    TransactionTestCase._fixture_setup = classmethod(_fixture_setup) if eager else _fixture_setup  # type: ignore[attr-defined]  # noqa: SLF001
    TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[attr-defined]  # noqa: SLF001


class OfClass:
    """The databases of a class whose tests roll back, from before its transaction until after it."""

    def __init__(self, databases: Databases, name: str) -> None:
        self.databases = databases
        self.name = name
        self._layers = len(databases.worker.layers)
        self._mark, self._others = marks(databases.worker, name)

    @staticmethod
    def begun(databases: Databases, cls: type) -> OfClass | None:
        """One, if going back costs little and nobody is in a transaction, in which it is not needed."""
        if databases.worker.lease().lane != "rewind":
            return None
        try:
            return OfClass(databases, _name(cls))
        except Refused as error:
            if error.code != "writer_open":
                raise
            return None

    def end(self) -> None:
        """Takes back what its rollback left."""
        worker = self.databases.worker
        if not worker.usable:
            return
        built = len(worker.layers) > self._layers
        worker.layers.finish_from(self._layers)
        told = beside(self.name, worker.back_to(self._mark, self.name))
        for lease, mark in self._others:
            told += beside(self.name, worker.watched(lambda lease=lease, mark=mark: lease.rewind(mark)))  # type: ignore[misc]
        for warning in [] if built else told:
            warnings.warn(SeedbedWarning(warning), stacklevel=1)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _in_transaction(databases: Databases) -> bool:
    return any(connections[alias].in_atomic_block for alias in databases.aliases)


def _databases_of(test: Any) -> tuple[Databases | None, list[str]]:
    """The slots among a test's databases, and the names of the others."""
    names = test._databases_names(include_mirrors=False)  # noqa: SLF001
    for databases in IN_USE:
        if databases.aliases & set(names):
            return databases, [name for name in names if name not in databases.aliases]
    return None, names


def _begin(test: Any) -> None:
    databases, _ = _databases_of(test)
    if databases is None or databases.worker.turn is not None:
        return
    worker, running = databases.worker, databases.worker.running
    kind = test if isinstance(test, type) else type(test)
    name = running.test if running else _name(kind)
    turn = Turn(worker, name, running.use if running else Use())
    turn.owner = IN_USE


def _end(test: Any) -> list[str]:
    """Takes back what a test did. The names of databases that are none of ours."""
    databases, others = _databases_of(test)
    if databases is None:
        return others
    for alias in databases.aliases:
        connection = connections[alias]
        if connection.connection is not None and not (connection.get_autocommit() and not connection.in_atomic_block):
            connection.close()
    turn, running = databases.worker.turn, databases.worker.running
    if turn is None or turn.owner is not IN_USE:
        # Whoever began it, such as the plugin's fixture, ends it.
        return others
    failed = bool(running and running.failed())
    verdict = turn.finish(failed)
    if running is not None:
        running.tell(verdict)
        return others
    for warning in verdict.warnings:
        warnings.warn(SeedbedWarning(warning), stacklevel=1)
    if verdict.faults:
        raise AssertionError("\n".join(verdict.faults))
    return others
