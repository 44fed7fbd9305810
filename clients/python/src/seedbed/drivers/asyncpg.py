"""asyncpg: connections, and those a pool lent. Statements keep their `$1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..action import Refusal
from .transaction import RELEASE, ROLLBACK_TO, SAVEPOINT, VERBS, aborted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..plan import Text, TextRow


class Asyncpg:
    """A connection of asyncpg, which opens no transaction by itself."""

    def __init__(self, connection: Any) -> None:
        import asyncpg

        self._error = asyncpg.PostgresError
        self._connection = connection

    def in_transaction(self) -> bool:
        return bool(self._connection.is_in_transaction())

    async def query(self, sql: str, parameters: Sequence[Text], savepoint: bool) -> list[TextRow]:
        connection = self._connection
        try:
            if not savepoint:
                return [list(row) for row in await connection.fetch(sql, *parameters)]
            await connection.execute(SAVEPOINT)
            try:
                rows = [list(row) for row in await connection.fetch(sql, *parameters)]
            except self._error as error:
                refusal = self._refusal(error)
                if refusal is not error:
                    await connection.execute(ROLLBACK_TO)
                    await connection.execute(RELEASE)
                raise refusal from error
            await connection.execute(RELEASE)
            return rows
        except self._error as error:
            raise self._refusal(error) from error

    async def transact(self, verb: str) -> None:
        try:
            await self._connection.execute(VERBS[verb])
        except self._error as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Any) -> Exception:
        # A connection that broke is no trouble of the plan's.
        if self._connection.is_closed() or error.sqlstate is None:
            return error  # type: ignore[no-any-return]
        # in_failed_sql_transaction: the connection does not tell before.
        if error.sqlstate == "25P02":
            return aborted()
        return Refusal(
            error.sqlstate,
            getattr(error, "message", None),
            getattr(error, "constraint_name", None),
            getattr(error, "table_name", None),
            getattr(error, "column_name", None),
        )
