"""Values to the server and back, exactly; what has no text, and what stays a text."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import seedbed
from seedbed.text import text_of
from seedbed.value import reader

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = dt.timezone(dt.timedelta(hours=1))


class Mood(enum.Enum):
    CALM = "calm"


class Level(str, enum.Enum):
    HIGH = "high"


class Word(str):
    pass


# Column, value, and what comes back where it is something else.
VALUES: list[tuple[str, Any, Any]] = [
    ("big", 2**53 + 1, ...),
    ("big", -(2**63), ...),
    ("small", 32767, ...),
    ("flag", True, ...),
    ("flag", False, ...),
    ("ratio", 0.1, ...),
    ("ratio", float("inf"), ...),
    ("ratio", 5e-324, ...),
    ("price", Decimal("9007199254740993.0001"), ...),
    ("exact", Decimal("0.00000000000000000000000000012345678901234567890"), ...),
    ("exact", Decimal("1E+30"), Decimal(10) ** 30),
    ("data", b"\x00\xff\\x'", ...),
    ("data", bytearray(b"ab"), b"ab"),
    ("data", b"", ...),
    ("born", dt.date(1, 1, 1), ...),
    ("born", dt.date(9999, 12, 31), ...),
    ("born", "infinity", ...),
    ("born", "0044-03-15 BC", ...),
    ("woken", dt.time(23, 59, 59, 999999), ...),
    ("woken", "24:00:00", ...),
    ("made", dt.datetime(2026, 1, 2, 3, 4, 5, 120000), ...),
    ("seen", dt.datetime(2026, 1, 2, 3, 4, 5, 6, HOUR), ...),
    ("seen", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc), ...),
    ("lasts", dt.timedelta(days=-1, seconds=3, microseconds=7), ...),
    ("lasts", dt.timedelta(microseconds=-1), ...),
    ("lasts", dt.timedelta(0), ...),
    ("lasts", dt.timedelta(days=400, hours=30), ...),
    ("lasts", "1 mon 2 days", "1 mon 2 days"),
    ("key", uuid.UUID(int=7), ...),
    ("facts", {"a": [1, None, {"b": 'ä"\\'}], "c": True}, ...),
    ("facts", [1, [2], {}], ...),
    ("facts", '"a text"', "a text"),
    ("facts", {"at": dt.date(2026, 1, 2), "by": uuid.UUID(int=7)}, {"at": "2026-01-02", "by": str(uuid.UUID(int=7))}),
    ("raw", {"big": 2**60}, ...),
    ("tags", ["a", None, "NULL", "", 'q"', "b\\", "{", ",", " x "], ...),
    ("tags", [], ...),
    ("tags", ("a", "b"), ["a", "b"]),
    ("numbers", [1, None, -3], ...),
    ("grid", [[1, 2], [3, 4]], ...),
    ("numbers", "[0:1]={5,6}", [5, 6]),
    ("stamps", [dt.datetime(2026, 1, 2, tzinfo=HOUR), None], ...),
    ("host", ipaddress.ip_address("10.0.0.1"), "10.0.0.1/32"),
    ("span", "[1,5)", "[1,5)"),
    ("mood", Mood.CALM, "calm"),
    ("code", Level.HIGH, "high"),
    ("code", Word("w"), "w"),
    ("code", "NULL", ...),
    ("code", "", ...),
]


@pytest.fixture
def on(lease: seedbed.Lease, connection: Any) -> Iterator[seedbed.Make]:
    yield seedbed.Make(lease).on(connection)


@pytest.mark.parametrize(("column", "value", "back"), VALUES, ids=lambda one: repr(one)[:40])
def test_a_value_comes_back_as_it_went(on: seedbed.Make, column: str, value: Any, back: Any) -> None:
    wanted = value if back is ... else back
    given = {"code": "x", column: value}
    for outcome in ("created", "matched"):
        row = on.things(**given)
        assert (row.outcome, row[column], type(row[column])) == (outcome, wanted, type(wanted))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "Europe/Amsterdam"])
def test_zones_of_the_session_change_no_instant(on: seedbed.Make, connection: Any, zone: str) -> None:
    connection.execute("SELECT set_config('TimeZone', %s, true)", (zone,))
    for at in (dt.datetime(2026, 7, 2, tzinfo=dt.timezone.utc), dt.datetime(1890, 1, 1, 12, tzinfo=dt.timezone.utc)):
        row = on.things(code="x", seen=at)
        assert row.seen == at
        assert on.things(code="x", seen=at).outcome == "matched"


@pytest.mark.parametrize("style", ["postgres", "sql_standard", "iso_8601", "postgres_verbose"])
def test_styles_of_the_session_never_give_a_wrong_value(on: seedbed.Make, connection: Any, style: str) -> None:
    connection.execute(
        "SELECT set_config('IntervalStyle', %s, true), set_config('DateStyle', 'SQL, DMY', true)", (style,)
    )
    lasts = dt.timedelta(days=-1, seconds=3)
    row = on.things(code="x", lasts=lasts, born=dt.date(2026, 3, 1))
    assert row.lasts == lasts or isinstance(row.lasts, str)
    # A day before a month, or not: who knows. It stays a text.
    assert row.born == "01/03/2026"
    connection.execute("SET LOCAL IntervalStyle = postgres; SET LOCAL DateStyle = ISO")
    again = on.things(code="x")
    assert (again.lasts, again.born) == (lasts, dt.date(2026, 3, 1))


def test_bytes_in_the_old_form_are_read(on: seedbed.Make, connection: Any) -> None:
    connection.execute("SET LOCAL bytea_output = escape")
    assert on.things(code="x", data=b"a\\\x00\xff").data == b"a\\\x00\xff"


def test_null_is_no_text(on: seedbed.Make) -> None:
    assert on.things(code="x", tags=None, big=None, facts=None).tags is None
    row = on.things(code="y", tags=["NULL"], host=None)
    assert (row.tags, row.text("tags"), row.host) == (["NULL"], '{"NULL"}', None)
    assert on.things(code="z", facts="null").facts is None
    assert on.things(code="z").text("facts") == "null"


def test_a_list_is_one_value_for_each_row_or_one_array(on: seedbed.Make) -> None:
    rows = on.things.list(2, code=["a", "b"], tags=["x", "y"], numbers=[[1], [2, 3]], big=7)
    assert [(row.code, row.tags, row.numbers, row.big) for row in rows] == [
        ("a", ["x", "y"], [1], 7),
        ("b", ["x", "y"], [2, 3], 7),
    ]
    assert [row.outcome for row in on.things.list(2, code=["a", "c"])] == ["matched", "created"]
    with pytest.raises(seedbed.SeedbedError):
        on.things.list(3, code=["a", "b"])
    with pytest.raises(seedbed.CannotMake, match=r"things.big has the type bigint, which takes no list"):
        on.things(code="x", big=[1, 2])


@pytest.mark.parametrize("value", [object(), 1j, range(3), lambda: 1])
def test_what_has_no_text_is_refused_without_being_shown(on: seedbed.Make, value: Any) -> None:
    with pytest.raises(seedbed.CannotMake, match=r"things.code: a .* has no text of its own") as caught:
        on.things(code=value)
    assert repr(value) not in str(caught.value)
    assert caught.value.hints


def test_a_nul_is_refused_before_the_server_sees_it(on: seedbed.Make, connection: Any) -> None:
    with pytest.raises(seedbed.CannotMake, match="no character NUL"):
        on.things(code="a\0b")
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_ranges_of_drivers_are_texts(on: seedbed.Make) -> None:
    from psycopg.types.range import Range

    assert on.things(code="x", span=Range(1, 5)).span == "[1,5)"
    assert text_of(Range(1, 5)) is not None


def test_readers_leave_alone_what_they_do_not_know() -> None:
    assert reader("point[]")('{"(1,2)","(3,4)"}') == ["(1,2)", "(3,4)"]
    assert reader("box[]")("{(1,1),(0,0);(2,2),(1,1)}") == "{(1,1),(0,0);(2,2),(1,1)}"
    assert reader("made_up")("x") == "x"
    assert reader("timestamp(3) with time zone")("2026-01-02 03:04:05.678+00").microsecond == 678000
    assert reader("timestamp without time zone")("-infinity") == "-infinity"
