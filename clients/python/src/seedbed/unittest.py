"""`seedbed.unittest.TestCase`: the worker's database for tests of the standard library's runner, and of pytest.

    class CartTest(seedbed.unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            cls.products = cls.shared_make.products.list(3)     # there in each test

        def test_pay(self):
            self.db.execute("...")

Invariant: a test's mark is set before its `setUp` and rewound after its last clean-up, whether or not a subclass calls
`super()`; what `setUpClass` committed lies below the marks of the class's tests, and is taken back after the last.
"""

from __future__ import annotations

import sys
import unittest
import warnings
from typing import TYPE_CHECKING, Any

from .errors import SeedbedWarning
from .errors import is_told as __tracebackhide__  # noqa: F401
from .turn import Turn, Use
from .worker import current

if TYPE_CHECKING:
    from .handle import Handle
    from .make import Make
    from .scenario import Scenarios


class _Shared:
    """`shared_make` of a class: rows that are committed, for `setUpClass`."""

    def __get__(self, instance: object, owner: type[Isolated]) -> Make:
        if not owner._sharing:  # noqa: SLF001 - of this file.
            # Whoever only looks at a class, as pytest does when it collects, must not be leased a database.
            raise AttributeError("shared_make is there once super().setUpClass() was called")
        from .make import Make

        return Make(current().lease())


class _Seen:
    """A runner's result, which counts nothing in some of them, and whether the test failed."""

    def __init__(self, result: Any) -> None:
        self._result = result
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        known = getattr(self._result, name)
        if name in ("addError", "addFailure"):
            self.failed = True
        elif name == "addSubTest":
            return self._sub_test
        return known

    def _sub_test(self, test: Any, part: Any, error: Any) -> None:
        self.failed = self.failed or error is not None
        self._result.addSubTest(test, part, error)


class Isolated:
    """What both kinds of test cases are made of."""

    #: The lane its tests want: `rewind`, `clone`, `truncate`, `rollback`; the worker's if empty.
    seedbed_lane = ""
    #: Its tests fail if they wrote.
    seedbed_readonly = False
    #: The databases of its failed tests are kept.
    seedbed_keep = False

    #: For `setUpClass`: makes rows that are committed.
    shared_make = _Shared()

    _sharing = False
    _lost = False
    _turn: Turn | None = None
    _seen: _Seen | None = None
    _makes: Any = None

    if TYPE_CHECKING:
        addClassCleanup: Any  # noqa: N815
        addCleanup: Any  # noqa: N815
        fail: Any
        id: Any
        _outcome: Any

    @classmethod
    def setUpClass(cls) -> None:
        """Begins what the tests of the class share."""
        worker = current()
        worker.prepare(cls.seedbed_lane)
        cls._sharing, cls._lost = True, False
        cls.addClassCleanup(lambda: setattr(cls, "_sharing", False))
        layer = worker.layers.lay(f"{cls.__module__}.{cls.__qualname__}", lambda: setattr(cls, "_lost", True))
        cls.addClassCleanup(lambda: worker.layers.lift(layer))
        super().setUpClass()  # type: ignore[misc]

    def run(self, result: Any = None) -> Any:
        """Runs the test between its mark and its rewind."""
        if _skipped(self):
            return super().run(result)  # type: ignore[misc]
        if result is None:
            result = unittest.TestResult()
        worker = current()
        # pytest has heard of its options and markers besides.
        use = worker.running.use if worker.running else self.seedbed_use()
        test = worker.running.test if worker.running else self.id()
        try:
            if self._lost:
                self._set_up_class_again()
            self._turn = Turn(worker, test, use)
        except Exception:
            result.startTest(self)
            result.addError(self, sys.exc_info())
            result.stopTest(self)
            return result
        self._seen = _Seen(result)
        # The first clean-up is called last, and what it raises is the test's own.
        self.addCleanup(self._end)
        try:
            super().run(self._seen)  # type: ignore[misc]
        finally:
            turn, self._turn, self._seen, self._makes = self._turn, None, None, None
            if turn is not None:
                # Interrupted.
                turn.finish()
        return result

    @classmethod
    def seedbed_use(cls) -> Use:
        """How its tests use the database."""
        return Use(cls.seedbed_lane, cls.seedbed_readonly, cls.seedbed_keep, of_class=True)

    @property
    def seedbed(self) -> Handle:
        """The worker's database: url, mark(), rewind(), keep(), connect(), make."""
        from .handle import Handle

        return Handle(current())

    @property
    def db(self) -> Any:
        """The worker's connection, rolled back after the test."""
        turn = self._turn
        if turn is None:
            raise AttributeError("db is there while a test runs; in setUpClass use shared_make")
        kept = turn.worker.connection
        return kept.borrowed if kept.borrowed is not None else kept.lend(turn.name, turn.use.readonly)

    @property
    def make(self) -> Make:
        """Makes rows: in the transaction of `db` if the test has used it or is on the lane rollback, else committed."""
        from .make import Make

        worker = current()
        make = Make(worker.lease())
        return make.on(self.db) if worker.connection.lent or worker.lease().lane == "rollback" else make

    @property
    def scenario(self) -> Scenarios:
        """Named graphs of rows, each built once in a test."""
        from .scenario import Scenarios

        if self._makes is None:
            self._makes = Scenarios(self.make)
        scenarios: Scenarios = self._makes
        return scenarios

    @classmethod
    def _set_up_class_again(cls) -> None:
        """What the class's tests share is gone from the database: it is built anew."""
        kind: Any = cls
        kind.tearDownClass()
        kind.doClassCleanups()
        kind.setUpClass()

    def _end(self) -> None:
        turn, self._turn = self._turn, None
        if turn is None:
            return
        verdict = turn.finish(self._has_failed())
        if turn.worker.running is not None:
            turn.worker.running.tell(verdict)
            return
        for warning in verdict.warnings:
            warnings.warn(SeedbedWarning(warning), stacklevel=1)
        if verdict.kept is not None:
            warnings.warn(SeedbedWarning(f"kept: seedbed kept open {verdict.kept.name}"), stacklevel=1)
        if verdict.faults:
            self.fail("\n".join(verdict.faults))

    def _has_failed(self) -> bool:
        # Until Python 3.10 a result is told after the clean-ups only.
        told = getattr(self._outcome, "errors", ())
        return any(error is not None for _, error in told) or bool(self._seen and self._seen.failed)


class TestCase(Isolated, unittest.TestCase):
    """A test case whose tests use the worker's database."""


class IsolatedAsyncioTestCase(Isolated, unittest.IsolatedAsyncioTestCase):
    """The same for tests that are coroutines: `async with await self.seedbed.connect_async() as connection`."""


def _skipped(case: Any) -> bool:
    method = getattr(case, case._testMethodName, None)  # noqa: SLF001 - unittest asks the same.
    return bool(getattr(type(case), "__unittest_skip__", False) or getattr(method, "__unittest_skip__", False))


__all__ = ["IsolatedAsyncioTestCase", "TestCase"]
