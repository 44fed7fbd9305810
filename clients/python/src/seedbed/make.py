"""`make`: rows of a lease's database, by the name of their table.

Invariant: without a connection rows are committed at once by the service; on a connection they are in its transaction,
which is never ended here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .builder import Builder
from .site import Site

if TYPE_CHECKING:
    from .lease import Lease


class Make:
    """`make.users(email="alice@example.com")`, `make["sales.users"]()`, `make.on(connection).users()`.

    The same call is the same row, in any process: what is there is found and not made again. A table that is called
    `on`, `lease`, `connection` or `connected` is `make["on"]`.
    """

    def __init__(self, lease: Lease, connection: Any = None) -> None:
        self.lease = lease
        self.connection = connection
        self._site = Site(self, lease, connection)

    def __repr__(self) -> str:
        where = f"on a {type(self.connection).__module__} connection" if self.connected else "committed at once"
        return f"<seedbed.Make of {self.lease.slot}, {where}>"

    def __getattr__(self, table: str) -> Builder:
        if table.startswith("__"):
            raise AttributeError(table)
        return Builder(self._site, table)

    def __getitem__(self, table: str) -> Builder:
        return Builder(self._site, table)

    @property
    def connected(self) -> bool:
        """Whether rows are made on a connection of the caller's."""
        return self.connection is not None

    def on(self, connection: Any) -> Make:
        """The same on a connection of psycopg, psycopg2, asyncpg, SQLAlchemy or Django, in its transaction; calls are
        awaited where the connection is one of asyncio.

        Raises CannotMake for anything else.
        """
        return Make(self.lease, connection)
