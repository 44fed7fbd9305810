"""Collected tests that use the database: how each does, and where in its fixtures the turn begins.

Invariant: the turn begins after all fixtures of a wider scope, whose data lies below the test's mark, and before all
of the test's own; so it ends after those have been torn down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .pytest_plugin import LANES, TURN, django_aliases, of_unittest
from .turn import Use, django_in_transaction

if TYPE_CHECKING:
    from .worker import Worker

# The fixture of pytest-django, which is asked for late and knows which databases there are.
_DJANGO = "django_db_setup"

# Fixtures of the plugin whose scope is the session, and which write nothing.
OURS = ("_seedbed_worker", "seedbed", "seedbed_url")

USE = pytest.StashKey[Use]()
# Its turn begins when its fixtures are there, if none of them has begun it.
LATE = pytest.StashKey[bool]()


def prepare(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Notes how each test uses the database, and has the turns taken."""
    from .pytest_turns import Turns

    Turns.registered(config)
    for item in items:
        join(item)


def note_asker(request: pytest.FixtureRequest, worker: Worker) -> None:
    """Has the turns of a test taken that did not say it would use the database, and of all later ones: they may do
    the same, without anything being called for it."""
    from .pytest_turns import Turns

    item = getattr(request, "_pyfuncitem", None)
    if item is None or USE in item.stash:
        return
    Turns.registered(request.config).every = True
    join(item)
    asker: Any = request
    while (asker := getattr(asker, "_parent_request", None)) is not None:
        if asker.scope != "function" and asker.fixturename not in OURS:
            # Its data lies below the test's mark, which is set when all fixtures are there.
            item.stash[LATE] = True
            return
    begin(item, worker)


def begin(item: pytest.Item, worker: Worker) -> None:
    """Begins the turn of a test now, if it has not begun. It ends with the test."""
    from .pytest_turns import turn_of

    if worker.turn is None and not (django_aliases(item.config) and django_in_transaction()):
        turn = turn_of(item, worker)
        next(turn)
        item.addfinalizer(lambda: next(turn, None))


def join(item: pytest.Item) -> None:
    """Has a turn taken for a test, which has not begun with its own fixtures."""
    keep = bool(item.config.getoption("seedbed_keep")) or item.config.getini("seedbed_keep") == "failed"
    item.stash[USE] = use_of(item, keep)
    names = getattr(item, "fixturenames", None)
    if names is not None and not of_unittest(item):
        _begin_before_its_own(item, names)


def use_of(item: pytest.Item, keep: bool) -> Use:
    """What the markers say, the closest one first."""
    said: dict[str, Any] = {}
    for marker in item.iter_markers("seedbed"):
        unknown = set(marker.kwargs) - {"lane", "readonly", "keep"}
        if unknown or marker.args:
            raise pytest.UsageError(
                f"{item.nodeid}: @pytest.mark.seedbed takes lane=, readonly= and keep=, "
                f"not {', '.join(sorted(unknown)) or 'an argument without a name'}"
            )
        for key, value in marker.kwargs.items():
            said.setdefault(key, value)
    if of_unittest(item):
        own: Use = item.cls.seedbed_use()  # type: ignore[attr-defined]
        said = {"lane": own.lane, "readonly": own.readonly, "keep": own.keep or keep, **said}
    lane = said.get("lane") or ""
    if lane and lane not in LANES:
        raise pytest.UsageError(f'{item.nodeid}: there is no lane "{lane}", only {", ".join(LANES)}')
    marked, rolls_back = _rolled_back(item, bool(said))
    return Use(
        lane, bool(said.get("readonly")), bool(said.get("keep", keep)), marked, rolls_back, of_class=of_unittest(item)
    )


def _rolled_back(item: pytest.Item, said: bool) -> tuple[bool, bool]:
    """Whether a test is marked, and whether it rolls back by itself."""
    if not django_aliases(item.config):
        return True, False
    from .pytest_aliases import of_class, rolls_back

    if not rolls_back(item):
        return True, False
    # A class of Django's keeps one transaction open from its first test to its last. Whoever asks for Seedbed may
    # commit through it.
    return not of_class(item), not (said or "seedbed" in item.fixturenames)  # type: ignore[attr-defined]


def _begin_before_its_own(item: pytest.Item, names: list[str]) -> None:
    info = getattr(item, "_fixtureinfo", None)
    definitions = getattr(info, "name2fixturedefs", {})
    if TURN in names:
        names.remove(TURN)
    at = 0
    for index, name in enumerate(names):
        known = definitions.get(name)
        if name == _DJANGO or (known and known[-1].scope != "function"):
            at = index + 1
    # Parametrised tests of one function share the list: the same place is found each time.
    names.insert(at, TURN)
    if django_aliases(item.config) and _DJANGO not in names:
        from .pytest_aliases import touches

        if touches(item):
            # Which databases are brought back must be known when the turn begins.
            names.insert(at, _DJANGO)
