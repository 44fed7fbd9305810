"""Calls: committed or on a connection, composed, and when plans are asked for again."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import seedbed


@pytest.fixture
def on(make: seedbed.Make, connection: Any) -> seedbed.Make:
    return make.on(connection)


def test_the_same_call_is_the_same_row(anywhere: seedbed.Make) -> None:
    first = anywhere.users(email="alice@example.com")
    again = anywhere.users(email="alice@example.com")
    assert (first.outcome, again.outcome, again) == ("created", "matched", first)
    assert anywhere.users(email="alice@example.com", name="Alice").outcome == "updated"
    assert anywhere.users().id == anywhere.users().id


def test_committed_rows_are_there_for_others(make: seedbed.Make, connection: Any) -> None:
    make["sales.orders"](number="1")
    assert connection.execute("SELECT number FROM sales.orders").fetchall() == [("1",)]
    assert make["sales.orders"](number="1").table == "sales.orders"


def test_lists_children_and_fresh_rows(anywhere: seedbed.Make) -> None:
    users = anywhere.users.list(2, email=["a@example.com", "b@example.com"])
    assert [user.email for user in users] == ["a@example.com", "b@example.com"]
    assert anywhere.users.fresh(name="New").id != anywhere.users.fresh(name="New").id
    company = anywhere.companies.with_(users=anywhere.users.set(name="Hand").times(2))(name="Acme")
    assert [user.name for user in company.related("users")] == ["Hand", "Hand"]
    assert company.related("users")[0].related("companies") == [company]


def test_a_call_of_a_known_form_asks_for_nothing(on: seedbed.Make, monkeypatch: pytest.MonkeyPatch) -> None:
    on.users(email="alice@example.com")
    on.companies.with_(users=on.users.set(name="Hand").times(2))(name="Acme")
    asked: list[str] = []
    real = seedbed.Client.post

    def post(self: seedbed.Client, path: str, body: dict[str, Any]) -> Any:
        asked.append(path)
        return real(self, path, body)

    monkeypatch.setattr(seedbed.Client, "post", post)
    assert on.users(email="alice@example.com").outcome == "matched"
    assert on.users(email="bob@example.com").outcome == "created"
    assert asked == []
    # Rows are found by generated values where nothing else tells them apart.
    assert on.companies.with_(users=on.users.set(name="Hand").times(2))(name="Acme").outcome == "matched"
    assert asked == ["/v1/values"]


def test_builders_are_composed_and_never_change(on: seedbed.Make) -> None:
    plain = on.users
    named = plain.set(name="Alice")
    kept = named.policy("keep").key("email").scope("one")
    assert (plain.values, named.values, named.options) == ({}, {"name": "Alice"}, {})
    assert kept.options == {"policy": "keep", "key": ["email"], "scope": "one"}
    kept(email="a@example.com")
    assert kept.set(name="Bob")(email="a@example.com").name == "Alice"
    assert "Alice" not in repr(kept)
    assert on.users.scope("one")().email != on.users.scope("two")().email


def test_nested_builders(anywhere: seedbed.Make) -> None:
    reader = anywhere.users(email="r@example.com")
    post = anywhere.posts.with_(comments=[anywhere.comments.set(text="first"), anywhere.comments.set(text="second")])
    made = post(author=reader, title="Hello")
    assert sorted(row["text"] for row in made.related("comments")) == ["first", "second"]
    assert {row.post for row in made.related("comments")} == {made.id}


@pytest.mark.parametrize(
    ("wish", "said"),
    [("three", "wants a number or a builder, not a str"), (True, "wants a number"), (None, "wants a number")],
)
def test_children_are_numbers_or_builders(on: seedbed.Make, wish: Any, said: str) -> None:
    with pytest.raises(seedbed.CannotMake, match=said):
        on.companies.with_(users=wish)
    with pytest.raises(seedbed.CannotMake, match="wants a builder of users, not of posts"):
        on.companies.with_(users=on.posts)
    with pytest.raises(seedbed.CannotMake, match="no policy 'kepe'"):
        on.users.policy("kepe")


def test_a_row_that_is_built_is_not_there(make: seedbed.Make, connection: Any) -> None:
    built = make.users.build(email="alice@example.com")
    assert built.email == "alice@example.com"
    assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_errors_keep_the_service_s_hint_as_a_line_of_python(anywhere: seedbed.Make) -> None:
    for _ in range(2):
        with pytest.raises(seedbed.Refused, match=r"users has no column emial: did you mean email\?") as column:
            anywhere.users(emial="x")
        assert column.value.hints == ["make.users(email=…)"]
        with pytest.raises(seedbed.Refused, match="no table userz") as table:
            anywhere.userz()
        assert table.value.hints == ["make.users()"]
        with pytest.raises(seedbed.SeedbedError, match="company"):
            anywhere.users(email="a@example.com", company_id=999)


# What the service does not know any more.


def test_a_shape_of_another_schema_is_asked_for_again(make: seedbed.Make) -> None:
    import psycopg

    with psycopg.connect(make.lease.url, autocommit=True) as connection:
        on = make.on(connection)
        on.users(email="a@example.com")
        connection.execute("ALTER TABLE users ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'")
        connection.execute("ALTER TABLE users ALTER COLUMN since DROP DEFAULT")
        # The service looks at the schema, and forgets the shape.
        make.companies(name="Acme")
        assert on.users(email="b@example.com").outcome == "created"
        assert on.users(email="c@example.com").since is not None


def test_a_schema_that_changed_behind_the_service_is_looked_at_again(make: seedbed.Make) -> None:
    import psycopg

    with psycopg.connect(make.lease.url) as connection:
        on = make.on(connection)
        on.users(email="a@example.com")
        connection.commit()
        connection.execute("ALTER TABLE users ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'")
        connection.execute("ALTER TABLE users ALTER COLUMN since DROP DEFAULT")
        connection.commit()
        assert on.users(email="b@example.com").outcome == "created"
        connection.rollback()


def test_values_that_decide_which_key_counts_are_judged_again(on: seedbed.Make) -> None:
    """`accounts_open` is unique where not closed."""
    first = on.accounts(owner="Alice", closed=False, note="a")
    closed = on.accounts(owner="Alice", closed=True, note="b")
    assert closed.id != first.id
    assert on.accounts(owner="Alice", closed=False, note="c").id == first.id
    assert on.accounts(owner="Alice", closed=True, note="b").id == closed.id
    assert on.accounts(owner="Alice", closed=True, note="d").id not in (first.id, closed.id)
    assert on.accounts(owner="Bob", closed=True, note="e").outcome == "created"
    assert on.accounts(owner="Bob", closed=False, note="f").outcome == "created"


def test_columns_may_have_any_name(on: seedbed.Make, connection: Any) -> None:
    connection.execute('CREATE TABLE odd (self text PRIMARY KEY, count int, "table" text, name text)')
    connection.commit()
    row = on.odd(self="a", count=2, table="t", name="n")
    assert (row.self, row.count, row.table, row["name"]) == ("a", 2, "t", "n")
    assert on.odd.set(self=["a"], table="t").list(1, count=2)[0].outcome == "matched"


def test_a_lease_that_has_ended_makes_nothing(service: seedbed.Service) -> None:
    import psycopg

    with service.connect() as client:
        lease = client.acquire("ends")
        with psycopg.connect(lease.url, autocommit=True) as connection:
            make = seedbed.Make(lease)
            make.on(connection).users(email="a@example.com")
            lease.release()
            for maker in (make, make.on(connection)):
                with pytest.raises(seedbed.LeaseEnded):
                    maker.companies()


def test_a_count_that_is_none_is_refused(anywhere: seedbed.Make) -> None:
    for count in ("3", 2.0, True):
        with pytest.raises(seedbed.CannotMake, match="wants a number of rows"):
            anywhere.users.list(count)
    for count in (-1, -3):
        with pytest.raises(seedbed.CannotMake, match=f"cannot make {count} rows"):
            anywhere.users.fresh_list(count)
    with pytest.raises(seedbed.CannotMake, match="wants a number of rows"):
        anywhere.users.with_(posts=anywhere.posts.times("3"))


def test_a_value_that_is_never_updated_is_told(anywhere: seedbed.Make, connection: Any) -> None:
    connection.execute("CREATE TABLE members (email text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now())")
    connection.commit()
    anywhere.members(email="a@example.com")
    with pytest.warns(UserWarning, match="a row of members that was there already kept another created_at") as warned:
        row = anywhere.members(email="a@example.com", created_at="2020-01-01 00:00:00+00")
    assert row.kept == ("created_at",)
    assert warned[0].filename == __file__
    with pytest.raises(seedbed.CannotMake, match="differs from what was passed in created_at") as strict:
        anywhere.members.policy("strict")(email="a@example.com", created_at="2020-01-01 00:00:00+00")
    assert strict.value.hints == ['….policy("keep")']
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        anywhere.members.policy("keep")(email="a@example.com", created_at="2020-01-01 00:00:00+00")
