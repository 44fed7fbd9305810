"""Which driver a connection is of. Told by the names of its classes: no driver is imported to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import CannotMake

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from . import AsyncDriver, Driver


def kind_of(connection: Any) -> str:
    """`psycopg`, `psycopg async`, `psycopg2`, `asyncpg`, `sqlalchemy`, `sqlalchemy async`, or `django`.

    Raises CannotMake for anything else.
    """
    for of in type(connection).__mro__:
        home, name = of.__module__.partition(".")[0], of.__name__
        if home == "psycopg" and name in ("Connection", "AsyncConnection"):
            return "psycopg" if name == "Connection" else "psycopg async"
        if home == "psycopg2" and name == "connection":
            return "psycopg2"
        if home == "asyncpg" and name in ("Connection", "PoolConnectionProxy"):
            return "asyncpg"
        if home == "sqlalchemy" and name in ("Connection", "Session", "scoped_session"):
            return "sqlalchemy"
        if home == "sqlalchemy" and name in ("AsyncConnection", "AsyncSession", "async_scoped_session"):
            return "sqlalchemy async"
        if home == "django" and name in ("BaseDatabaseWrapper", "ConnectionProxy"):
            return "django"
        if (home == "psycopg2" and name == "cursor") or (home == "psycopg" and name in ("Cursor", "AsyncCursor")):
            raise CannotMake("this is a cursor: rows are made on its connection", hints=["make.on(cursor.connection)"])
        if home == "sqlalchemy" and name in ("Engine", "AsyncEngine"):
            raise CannotMake(
                "this is an engine: rows are made on one of its connections",
                hints=["with engine.begin() as connection: make.on(connection).users()"],
            )
    raise CannotMake(
        f"rows cannot be made on a {type(connection).__module__}.{type(connection).__qualname__}",
        hints=[
            "make.on(connection)   # of psycopg, psycopg2, asyncpg, SQLAlchemy or Django",
            "make.users()          # without `on`: committed at once",
        ],
    )


def blocking(connection: Any) -> Driver:
    """The driver of a blocking connection, for one call."""
    kind = kind_of(connection)
    if kind == "psycopg":
        from .psycopg import Psycopg

        return Psycopg(connection)
    if kind == "psycopg2":
        from .psycopg2 import Psycopg2

        return Psycopg2(connection)
    if kind == "sqlalchemy":
        from .sqlalchemy import below

        return below(connection)
    if kind == "django":
        from .django import below as below_django

        return below_django(connection)
    raise CannotMake(f"a connection of {kind} is not blocking")


def asynchronous(connection: Any) -> AsyncDriver:
    """The driver of a connection of asyncio."""
    kind = kind_of(connection)
    if kind == "psycopg async":
        from .psycopg import AsyncPsycopg

        return AsyncPsycopg(connection)
    if kind == "asyncpg":
        from .asyncpg import Asyncpg

        return Asyncpg(connection)
    raise CannotMake(f"a connection of {kind} is no connection of asyncio")


def opener(connection: Any) -> tuple[bool, Callable[[], Driver] | Callable[[], Awaitable[AsyncDriver]]]:
    """Whether calls on it are awaited, and what gives the driver for a call.

    The drivers' own connections keep one; those of frameworks are asked again each time, for another connection may be
    below.
    """
    kind = kind_of(connection)
    if kind in ("psycopg", "psycopg2"):
        driver = blocking(connection)
        return False, lambda: driver
    if kind in ("sqlalchemy", "django"):
        return False, lambda: blocking(connection)
    if kind == "sqlalchemy async":
        from .sqlalchemy import below_async

        return True, lambda: below_async(connection)

    kept = asynchronous(connection)

    async def same() -> AsyncDriver:
        return kept

    return True, same
