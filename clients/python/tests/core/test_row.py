"""Rows: columns come first, whatever they are called."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from seedbed import Row
from seedbed.row import Layout, name_of


def row(*texts: str | None, table: str = '"public"."users"', names: str = "id email", **more: Any) -> Row:
    columns = [{"name": name, "type": "bigint" if name == "id" else "text"} for name in names.split()]
    return Row(Layout(table, columns), list(texts), more.pop("outcome", "created"), **more)


def test_columns_are_attributes_and_items() -> None:
    one = row("7", None)
    assert (one.id, one["id"], one.email, one.text("id")) == (7, 7, None, "7")
    assert dict(one) == {"id": 7, "email": None}
    assert {**one} == {"id": 7, "email": None}
    assert (len(one), list(one), "email" in one, one.get("nothing")) == (2, ["id", "email"], True, None)


def test_a_column_hides_what_a_row_has_of_its_own() -> None:
    names = "id text table outcome values items keys get related kept"
    one = row("7", *"abcdefghi", names=names)
    assert [getattr(one, name) for name in names.split() if name != "keys"] == [7, *"abcde", *"ghi"]
    assert dict(one)["keys"] == "f"
    assert Row.text(one, "text") == "a"
    assert "users created" in repr(one)
    assert copy.copy(one) == one


def test_a_name_that_is_no_column_is_told_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match=r"users has no column emial: did you mean email\?"):
        row("7", "x").emial  # noqa: B018
    with pytest.raises(AttributeError, match="a made row does not write"):
        row("7", "x").email = "y"
    with pytest.raises(KeyError):
        row("7", "x")["nothing"]


def test_rows_are_equal_by_table_and_values() -> None:
    assert row("7", "x") == row("7", "x", outcome="matched")
    assert row("7", "x") != row("8", "x")
    assert row("7", "x") != row("7", "x", table='"public"."people"')
    assert row("7", "x") != {"id": 7, "email": "x"}
    assert len({row("7", "x"), row("7", "x"), row("8", "x")}) == 2


def test_equal_values_of_other_texts_are_equal() -> None:
    columns = [{"name": "at", "type": "timestamp with time zone"}]
    layout = Layout("t", columns)
    one, other = (Row(layout, [text], "created") for text in ("2026-01-02 00:00:00+00", "2026-01-02 01:00:00+01"))
    assert one == other
    assert hash(one) == hash(other)


def test_rows_travel_to_other_processes() -> None:
    one = row("7", "x")
    again = pickle.loads(pickle.dumps(one))
    assert (again, again.outcome, again.email) == (one, "created", "x")


def test_secrets_are_not_shown() -> None:
    shown = repr(row("7", "hunter2", "t0ps3cret", "x" * 99, names="id password_hash api_token note"))
    assert "hunter2" not in shown
    assert "t0ps3cret" not in shown
    assert shown == f"<users created: id=7 password_hash=… api_token=… note={'x' * 39}…>"


@pytest.mark.parametrize(
    ("sql", "name"),
    [('"public"."users"', "users"), ('"sales"."orders"', "sales.orders"), ("users", "users"), ('"a.b"', "a.b"),
     ('"public"."say ""hi"""', 'say "hi"')],
)  # fmt: skip
def test_tables_are_named_as_calls_name_them(sql: str, name: str) -> None:
    assert name_of(sql) == name
