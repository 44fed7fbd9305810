"""What the fixture `seedbed` gives to a test: the worker's database, its marks, and rows in it.

Invariant: it stays valid for as long as the worker lives, whatever happens to the lease behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import Refused
from .errors import is_told as __tracebackhide__  # noqa: F401

if TYPE_CHECKING:
    from .lease import Kept, Lease, Mark, Rewound
    from .make import Make
    from .worker import Worker


class Handle:
    """The database of a worker."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __repr__(self) -> str:
        # Not the URL, which holds the password.
        lease = self._worker.leased
        return f"<seedbed {lease.slot}, lane {lease.lane}>" if lease else "<seedbed, nothing leased yet>"

    @property
    def lease(self) -> Lease:
        """The lease as it is now; another one after a test that wants another lane."""
        return self._worker.lease()

    @property
    def url(self) -> str:
        """URL of the database over TCP, with its password. Its text stays the same."""
        return self.lease.url

    @property
    def socket_url(self) -> str | None:
        """URL over the unix socket, where there is one."""
        return self.lease.socket_url

    @property
    def slot(self) -> str:
        """The slot, such as `run/3`."""
        return self.lease.slot

    @property
    def database(self) -> str:
        """The name of the database."""
        return self.lease.database

    @property
    def lane(self) -> str:
        """How the database goes back after a test."""
        return self.lease.lane

    @property
    def make(self) -> Make:
        """A maker of rows that are committed at once, on a connection of the service."""
        from .make import Make

        return Make(self.lease)

    def mark(self) -> Mark:
        """Marks the state as it is now, to come back to it within the test."""
        lease = self.lease
        return self._worker.watched(lease.mark)

    def rewind(self, mark: Mark | None = None) -> Rewound:
        """Goes back to a mark of this test; without one, to the beginning of the test.

        The transaction of `db` is rolled back first.
        """
        return self._worker.back_to(mark or self._beginning())

    def keep(self) -> Kept:
        """Keeps the database as it is now, and goes on with a fresh one, as at the beginning of the test."""
        self._worker.connection.give_back(commit=True)
        turn = self._worker.turn
        kept = self._worker.back_to(self._beginning(), turn.test if turn else None, keep=True).kept
        assert kept is not None
        return kept

    def connect(self) -> Any:
        """A new connection of the project's driver, which is the caller's to close."""
        turn = self._worker.turn
        return self._worker.connection.another(turn.name if turn else "")

    async def connect_async(self) -> Any:
        """A new `psycopg.AsyncConnection` or asyncpg connection, which is the caller's to close."""
        from .connect import connect_async

        return await connect_async(self.url, self._worker.driver)

    def _beginning(self) -> Mark:
        turn = self._worker.turn
        if turn is None:
            raise Refused(
                "no test is running, so there is no state to go back to",
                hints=["before = seedbed.mark(); ...; seedbed.rewind(before)", '@seedbed.shared(scope="module")'],
            )
        return turn.mark
