"""`make`: rows of a lease's database, by the name of their table.

Invariant: without a connection rows are committed at once by the service; on a connection they are in its transaction,
which is never ended here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .builder import Builder
from .fresh import Ahead

if TYPE_CHECKING:
    from collections.abc import Generator

    from .lease import Lease
    from .row import Row


class Make:
    """`make.users(email="alice@example.com")`, `make["sales.users"]()`, `make.on(connection).users()`.

    The same call is the same row, in any process: what is there is found and not made again.
    """

    def __init__(self, lease: Lease, connection: Any = None) -> None:
        self.lease = lease
        self.connection = connection
        # Rows created on the connection, by table.
        self.created: dict[str, int] = {}
        self.ahead = Ahead()
        self._asynchronous = False
        self._open: Any = None
        if connection is not None:
            from .drivers.detect import opener

            self._asynchronous, self._open = opener(connection)

    def __repr__(self) -> str:
        where = (
            "committed at once" if self.connection is None else f"on a {type(self.connection).__module__} connection"
        )
        return f"<seedbed.Make of {self.lease.slot}, {where}>"

    def __getattr__(self, table: str) -> Builder:
        if table.startswith("__"):
            raise AttributeError(table)
        return Builder(self, table)

    def __getitem__(self, table: str) -> Builder:
        return Builder(self, table)

    @property
    def connected(self) -> bool:
        """Whether rows are made on a connection of the caller's."""
        return self._open is not None

    def on(self, connection: Any) -> Make:
        """The same on a connection of psycopg, psycopg2, asyncpg, SQLAlchemy or Django, in its transaction; calls are
        awaited where the connection is one of asyncio.

        Raises CannotMake for anything else.
        """
        return Make(self.lease, connection)

    def perform(self, going: Generator[Any, Any, Any]) -> Any:
        """Runs what a builder wants done; a coroutine on a connection of asyncio."""
        if self._asynchronous:
            from .drive import drive_async

            return drive_async(self._open, going)
        from .drive import drive

        return drive(self._open, going)

    def build(self, builder: Builder) -> Row:
        """See `Builder.build`."""
        from .call import call_of
        from .making import result_of
        from .plan import Made
        from .row import rows_of

        said = call_of(self.lease, builder, builder.values, None).said
        made = [Made.of(one) for one in self.lease.build(said)]
        result = result_of(self.lease, said, made)
        return next(rows_of(one)[0] for one in made if one.binding == result)
