"""The server's output text as Python values, by the type of the column.

Invariant: a text that the Python type cannot hold exactly (a month of an interval, a date before Christ, `infinity`)
stays a text; nothing is rounded (but numbers in JSON are as `json` reads them).

>>> reader("bigint")("9007199254740993"), reader("numeric(10,2)")("1.50"), reader("inet")("10.0.0.1")
(9007199254740993, Decimal('1.50'), '10.0.0.1')
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[str], Any]

_CLOCK = r"(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?"
_ZONE = r"([+-])(\d{2})(?::(\d{2}))?(?::(\d{2}))?"
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TIME = re.compile(rf"{_CLOCK}(?:{_ZONE})?")
_TIMESTAMP = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}}) {_CLOCK}(?:{_ZONE})?")
_INTERVAL = re.compile(r"(?:([+-]?\d+) days?)?\s*(?:([+-]?)(\d+):(\d{2}):(\d{2})(?:\.(\d{1,6}))?)?")
_ELEMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}]+))\s*', re.DOTALL)


def reader(kind: str) -> Reader:
    """What reads the texts of a type, as the server writes it: `bigint`, `character varying(40)`, `integer[]`."""
    # The one type whose elements are not separated by commas.
    if kind == "box[]":
        return str
    if kind.endswith("[]"):
        element = reader(kind[:-2])
        return lambda text: _array(text, element)
    # The type without what stands in brackets: `timestamp(3) without time zone`.
    return _READERS.get(re.sub(r"\([^)]*\)", "", kind), str)


def _uuid(text: str) -> Any:
    import uuid

    return uuid.UUID(text)


def _json(text: str) -> Any:
    import json

    return json.loads(text)


def _bytes(text: str) -> bytes:
    if text.startswith("\\x"):
        return bytes.fromhex(text[2:])
    # bytea_output = escape.
    return re.sub(
        rb"\\(\\|[0-7]{3})",
        lambda found: b"\\" if found[1] == b"\\" else bytes([int(found[1], 8)]),
        text.encode("latin-1", "replace"),
    )


def _date(text: str) -> Any:
    found = _DATE.fullmatch(text)
    return dt.date(*map(int, found.groups())) if found else text


def _time(text: str) -> Any:
    found = _TIME.fullmatch(text)
    # 24:00:00 is a time of the server's and none of Python's.
    if not found or found[1] == "24":
        return text
    hour, minute, second, fraction, *zone = found.groups()
    return dt.time(int(hour), int(minute), int(second), _micros(fraction), _zone(*zone))


def _timestamp(text: str) -> Any:
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        return text
    year, month, day, hour, minute, second, fraction, *zone = found.groups()
    return dt.datetime(
        int(year), int(month), int(day), int(hour), int(minute), int(second), _micros(fraction), _zone(*zone)
    )  # fmt: skip


def _interval(text: str) -> Any:
    found = _INTERVAL.fullmatch(text)
    if not found or not text:
        return text
    days, sign, hours, minutes, seconds, fraction = found.groups()
    clock = dt.timedelta(
        hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0), microseconds=_micros(fraction)
    )
    return dt.timedelta(days=int(days or 0)) + (-clock if sign == "-" else clock)


def _micros(fraction: str | None) -> int:
    return int((fraction or "").ljust(6, "0"))


def _zone(sign: str | None, hours: str | None, minutes: str | None, seconds: str | None) -> dt.timezone | None:
    if sign is None:
        return None
    offset = dt.timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0))
    return dt.timezone(-offset if sign == "-" else offset)


def _array(text: str, element: Reader) -> Any:
    # Bounds other than 1 stand before it: `[0:2]={1,2,3}`.
    start = text.index("{")
    values, end = _elements(text, start, element)
    assert end == len(text)
    return values


def _elements(text: str, at: int, element: Reader) -> tuple[list[Any], int]:
    """The elements of the array that begins at `at`, and where it ends."""
    values: list[Any] = []
    at += 1
    while text[at] != "}":
        if text[at] == ",":
            at += 1
        if text[at] == "{":
            inner, at = _elements(text, at, element)
            values.append(inner)
            continue
        found = _ELEMENT.match(text, at)
        assert found is not None
        at = found.end()
        if found[1] is not None:
            values.append(element(re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)))
        else:
            values.append(None if found[2] == "NULL" else element(found[2]))
    return values, at + 1


_READERS: dict[str, Reader] = {
    "bigint": int,
    "boolean": lambda text: text in ("t", "true"),
    "bytea": _bytes,
    "date": _date,
    "double precision": float,
    "integer": int,
    "interval": _interval,
    "json": _json,
    "jsonb": _json,
    "numeric": decimal.Decimal,
    "oid": int,
    "real": float,
    "smallint": int,
    "time with time zone": _time,
    "time without time zone": _time,
    "timestamp with time zone": _timestamp,
    "timestamp without time zone": _timestamp,
    "uuid": _uuid,
}
