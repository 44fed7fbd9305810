"""psycopg2.

It puts parameters into the text of a statement, so `$1` becomes `%s` and `%` is doubled; that is done once for each
statement. Cursors are the driver's plain ones, whatever kind the connection has.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..action import Refusal
from .transaction import RELEASE, ROLLBACK_TO, SAVEPOINT, VERBS, aborted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..plan import Text, TextRow

# What is no place for a parameter (literals, quoted names, comments), then a parameter, then a percent sign.
_PART = re.compile(
    r"""
    [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
    | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$ | --[^\n]* | /\*.*?\*/
    | (?<![\w$])\$(?P<number>\d+) | %
    """,
    re.DOTALL | re.VERBOSE,
)


@lru_cache(maxsize=4096)
def formatted(sql: str) -> tuple[str, tuple[int, ...]]:
    """A statement as the driver formats it, and which parameter each `%s` is, counted from 0.

    >>> formatted("SELECT $2, '$1 %', $1 % $2")
    ("SELECT %s, '$1 %%', %s %% %s", (1, 0, 1))
    """
    order: list[int] = []

    def part(found: re.Match[str]) -> str:
        if found["number"]:
            order.append(int(found["number"]) - 1)
            return "%s"
        return found[0].replace("%", "%%")

    return _PART.sub(part, sql), tuple(order)


class Psycopg2:
    """A connection of psycopg2."""

    def __init__(self, connection: Any) -> None:
        import psycopg2
        from psycopg2 import extensions

        self._error = psycopg2.Error
        self._connection = connection
        self._kind = extensions.cursor
        self._texts = extensions.UNICODE
        self._register = extensions.register_type

    def in_transaction(self) -> bool:
        """Without autocommit the driver opens one with the first statement."""
        status = self._connection.get_transaction_status()
        if status == 3:
            raise aborted()
        return bool(status == 2 or not self._connection.autocommit)

    def query(self, sql: str, parameters: Sequence[Text], savepoint: bool) -> list[TextRow]:
        formatting, order = formatted(sql)
        with self._cursor() as cursor:
            try:
                if not savepoint:
                    return self._run(cursor, sql, formatting, order, parameters)
                cursor.execute(SAVEPOINT)
                try:
                    rows = self._run(cursor, sql, formatting, order, parameters)
                except self._error as error:
                    refusal = self._refusal(error)
                    if refusal is not error:
                        cursor.execute(ROLLBACK_TO)
                        cursor.execute(RELEASE)
                    raise refusal from error
                cursor.execute(RELEASE)
                return rows
            except self._error as error:
                raise self._refusal(error) from error

    def transact(self, verb: str) -> None:
        with self._cursor() as cursor:
            try:
                cursor.execute(VERBS[verb])
            except self._error as error:
                raise self._refusal(error) from error

    def _cursor(self) -> Any:
        cursor = self._connection.cursor(cursor_factory=self._kind)
        # Of this cursor alone, should the program read texts in its own way.
        self._register(self._texts, cursor)
        return cursor

    def _run(
        self, cursor: Any, sql: str, formatting: str, order: tuple[int, ...], parameters: Sequence[Text]
    ) -> list[TextRow]:
        # Without parameters nothing is formatted.
        if order:
            cursor.execute(formatting, [parameters[at] for at in order])
        else:
            cursor.execute(sql)
        return [list(row) for row in cursor.fetchall()] if cursor.description else []

    def _refusal(self, error: Any) -> Exception:
        # A connection that broke is no trouble of the plan's.
        if error.pgcode is None or self._connection.closed:
            return error  # type: ignore[no-any-return]
        diag = error.diag
        return Refusal(
            error.pgcode, diag.message_primary, diag.constraint_name, diag.table_name, diag.column_name
        )  # fmt: skip
