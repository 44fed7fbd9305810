"""Django's connections to PostgreSQL: `django.db.connection`, `connections["other"]`.

Inside `atomic` rows are made in its transaction; outside, where Django commits every statement, a call is a transaction
of its own.
"""

from __future__ import annotations

from typing import Any

from ..errors import CannotMake
from . import Driver


def below(connection: Any) -> Driver:
    """The driver below a connection of Django, which is opened if it is not."""
    from .detect import blocking

    if connection.vendor != "postgresql":
        raise CannotMake(
            f"the connection {connection.alias!r} of Django is to {connection.vendor}, not to PostgreSQL",
            hints=['make.on(django.db.connections["the one to PostgreSQL"])'],
        )
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    return blocking(connection.connection)
