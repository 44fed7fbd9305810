"""What a run of a plan wants done by whoever drives it, and how a refusal of the server is told to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Union

if TYPE_CHECKING:
    from .plan import Step, Text

    Action = Union["Query", "Values", "Diagnosis", "Transaction"]
    # What is sent for it: rows for Query, values for Values, an exception for Diagnosis, nothing for Transaction.
    Answer = Any


class Refusal(Exception):
    """The server refused a statement: what it said, without the detail, which holds values."""

    def __init__(
        self,
        sqlstate: str | None = None,
        message: str | None = None,
        constraint: str | None = None,
        table: str | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.fields = {
            "sqlstate": sqlstate,
            "message": message,
            "constraint": constraint,
            "table": table,
            "column": column,
        }


class Query:
    """Run a statement with text parameters, within a savepoint or not; wants rows of text."""

    __slots__ = ("parameters", "savepoint", "sql", "step")

    def __init__(self, step: Step, parameters: list[Text], savepoint: bool) -> None:
        self.step = step
        self.sql = step.sql
        self.parameters = parameters
        self.savepoint = savepoint


class Values(NamedTuple):
    """Ask for generated values."""

    request: dict[str, Any]


class Diagnosis(NamedTuple):
    """Ask what a trouble means; wants the exception to raise."""

    trouble: dict[str, Any]


class Transaction(NamedTuple):
    """Open or end a transaction of the run's own."""

    verb: str


BEGIN = Transaction("begin")
COMMIT = Transaction("commit")
ROLLBACK = Transaction("rollback")
