"""Where the rows of a `Make` are made: committed by the service, or on a connection of the caller's.

Invariant: what is counted here is of one `Make`, which is that of a test; nothing of it outlives the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import is_told as __tracebackhide__  # noqa: F401
from .fresh import Ahead

if TYPE_CHECKING:
    from collections.abc import Generator

    from .lease import Lease
    from .make import Make


class Site:
    """`created` counts the rows created so far, by table; `ahead` keeps values of fresh ones."""

    __slots__ = ("ahead", "asynchronous", "created", "lease", "make", "open")

    def __init__(self, make: Make, lease: Lease, connection: Any) -> None:
        self.make = make
        self.lease = lease
        self.created: dict[str, int] = {}
        self.ahead = Ahead()
        self.asynchronous = False
        # Gives the driver for a call; None where the service makes the rows.
        self.open: Any = None
        if connection is not None:
            from .drivers.detect import opener

            self.asynchronous, self.open = opener(connection)

    def perform(self, going: Generator[Any, Any, Any]) -> Any:
        """Runs what a builder wants done; a coroutine on a connection of asyncio."""
        if self.asynchronous:
            from .drive import drive_async

            return drive_async(self.open, going)
        from .drive import drive

        return drive(self.open, going)
