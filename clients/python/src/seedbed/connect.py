"""A new connection to a database, by the driver that a project uses.

Invariant: a driver is imported when the first connection is asked for, never before.
"""

from __future__ import annotations

import sys
from typing import Any

from .errors import SeedbedError

# What can serve as `db`, the likeliest first.
BLOCKING = ("psycopg", "psycopg2")
ASYNC = ("psycopg", "asyncpg")


def connect(url: str, driver: str = "", application_name: str | None = None) -> Any:
    """A connection of psycopg or psycopg2; without `driver`, of the one that is imported already, else installed."""
    named: dict[str, Any] = {"application_name": application_name} if application_name else {}
    chosen = choose(BLOCKING, driver)
    if chosen == "psycopg":
        import psycopg

        return psycopg.connect(url, **named)
    import psycopg2

    return psycopg2.connect(url, **named)


async def connect_async(url: str, driver: str = "") -> Any:
    """A connection of `psycopg.AsyncConnection` or asyncpg. A fixture of it, for pytest-asyncio:

    @pytest_asyncio.fixture
    async def adb(seedbed):
        async with await seedbed.connect_async() as connection:
            yield connection
    """
    chosen = choose(ASYNC, driver)
    if chosen == "psycopg":
        import psycopg

        return await psycopg.AsyncConnection.connect(url)
    import asyncpg

    return await asyncpg.connect(url)


def choose(known: tuple[str, ...], driver: str = "") -> str:
    """Which of the known drivers a project uses.

    Raises SeedbedError if it is another one, or if there is none.
    """
    if driver:
        if driver in known:
            return driver
        raise SeedbedError(
            f"the driver {driver} cannot be used here, only {' or '.join(known)}",
            hints=[f"seedbed_driver = {known[0]}"],
        )
    for name in known:
        if name in sys.modules:
            return name
    from importlib.util import find_spec

    for name in known:
        if find_spec(name) is not None:
            return name
    raise SeedbedError(
        f"no driver for PostgreSQL is installed beside {sys.executable}: neither {' nor '.join(known)}",
        hints=["pip install 'psycopg[binary]'"],
    )
