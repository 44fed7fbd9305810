"""A made row: its columns as attributes and as a mapping, with Python values.

Invariants: a row is what the database held when it was made, and never changes; a column's name always means the
column, whatever else a row can do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .value import reader

if TYPE_CHECKING:
    from .plan import Made, Text, TextRow
    from .value import Reader

_SECRET = re.compile(r"pass(word|wd|phrase)|secret|token|api_?key|hash", re.IGNORECASE)
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^".]+)')
# Types of which equal values are equal texts.
_EXACT = frozenset({"bigint", "integer", "smallint", "text", "uuid"})


class Layout:
    """What the rows of one table have in common. `table` is its name as calls write it: `users`, `sales.users`."""

    __slots__ = ("columns", "names", "positions", "readers", "shadowed", "sql", "table", "types")

    def __init__(self, table: str, columns: Sequence[Mapping[str, str]]) -> None:
        self.sql = table
        self.columns = columns
        self.table = name_of(table)
        self.names = [column["name"] for column in columns]
        self.types = [column["type"] for column in columns]
        self.positions = {name: at for at, name in enumerate(self.names)}
        self.readers: list[Reader | None] = [None] * len(self.names)
        # `dict(row)` needs `keys`.
        self.shadowed = [name for name in self.names if name != "keys" and hasattr(Row, name)]

    def __reduce__(self) -> tuple[Any, ...]:
        return Layout, (self.sql, self.columns)

    def read(self, at: int, text: Text) -> Any:
        """The value of the column at a position."""
        if text is None:
            return None
        read = self.readers[at]
        if read is None:
            read = self.readers[at] = reader(self.types[at])
        return read(text)


class Row(Mapping[str, Any]):
    """`row.email` and `row["email"]` are the column's value; `row.text("email")` is the server's text of it.

    `outcome` says what happened: `created`, `matched` (it was there), or `updated`. `kept` names the columns in which
    it has another value than was asked for, because they are never updated. `table` is the table's name. A column with
    one of these names is found under it instead.
    """

    table: str
    outcome: str
    kept: tuple[str, ...]

    def __init__(
        self,
        layout: Layout,
        texts: TextRow,
        outcome: str,
        kept: tuple[str, ...] = (),
        place: tuple[int, int] = (0, 1),
        made: Sequence[tuple[str, list[Row]]] = (),
    ) -> None:
        own = self.__dict__
        # Which of how many rows it is, and the rows of all tables that were made with it.
        own["_place"] = place
        own["_made"] = made
        own["_layout"] = layout
        own["_texts"] = texts
        own["_outcome"] = outcome
        own["_kept"] = kept
        own["table"] = layout.table
        own["outcome"] = outcome
        own["kept"] = kept
        for name in layout.shadowed:
            own[name] = self[name]

    def __getitem__(self, name: str) -> Any:
        at = self._layout.positions[name]
        return self._layout.read(at, self._texts[at])

    def __iter__(self) -> Iterator[str]:
        return iter(self._layout.names)

    def __len__(self) -> int:
        return len(self._layout.names)

    def __getattr__(self, name: str) -> Any:
        layout: Layout | None = self.__dict__.get("_layout")
        if layout is None or name not in layout.positions:
            raise AttributeError(_missing(layout, name))
        value = self.__dict__[name] = self[name]
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a made row does not write: UPDATE {self._layout.table} SET {name} = … does")

    def text(self, name: str) -> Text:
        """The column as the server wrote it; None is NULL."""
        text: Text = self._texts[self._layout.positions[name]]
        return text

    def related(self, table: str) -> list[Row]:
        """Rows of another table that were made or found with this one: its children, its parents."""
        at, count = self._place
        found: list[Row] = []
        for name, rows in self._made:
            if name == table and not any(row is self for row in rows):
                found.extend(row for i, row in enumerate(rows) if _belong(i, len(rows), at, count))
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Row, (self._layout, self._texts, self._outcome, self._kept)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Row):
            return NotImplemented
        if self._layout.table != other._layout.table or self._layout.names != other._layout.names:
            return False
        return self._texts == other._texts or all(self[name] == other[name] for name in self._layout.names)

    def __hash__(self) -> int:
        layout = self._layout
        first = self._texts[0] if layout.types and layout.types[0] in _EXACT else None
        return hash((layout.table, first))

    def __repr__(self) -> str:
        layout = self._layout
        shown = [
            f"{name}={'…' if _SECRET.search(name) else _short(text)}"
            for name, text in zip(layout.names, self._texts)
            if text is not None
        ]
        return f"<{layout.table} {self._outcome}: {' '.join(shown[:6])}{' …' if len(shown) > 6 else ''}>"


# Where a column has one of these names, each row has its own; so it must not be told by the class.
Row.table = Row.outcome = ""
Row.kept = ()


def rows_of(made: Made, layout: Layout | None = None, together: Sequence[tuple[str, list[Row]]] = ()) -> list[Row]:
    """The rows of one binding. `layout` is passed where it is known already; `together` are those of all bindings, by
    table, which may still grow."""
    layout = layout or Layout(made.table, made.columns)
    count = len(made.rows)
    columns, ordinals = (tuple(made.kept.columns), set(made.kept.ordinals)) if made.kept else ((), set())
    return [
        Row(layout, texts, outcome, columns if at in ordinals else (), (at, count), together)
        for at, (texts, outcome) in enumerate(zip(made.rows, made.outcomes))
    ]


def _belong(one: int, ones: int, other: int, others: int) -> bool:
    """Whether two rows of different tables belong together: the fewer are spread evenly over the more."""
    return one * others // ones == other if ones >= others else other * ones // others == one


def name_of(table: str) -> str:
    """The name of a table as calls write it, of one as it is written in SQL.

    >>> name_of('"public"."users"'), name_of('"sales"."Big Orders"')
    ('users', 'sales.Big Orders')
    """
    parts = [quoted.replace('""', '"') or plain for quoted, plain in _NAME.findall(table)]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] == "public" else parts)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _missing(layout: Layout | None, name: str) -> str:
    from difflib import get_close_matches

    if layout is None or name.startswith("__"):
        return name
    near = get_close_matches(name, layout.names, 1)
    return f"{layout.table} has no column {name}" + (f": did you mean {near[0]}?" if near else "")
