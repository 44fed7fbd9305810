r"""Python values as the server's input text.

Invariants: `None` is NULL and no other value is; what has no text of its own is refused, not guessed; a value never
stands in an error.

>>> text_of(True), text_of(2**60), text_of(b"\x00\xff"), text_of(None)
('true', '1152921504606846976', '\\x00ff', None)
>>> text_of([1, None, 2], "integer[]"), text_of([1, None, 2], "jsonb")
('{"1",NULL,"2"}', '[1,null,2]')
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from typing import TYPE_CHECKING, Any

from .errors import CannotMake
from .errors import is_told as __tracebackhide__  # noqa: F401
from .plan import array

if TYPE_CHECKING:
    from collections.abc import Callable

_JSON = frozenset({"json", "jsonb"})


class ColumnText(str):
    """A text that the server wrote for a column of the same type: a parent's key."""

    __slots__ = ()


def text_of(value: Any, kind: str | None = None, where: str = "") -> str | None:
    """The text of a value for a column of the type `kind`, as the server writes types; NULL is None.

    `where` names the column in an error. Raises CannotMake for what has no text.
    """
    if value is None:
        return None
    if isinstance(value, enum.Enum):
        value = value.value
    write = _TEXTS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _json(list(value), where) if kind in _JSON else _array(value, kind, where)
    if isinstance(value, dict):
        return _json(value, where)
    for of, write in _TEXTS.items():
        # Subclasses: datetime stands before date, which it derives from.
        if isinstance(value, of):
            return write(value)
    if _is_network(value):
        return str(value)
    kind_of = f"{type(value).__module__}.{type(value).__qualname__}"
    raise CannotMake(
        f"{where or 'a value'}: a {kind_of} has no text of its own for PostgreSQL",
        hints=["pass a text in PostgreSQL's input syntax, such as str(value)"],
    )


def interval(value: dt.timedelta) -> str:
    """The text of an interval. Every part has its sign, so that no `IntervalStyle` reads it otherwise.

    >>> interval(dt.timedelta(days=-1, seconds=3))
    '-1 days +3.000000 seconds'
    """
    return f"{value.days:+d} days {value.seconds:+d}.{value.microseconds:06d} seconds"


def _text(value: str) -> str:
    if "\0" in value:
        raise CannotMake("PostgreSQL keeps no character NUL in a text", hints=["pass bytes to a bytea column"])
    return str(value)


def _number(value: float) -> str:
    return repr(float(value))


def _bytes(value: Any) -> str:
    return "\\x" + bytes(value).hex()


def _boolean(value: bool) -> str:
    return "true" if value else "false"


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: _text,
    bool: _boolean,
    int: lambda value: str(int(value)),
    float: _number,
    decimal.Decimal: str,
    dt.datetime: lambda value: value.isoformat(sep=" "),
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    dt.timedelta: interval,
    uuid.UUID: str,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
}


def _array(value: Any, kind: str | None, where: str) -> str:
    if kind is not None and not kind.endswith("[]"):
        raise CannotMake(
            f"{where or 'a column'} has the type {kind}, which takes no list",
            hints=["make.TABLE.list(2, COLUMN=[…, …])   # a value for each of two rows"],
        )
    element = None if kind is None else kind[:-2]
    return _literal(value, element, where)


def _literal(value: Any, element: str | None, where: str) -> str:
    if any(isinstance(each, (list, tuple)) for each in value) and element not in _JSON:
        # An array within an array is no element: it is not quoted.
        return "{" + ",".join("NULL" if each is None else _literal(each, element, where) for each in value) + "}"
    return array([text_of(each, element, where) for each in value])


def _json(value: Any, where: str) -> str:
    import json

    try:
        return json.dumps(value, default=_json_of, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise CannotMake(f"{where or 'a value'} cannot be written as JSON: {error}") from error


def _json_of(value: Any) -> Any:
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, decimal.Decimal)):
        return str(value)
    raise TypeError(f"a {type(value).__qualname__} is no JSON")


def _is_network(value: Any) -> bool:
    """Whether it is of `ipaddress`, or one of a driver's ranges: their `str` is what the server reads."""
    home = type(value).__module__
    return home == "ipaddress" or home in ("psycopg.types.range", "psycopg2._range")
