"""One test's turn on the database: a mark before it, a rewind after it, and what the rewind tells about the test.

Invariant: whatever the rewind tells, the books are in order before anybody is told.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from .errors import Refused
from .errors import is_told as __tracebackhide__  # noqa: F401
from .identity import application_name

if TYPE_CHECKING:
    from .lease import Kept, Lease, Mark, Rewound
    from .worker import Worker


@dataclass(frozen=True)
class Use:
    """How a test uses the database. `lane` is empty where the worker's counts; `readonly` tests fail if they wrote;
    `keep` keeps the database of a failed one; one that is not `marked` is in the transaction of its class (Django's
    `TestCase`); one that `rolls_back` does so by itself, and what is there after that was not meant to be."""

    lane: str = ""
    readonly: bool = False
    keep: bool = False
    marked: bool = True
    rolls_back: bool = False
    # Where its wishes are written: on the class of `seedbed.unittest`, else in pytest's marker.
    of_class: bool = False

    def line(self, wish: str) -> str:
        """A line to paste, for a wish such as `readonly = False`."""
        if self.of_class:
            return f"seedbed_{wish}"
        return f"@pytest.mark.seedbed({wish.replace(' ', '')})"


@dataclass(frozen=True)
class Running:
    """The test that a runner is running, for those who begin its turn in the runner's stead."""

    test: str
    use: Use
    failed: Callable[[], bool]
    tell: Callable[[Verdict], None]


@dataclass
class Verdict:
    """What is to be told after a turn: `faults` make the test fail, `warnings` do not."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    kept: Kept | None = None


class Turn:
    """The turn of the test called `test`, which begins here."""

    def __init__(self, worker: Worker, test: str, use: Use) -> None:
        self.worker = worker
        self.test = test
        self.use = use
        self.name = application_name(test)
        # Who is to end it, where that is not the caller.
        self.owner: object = None
        worker.prepare(use.lane)
        lease = worker.lease()
        self._layers = len(worker.layers)
        self.mark, self._others = lease.first, list[tuple["Lease", "Mark"]]()
        self._marked = use.marked
        if use.marked and use.rolls_back:
            # On the others going back costs more than such a test.
            self._marked = lease.lane == "rewind" and not django_in_transaction()
        if self._marked:
            try:
                self.mark, self._others = marks(worker, test)
            except Refused as error:
                if error.code != "writer_open" or not use.rolls_back:
                    raise
                self._marked = False
        if lease.lane == "rewind" and self.mark.depth > self._layers:
            # More states below than layers: something was written that nothing builds again.
            worker.unshared = True
        os.environ["PGAPPNAME"] = self.name
        worker.turn = self

    def finish(self, failed: bool = False) -> Verdict:
        """Takes back what the test did."""
        worker, verdict = self.worker, Verdict()
        if os.getpid() != worker.pid:
            # A fork that outlives its test's body: the parent has the turn.
            return verdict
        worker.turn = None
        # Of one that has rolled back there is nothing to be kept.
        keep = failed and self.use.keep and not self.use.rolls_back
        worker.connection.give_back(commit=keep)
        if not worker.usable:
            return verdict
        if not self._marked:
            return verdict
        built = len(worker.layers) > self._layers
        broken: Exception | None = None
        try:
            worker.layers.finish_from(self._layers)
        except Exception as error:
            broken = error
        rewound = self._rewound(keep)
        for lease, mark in self._others:
            self._judge(verdict, _back_to(worker, lease, mark, self.test), built)
        verdict.kept = rewound.kept
        if rewound.marks_lost:
            worker.unshared = False
        self._judge(verdict, rewound, built)
        if rewound.marks_lost and not worker.finished_lost and self.mark.depth:
            verdict.warnings.append(
                "what fixtures of a wider scope wrote is gone from the database and cannot be built again"
                f"{': ' + rewound.why if rewound.why else ''}; build it "
                + ("in setUpClass" if self.use.of_class else 'in a fixture with @seedbed.shared(scope="module")')
                + ", which is then called again"
            )
        worker.rest()
        if broken is not None:
            raise broken
        return verdict

    def _rewound(self, keep: bool) -> Rewound:
        worker = self.worker
        try:
            return worker.back_to(self.mark, self.test, keep)
        except Refused as error:
            if error.code != "unknown_mark":
                raise
        # The test itself went back to a mark below its own: what was shared is gone as well.
        worker.layers.finish_from(0)
        return worker.back_to(worker.lease().first, self.test, keep)

    def _judge(self, verdict: Verdict, rewound: Rewound, built: bool) -> None:
        if rewound.committed:
            verdict.faults.append(
                f"{self.test} is on the lane rollback, but committed something (it has been taken back)\n"
                "  " + self.use.line('lane = "rewind"') + "   # a test that may commit\n"
                "  db.rollback()   # or leave the transaction open"
            )
        replaced = rewound.replaced and rewound.kept is None and self.worker.lease().lane != "clone"
        if self.use.readonly and (rewound.tables or rewound.rows or replaced) and not rewound.committed:
            wrote = (
                f"wrote {rewound.rows} rows in {rewound.tables} tables" if rewound.tables else "changed the database"
            )
            why = f": {rewound.why}" if rewound.why else ""
            verdict.faults.append(
                f"{self.test} is marked readonly, but {wrote}{why} (it has been taken back)\n"
                f"  {self.use.line('readonly = False')}   # a test that may write"
            )
        if self.use.rolls_back and not built:
            verdict.warnings.extend(beside(self.test, rewound))
        for session in rewound.ended:
            # One of a pool has the name of the test in which it was opened.
            opened = "opened in " if "::" in session.application and session.application != self.name else ""
            verdict.warnings.append(
                f"{self.test} left a session open that held a {session.holds}: "
                f"{opened}{session.application or 'unnamed'} "
                f"(role {session.role}, pid {session.pid}); it was ended. Commit, roll back or close it in the test"
            )


def marks(worker: Worker, test: str) -> tuple[Mark, list[tuple[Lease, Mark]]]:
    """Marks the worker's database, and those of its companions.

    Raises Refused with the code `writer_open` while a session is in a transaction that has written.
    """
    lease = worker.lease()
    mark = worker.watched(lambda: lease.mark(test))
    return mark, [(other, _mark(worker, other, test)) for other in worker.companions]


def beside(test: str, rewound: Rewound) -> list[str]:
    """What to tell about something that rolled back by itself, and left rows all the same."""
    if not rewound.rows or rewound.replaced:
        return []
    return [
        f"{test} is rolled back by Django, but {rewound.rows} rows in {rewound.tables} tables were committed beside "
        "its transaction: by a thread, by another connection, or by a fixture of a wider scope that was asked for "
        "while it ran; they have been taken back. A test that commits is a TransactionTestCase, or "
        "@pytest.mark.django_db(transaction=True)"
    ]


def django_in_transaction() -> bool:
    """Whether a transaction of Django's is open, a wider fixture's or the test's, which a rewind would end."""
    from django.db import connections

    return any(connection.in_atomic_block for connection in connections.all(initialized_only=True))


def _mark(worker: Worker, lease: Lease, test: str) -> Mark:
    return worker.watched(lambda: lease.mark(test))


def _back_to(worker: Worker, lease: Lease, mark: Mark, test: str) -> Rewound:
    return worker.watched(lambda: lease.rewind(mark, test))
