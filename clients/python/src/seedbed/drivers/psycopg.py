"""psycopg 3, blocking and asyncio.

Statements keep their `$1`: raw cursors send them as they are, so no `%` means anything. Rows are read from the result
itself, past whatever loaders the connection has. The driver opens transactions and prepares
statements as it always does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..action import Refusal
from ..errors import CannotMake, SeedbedError
from .transaction import RELEASE, ROLLBACK_TO, SAVEPOINT, VERBS, aborted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..plan import Text, TextRow


class _Base:
    def __init__(self, connection: Any) -> None:
        import psycopg

        asynchronous = isinstance(connection, psycopg.AsyncConnection)
        kind = getattr(psycopg, "AsyncRawCursor" if asynchronous else "RawCursor", None)
        if kind is None:
            raise SeedbedError(
                f"psycopg {psycopg.__version__} is too old to make rows on its connections",
                hints=["pip install 'psycopg>=3.2'"],
            )
        self._error = psycopg.Error
        self._connection = connection
        self._cursor = kind(connection)
        # Of this cursor alone; the connection's adapters stay as they are.
        self._cursor.adapters.register_dumper(str, _text_dumper())

    def in_transaction(self) -> bool:
        """Without autocommit the driver opens one with the first statement."""
        pgconn = self._connection.pgconn
        status = pgconn.transaction_status
        if status == 3:
            raise aborted()
        if pgconn.pipeline_status:
            raise CannotMake(
                "rows cannot be made while the connection is in pipeline mode: each depends on the one before",
                hints=["make the rows before `with connection.pipeline():`"],
            )
        return bool(status == 2 or not self._connection.autocommit)

    def _rows(self) -> list[TextRow]:
        result = self._cursor.pgresult
        encoding = self._connection.info.encoding
        value, columns = result.get_value, range(result.nfields)
        rows: list[TextRow] = []
        for row in range(result.ntuples):
            texts: TextRow = []
            for column in columns:
                got = value(row, column)
                texts.append(None if got is None else got.decode(encoding))
            rows.append(texts)
        return rows

    def _refusal(self, error: Any) -> Exception:
        # A connection that broke is no trouble of the plan's.
        if error.sqlstate is None or self._connection.broken or self._connection.closed:
            return error  # type: ignore[no-any-return]
        diag = error.diag
        return Refusal(
            error.sqlstate, diag.message_primary, diag.constraint_name, diag.table_name, diag.column_name
        )  # fmt: skip


class Psycopg(_Base):
    """`psycopg.Connection`."""

    def query(self, sql: str, parameters: Sequence[Text], savepoint: bool) -> list[TextRow]:
        run = self._cursor.execute
        try:
            if not savepoint:
                run(sql, parameters)
                return self._rows()
            run(SAVEPOINT)
            try:
                run(sql, parameters)
                rows = self._rows()
            except self._error as error:
                refusal = self._refusal(error)
                if refusal is not error:
                    run(ROLLBACK_TO)
                    run(RELEASE)
                raise refusal from error
            run(RELEASE)
            return rows
        except self._error as error:
            raise self._refusal(error) from error

    def transact(self, verb: str) -> None:
        try:
            self._cursor.execute(VERBS[verb])
        except self._error as error:
            raise self._refusal(error) from error


class AsyncPsycopg(_Base):
    """`psycopg.AsyncConnection`."""

    async def query(self, sql: str, parameters: Sequence[Text], savepoint: bool) -> list[TextRow]:
        run = self._cursor.execute
        try:
            if not savepoint:
                await run(sql, parameters)
                return self._rows()
            await run(SAVEPOINT)
            try:
                await run(sql, parameters)
                rows = self._rows()
            except self._error as error:
                refusal = self._refusal(error)
                if refusal is not error:
                    await run(ROLLBACK_TO)
                    await run(RELEASE)
                raise refusal from error
            await run(RELEASE)
            return rows
        except self._error as error:
            raise self._refusal(error) from error

    async def transact(self, verb: str) -> None:
        try:
            await self._cursor.execute(VERBS[verb])
        except self._error as error:
            raise self._refusal(error) from error


def _text_dumper() -> Any:
    """The driver's own for texts whose type the server finds out, even if the connection has another for `str`."""
    from psycopg.types.string import StrDumperUnknown

    return StrDumperUnknown
