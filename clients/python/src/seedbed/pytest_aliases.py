"""pytest-django on slots: registered if the ini key `seedbed_django` names aliases of databases, or `all`; and without
it, where `seedbed_env` is set, for the aliases that point to the worker's slot.

Invariant: what pytest-django offers (`db`, `transactional_db`, `django_db`, `live_server`, …) means what it always
meant; only where the databases come from, and how transactional tests are brought back, is another.
"""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

import pytest

from .pytest_plugin import IMPLIED, django_aliases
from .pytest_turns import Turns, told

if TYPE_CHECKING:
    from collections.abc import Generator

    from .worker import Worker


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any, _seedbed_worker: Worker
) -> Generator[None, None, None]:
    """Databases for Django's tests: slots, whose schema is that of the recipe."""
    from django.db import connections
    from django.test import utils

    from .django import Databases, depend_on_nothing_else

    Turns.registered(request.config)
    chosen = _chosen(request.config, _seedbed_worker)
    unknown = chosen - set(connections)
    if unknown:
        pytest.fail(
            f"seedbed_django names {', '.join(sorted(unknown))}, but settings.DATABASES has "
            f"{', '.join(sorted(connections))}\n  seedbed_django = all",
            pytrace=False,
        )
    databases = Databases(_seedbed_worker)
    with django_db_blocker.unblock():
        check = not request.config.getvalue("nomigrations")
        needed = _needed(request.session.items)
        rest = needed - told(lambda: databases.point(chosen & needed, check))
        depend_on_nothing_else(rest)
        verbosity = request.config.option.verbose
        config: Any = []
        if rest:
            config = utils.setup_databases(verbosity=verbosity, interactive=False, aliases=rest)  # type: ignore[arg-type]
    yield
    with django_db_blocker.unblock():
        databases.restore()
        utils.teardown_databases(config, verbosity=verbosity)


def _chosen(config: pytest.Config, worker: Worker) -> set[str]:
    from django.db import connections

    said = django_aliases(config)
    if "all" in said:
        return set(connections)
    if said != IMPLIED:
        return set(said)
    place = {alias: connections[alias].settings_dict for alias in connections}
    own = told(worker.lease).database
    chosen = {alias for alias in place if place[alias]["NAME"] == own}
    return chosen | {alias for alias in place if place[alias]["TEST"].get("MIRROR") in chosen}


def touches(item: Any) -> bool:
    """Whether a test uses a database through Django."""
    asked = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(asked) or item.get_closest_marker("django_db") is not None or of_class(item)


def _needed(items: list[pytest.Item]) -> set[str]:
    """The databases that the collected tests want, as pytest-django sees it."""
    from django.db import connections

    try:
        from pytest_django.fixtures import _get_databases_for_setup
    except ImportError:
        return set(connections)
    return set(_get_databases_for_setup(items)[0])


def uses_orm(request: pytest.FixtureRequest) -> bool:
    """Whether the test may use Django's connections."""
    return "django_db_setup" in request.fixturenames or of_class(request.node)


def of_class(item: Any) -> bool:
    """Whether it is a test of one of Django's classes that have a database."""
    kind = getattr(item, "cls", None)
    if kind is None:
        return False
    from django.test import TransactionTestCase

    return issubclass(kind, TransactionTestCase)


def rolls_back(item: Any) -> bool:
    """Whether Django rolls the test's transaction back, so that no mark is needed, nor possible within a class."""
    if of_class(item):
        from django.test import TestCase

        return issubclass(item.cls, TestCase)
    if iscoroutinefunction(getattr(item, "obj", None)):
        # Its queries run in another thread, on a connection that is not in the transaction.
        return False
    names = item.fixturenames
    marker = item.get_closest_marker("django_db")
    if marker is None and "db" not in names and "transactional_db" not in names:
        return False
    said = dict(zip(("transaction", "reset_sequences"), marker.args), **marker.kwargs) if marker else {}
    transactional = {"transactional_db", "live_server", "django_db_reset_sequences"} & set(names)
    return not (said.get("transaction") or said.get("reset_sequences") or transactional)
