"""A factory call as the service is told it: texts instead of values, and what of it decides which plan is run.

Invariant: two calls of one form have one plan, as long as the schema is the same and the values decide nothing (lists
always may: a form that has one has no name).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import is_told as __tracebackhide__  # noqa: F401
from .text import ColumnText, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .builder import Builder
    from .lease import Lease
    from .plan import Text

    Argument = Text | list[Text]

_PLAIN = re.compile(r"text|citext|name|character( varying)?(\(\d+\))?")
_WHOLE = {"smallint": 1 << 15, "integer": 1 << 31, "bigint": 1 << 63}
# Types a Python value of this class always has a text of.
_FITTING = {
    "Decimal": frozenset({"numeric"}),
    "UUID": frozenset({"uuid"}),
    "bool": frozenset({"boolean"}),
    "bytes": frozenset({"bytea"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"timestamp with time zone", "timestamp without time zone"}),
    "float": frozenset({"double precision"}),
    "timedelta": frozenset({"interval"}),
}


class Call(NamedTuple):
    """A call: `said` is what the service is told, `form` its name among calls of one shape (None: it has none),
    `arguments` those of its own columns, `children` the names of its children's."""

    said: dict[str, Any]
    form: tuple[Any, ...] | None
    arguments: dict[str, Argument]
    children: dict[str, Argument]


def call_of(lease: Lease, builder: Builder, values: Mapping[str, Any], count: int | None) -> Call:
    """The call that a builder with these values is, for one row (`count` None) or several."""
    return _Writer(lease).write(builder, values, count, None)


class _Writer:
    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.names: set[str] = set()

    def write(self, builder: Builder, values: Mapping[str, Any], count: int | None, prefix: str | None) -> Call:
        table, options = builder.table, builder.options
        binding = self._binding(table)
        said: dict[str, Any] = {"table": table}
        arguments: dict[str, Argument] = {}
        nulls = []
        lists = False
        for name, value in values.items():
            if type(value) is str and "\0" not in value:
                arguments[name] = value
                continue
            text = self._argument(table, name, value, count)
            arguments[name] = text
            lists = lists or isinstance(text, list)
            if text is None:
                nulls.append(name)
        if arguments:
            said["set"] = arguments
        if count is not None:
            said["count"] = count
        said.update(options)
        children: dict[str, Argument] = {}
        forms = []
        for child in builder.children:
            below = self.write(child, child.values, child.count, binding)
            said.setdefault("with", []).append(below.said)
            forms.append(below.form)
            children.update(below.children)
        if prefix is not None:
            children.update({f"{binding}.{name}": argument for name, argument in arguments.items()})
        form = None
        if not lists and None not in forms:
            # Of the children the count matters, of the call itself only whether it has one.
            times = count if prefix is not None else count is not None
            form = (table, tuple(arguments), tuple(nulls), times, tuple(map(_frozen, options.items())), tuple(forms))
        return Call(said, form, arguments, children)

    def _binding(self, table: str) -> str:
        """What the plan will most likely call its rows; the first answer tells whether it does."""
        name, number = table, 2
        while name in self.names:
            name, number = f"{table}#{number}", number + 1
        self.names.add(name)
        return name

    def _argument(self, table: str, name: str, value: Any, count: int | None) -> Argument:
        where = f"{table}.{name}"
        if not isinstance(value, (list, tuple, set, frozenset)):
            return text_of(value, None, where)
        from .schema import type_of

        kind = type_of(self.lease, table, name)
        holds_lists = kind is not None and (kind.endswith("[]") or kind in ("json", "jsonb"))
        each = count is not None and (not holds_lists or any(isinstance(one, (list, tuple, set)) for one in value))
        if each:
            return [text_of(one, kind, where) for one in value]
        return text_of(value, kind, where)


def _frozen(option: tuple[str, Any]) -> tuple[str, Any]:
    name, value = option
    return name, tuple(value) if isinstance(value, list) else value


def fits(kind: str, value: Any) -> bool:
    """Whether the column's type takes the value for certain, so that no look-up can be refused for it.

    >>> fits("character varying(40)", "alice"), fits("date", "alice"), fits("integer", 2**31)
    (True, False, False)
    """
    if value is None or isinstance(value, ColumnText):
        return True
    if type(value) is str:
        return _PLAIN.fullmatch(kind) is not None
    if type(value) is int:
        return kind in _WHOLE and -_WHOLE[kind] <= value < _WHOLE[kind]
    return kind in _FITTING.get(type(value).__name__, ())


def all_fit(types: Mapping[str, str], values: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Whether every value fits, by the types of the columns that are known."""
    return all(fits(types.get(name, ""), values.get(name)) for name in names)
