"""The fixture `make`: where a test's rows are made.

Invariant: rows and `db` never stand in each other's way: with `db` they are in its transaction, without they are
committed at once, for the application has connections of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .pytest_plugin import django_aliases
from .pytest_turns import told

if TYPE_CHECKING:
    import pytest

    from .make import Make
    from .turn import Turn


def make_of(request: pytest.FixtureRequest, turn: Turn) -> Make:
    """A maker for the test that asks."""
    from .make import Make

    make = Make(told(turn.worker.lease))
    connection = _connection(request, turn)
    return make if connection is None else make.on(connection)


def _connection(request: pytest.FixtureRequest, turn: Turn) -> Any:
    if django_aliases(request.config):
        from .pytest_aliases import uses_orm

        if not uses_orm(request):
            return None
        from django.db import connection

        return connection
    kept = turn.worker.connection
    if "db" in request.fixturenames:
        connection = request.getfixturevalue("db")
        # A project may call something else by that name.
        if connection is kept.borrowed or _known(connection):
            return connection
    if turn.worker.lease().lane == "rollback":
        # Nothing may be committed, whether or not the test looks at the connection.
        return kept.borrowed or told(lambda: kept.lend(turn.name, turn.use.readonly))
    return None


def _known(connection: Any) -> bool:
    from .drivers.detect import kind_of
    from .errors import CannotMake

    try:
        kind_of(connection)
    except CannotMake:
        return False
    return True
