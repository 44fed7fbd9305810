"""Plans: what a factory call compiles to, prepared once and run many times, and what a run leaves.

Invariant: a plan never changes; the arguments of a call are no part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Union

from .errors import VersionSkew

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    # None is NULL.
    Text = Union[str, None]
    TextRow = list[Text]

# Version of the plans this client runs.
PLAN = 1


class Kept(NamedTuple):
    """Rows that are there with other values in columns which are never updated."""

    columns: Sequence[str]
    ordinals: Sequence[int]


class Made(NamedTuple):
    """The rows of one binding after a run, all columns as text."""

    binding: str
    table: str
    columns: Sequence[Mapping[str, str]]
    rows: list[TextRow]
    outcomes: list[str]
    kept: Kept | None = None

    @staticmethod
    def of(said: dict[str, Any]) -> Made:
        """The same as the service tells it."""
        kept = said.get("kept")
        return Made(
            said["binding"],
            said["table"],
            said["columns"],
            said["rows"],
            said["outcomes"],
            Kept(kept["columns"], kept["ordinals"]) if kept else None,
        )


class Binding:
    """A set of rows: one (`times` is None), or `times` for each row that was asked for."""

    __slots__ = ("columns", "kept", "key_of", "name", "positions", "table", "times")

    def __init__(self, said: dict[str, Any]) -> None:
        self.name: str = said["name"]
        self.table: str = said["table"]
        self.times: int | None = None if said["rows"] == "one" else said["rows"]["times"]
        self.columns: list[dict[str, str]] = said["columns"]
        self.positions = {column["name"]: at for at, column in enumerate(self.columns)}
        self.key_of: str | None = said.get("key_of")
        self.kept: Sequence[str] = said.get("kept") or ()


class Step:
    """One statement of a plan."""

    __slots__ = (
        "into", "last", "looks_up", "name", "needed_for", "on", "outcome", "parameters", "savepoint", "sql",
        "tolerates", "wants_values", "writes",
    )  # fmt: skip

    def __init__(self, said: dict[str, Any]) -> None:
        self.name: str = said["name"]
        self.into: str = said["into"]
        self.on: str = said["on"]
        self.sql: str = said["sql"]
        # Kind and what it names.
        self.parameters: list[tuple[str, Any]] = [
            next(iter(parameter.items())) if isinstance(parameter, dict) else (parameter, None)
            for parameter in said["parameters"]
        ]
        self.wants_values = any(kind == "value" for kind, _ in self.parameters)
        self.outcome: str | None = said.get("outcome")
        self.savepoint: bool = said.get("savepoint", False)
        self.last: bool = said.get("last", False)
        self.needed_for: Sequence[str] = said.get("needed_for") or ()
        self.tolerates = frozenset(said.get("tolerates") or ())
        # By its own row's arguments: only they can make it fail, unless it asks functions or policies.
        reads = self.outcome == "matched" and self.on == "missing" and not self.wants_values
        self.looks_up = reads and not said.get("raises")
        self.writes = self.outcome != "matched" and not said.get("alone")


class Plan:
    """A plan as the service gave it, prepared to be run many times.

    Raises VersionSkew for a plan of another version.
    """

    __slots__ = ("bindings", "evidence", "result", "shape", "steps", "transaction")

    def __init__(self, said: dict[str, Any]) -> None:
        if said["plan"] != PLAN:
            from .version import version

            raise VersionSkew(
                f"seedbed {version()} runs plans of version {PLAN}, and the service gave one of version {said['plan']}",
                hints=["pip install --upgrade --force-reinstall seedbed"],
            )
        self.shape: str = said["shape"]
        self.transaction: bool = said["transaction"]
        self.bindings = {binding["name"]: Binding(binding) for binding in said["bindings"]}
        self.steps = [Step(step) for step in said["steps"]]
        self.evidence = [Step(step) for step in said["evidence"]]
        self.result: str = said["result"]


def array(texts: Sequence[Text]) -> str:
    r"""The array literal of texts.

    >>> array(["a", None, 'say "hi"'])
    '{"a",NULL,"say \\"hi\\""}'
    """
    return "{" + ",".join(["NULL" if text is None else _quoted(text) for text in texts]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
