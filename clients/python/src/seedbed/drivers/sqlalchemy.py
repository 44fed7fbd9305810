"""SQLAlchemy 2: connections and sessions, blocking and asyncio.

Its transaction is begun as a statement of the caller's would begin it; the plan's own statements run on the driver's
connection below, where no event, echo or cache of SQLAlchemy sees them.
"""

from __future__ import annotations

from typing import Any

from ..errors import CannotMake
from . import AsyncDriver, Driver


def below(connection: Any) -> Driver:
    """The driver below a `Connection`, a `Session` or a `scoped_session`, in the transaction that it has or begins."""
    from .detect import blocking

    connection = _of_session(connection)
    _usable(connection)
    if not connection.in_transaction():
        connection.begin()
    return blocking(connection.connection.dbapi_connection)


async def below_async(connection: Any) -> AsyncDriver:
    """The same for `AsyncConnection`, `AsyncSession` and `async_scoped_session`."""
    from .detect import asynchronous

    if hasattr(connection, "flush"):
        if connection.autoflush:
            await connection.flush()
        connection = await connection.connection()
    _usable(connection)
    if not connection.in_transaction():
        await connection.begin()
    raw = await connection.get_raw_connection()
    driver = asynchronous(raw.driver_connection)
    if type(driver).__name__ == "Asyncpg" and not driver.in_transaction():
        # asyncpg opens no transaction by itself: SQLAlchemy does, with the first statement that it sees, if it is to.
        await connection.exec_driver_sql("SELECT 1")
    return driver


def _of_session(connection: Any) -> Any:
    if not hasattr(connection, "flush"):
        return connection
    # As a query would: rows that the session still holds are there for those that are made.
    if connection.autoflush:
        connection.flush()
    return connection.connection()


def _usable(connection: Any) -> None:
    if connection.dialect.name != "postgresql":
        raise CannotMake(f"this connection of SQLAlchemy is to {connection.dialect.name}, not to PostgreSQL")
