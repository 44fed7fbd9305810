"""One file for each driver: statements with text parameters and rows of text on a connection of the caller's.

Invariants: nothing here changes a connection's settings, row factories, adapters or cursors; a transaction that the
caller opened is never ended; drivers are imported when a connection of theirs is met, never before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from ..plan import Text


class Driver(Protocol):
    """A blocking connection."""

    def in_transaction(self) -> bool:
        """Whether a transaction of the caller's is open, or is about to be because the driver opens one with the first
        statement.

        Raises CannotMake if it is aborted.
        """

    def query(self, sql: str, parameters: Sequence[Text], savepoint: bool) -> Sequence[Sequence[Text]]:
        """The rows of a statement, run within a savepoint or not.

        Raises Refusal for what the server refused, the driver's own error where the connection broke.
        """

    def transact(self, verb: str) -> None:
        """`begin` (READ COMMITTED), `commit` or `rollback` a transaction of our own, where the caller has none."""


class AsyncDriver(Protocol):
    """The same for asyncio."""

    def in_transaction(self) -> bool: ...

    def query(self, sql: str, parameters: Sequence[Text], savepoint: bool) -> Awaitable[Sequence[Sequence[Text]]]: ...

    def transact(self, verb: str) -> Awaitable[None]: ...
