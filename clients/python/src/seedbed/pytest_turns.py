"""Turns of pytest's tests: begun and ended by a fixture, told about in reports.

Invariant: an error of ours is told without the lines of this package that raised it.
"""

from __future__ import annotations

import warnings
from inspect import isgeneratorfunction
from typing import TYPE_CHECKING, Any, Callable, TypeVar

import pytest

from .errors import SeedbedError, SeedbedWarning
from .pytest_items import LATE, USE, begin, join
from .pytest_worker import worker_of
from .turn import Running, Turn, Use, Verdict

if TYPE_CHECKING:
    from collections.abc import Generator

    from .worker import Worker

T = TypeVar("T")

_FAILED = pytest.StashKey[bool]()
_KEPT = pytest.StashKey[str]()
_NAME = "seedbed-turns"


def told(ask: Callable[[], T]) -> T:
    """What `ask` answers; an error of Seedbed's fails the test in its own words."""
    try:
        return ask()
    except SeedbedError as error:
        said = f"seedbed: {error}"
    pytest.fail(said, pytrace=False)


def turn_of(item: pytest.Item, worker: Worker) -> Generator[Turn, None, None]:
    """The turn of a test, to be yielded by a fixture."""
    running = Turns.registered(item.config).running(item)
    if worker.turn is not None:
        # Begun by Django's class, before its fixtures were loaded; it ends it as well.
        yield worker.turn
        return
    turn = told(lambda: Turn(worker, running.test, running.use))
    yield turn
    running.tell(told(lambda: turn.finish(running.failed())))


class Turns:
    """Hooks that are needed once a test uses the database."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.item: pytest.Item | None = None
        # Whether also tests that did not say so may use the database.
        self.every = False

    @classmethod
    def registered(cls, config: pytest.Config) -> Turns:
        """Registers them, once."""
        known = config.pluginmanager.get_plugin(_NAME)
        if known is None:
            known = cls(config)
            config.pluginmanager.register(known, _NAME)
        assert isinstance(known, cls)
        return known

    def running(self, item: pytest.Item) -> Running:
        """The test that begins."""
        item.stash[_FAILED] = False

        def failed() -> bool:
            # Django's and unittest's classes end within the call, of which there is no report yet.
            return item.stash[_FAILED] or bool(getattr(item, "_excinfo", None))

        worker = worker_of(self._config)
        if worker.turn is not None and worker.turn.test != item.nodeid:
            # Begun by Django's class for a test that then was skipped.
            worker.turn.finish()
        running = Running(item.nodeid, item.stash.get(USE, Use()), failed, lambda verdict: _tell(item, verdict))
        worker.running = running
        return running

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Before any fixture: those of a wider scope must find a lease on the lane of their test."""
        if self.every and USE not in item.stash:
            join(item)
        use = item.stash.get(USE, None)
        if use is not None:
            self.running(item)
            worker = worker_of(self._config)
            worker.prepare(use.lane)
            # Asked for here, a lease that is refused is an error of this test, and not of a shared fixture for good.
            told(worker.lease)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, None, None]:
        """Whatever is begun between tests, or by a test that is not known here, is not the last one's."""
        self.item = item
        yield
        self.item = None
        worker_of(self._config).running = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """A test of which it was found out late that it uses the database."""
        if LATE in item.stash:
            begin(item, worker_of(self._config))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, None, None]:
        """Whether a fixture of a wider scope writes what nothing takes back when that scope ends."""
        name, scope = fixturedef.argname, fixturedef.scope
        # One that yields may well clean up.
        if scope in ("function", "session") or name.startswith("_") or isgeneratorfunction(fixturedef.func):
            yield
            return
        worker = worker_of(self._config)
        before = worker.written()
        yield
        after = None if before is None else worker.written()
        if before is not None and after is not None and after > before:
            path, line, _ = self.item.location if self.item else ("", None, "")
            warnings.warn_explicit(
                SeedbedWarning(
                    f"what the fixture {name} wrote stays when its {scope} ends, for nothing takes it back. Decorate "
                    f'it with @seedbed.shared(scope="{scope}") instead of @pytest.fixture(scope="{scope}")'
                ),
                None,
                path,
                (line or 0) + 1,
            )

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, None]:
        outcome = yield
        if item.stash.get(_FAILED, None) is None:
            return
        report = outcome.get_result()
        if report.failed:
            item.stash[_FAILED] = True
            report.sections.append(("seedbed", self._where(item, report.when)))
        if report.when == "teardown" and _KEPT in item.stash:
            name = item.stash[_KEPT]
            del item.stash[_KEPT]
            # pytest shows sections of a teardown under its failed test if they are called so.
            report.sections.append(("seedbed teardown", f"kept: {name}\n  seedbed kept open {name}"))

    def _where(self, item: pytest.Item, when: str) -> str:
        worker = worker_of(self._config)
        lease = worker.leased
        if lease is None:
            return "no database is leased"
        if not worker.usable:
            return f"the lease of {lease.slot} has ended; nothing can be asked of it"
        lines = [f"slot {lease.slot}, lane {lease.lane}", lease.url]
        folder = worker.empty()
        if folder is not None:
            lines.append(
                f"the database was empty from the start: nothing in {folder} says what it is to hold\n"
                "  seedbed_directory = path/to/project   # in pytest.ini: where seedbed.toml or the migrations are"
            )
        if when != "teardown" and not item.stash.get(USE, Use()).keep:
            lines.append("what the test wrote is taken back now; pytest --seedbed-keep keeps it")
        return "\n".join(lines)


def _tell(item: pytest.Item, verdict: Verdict) -> None:
    if verdict.kept is not None:
        item.stash[_KEPT] = verdict.kept.name
    try:
        for warning in verdict.warnings:
            # As the test's own, for no line of this package is to blame.
            path, line, _ = item.location
            warnings.warn_explicit(SeedbedWarning(warning), None, path, (line or 0) + 1)
    except SeedbedWarning as warning:
        verdict.faults.insert(0, str(warning))
    finally:
        if verdict.faults:
            pytest.fail("seedbed: " + "\n".join(verdict.faults), pytrace=False)
