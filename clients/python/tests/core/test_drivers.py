"""Rows on a connection of the caller's, with every driver: in its transaction, and leaving it as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import seedbed

from .places import PLACES, Place, count

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, lease: seedbed.Lease) -> Iterator[Place]:
    with PLACES[request.param](lease) as place:
        yield place
        place.rollback()


def test_rows_are_made_in_the_caller_s_transaction(place: Place, lease: seedbed.Lease) -> None:
    user = place.make.users(email="alice@example.com")
    assert (user.outcome, user.email) == ("created", "alice@example.com")
    assert place.sql("SELECT email FROM users") == [("alice@example.com",)]
    assert count(lease) == 0
    place.rollback()
    assert count(lease) == 0


def test_the_caller_commits(place: Place, lease: seedbed.Lease) -> None:
    place.make.posts(title="Hello", author_id=place.make.users().id)
    place.commit()
    assert (count(lease, "users"), count(lease, "posts")) == (1, 1)


def test_the_same_call_is_the_same_row_and_writes_nothing(place: Place) -> None:
    first = place.make.users(email="alice@example.com", name="Alice")
    before = place.sql("SELECT xmin::text, ctid::text FROM users")
    again = place.make.users(email="alice@example.com", name="Alice")
    assert (again.outcome, again.id) == ("matched", first.id)
    assert again == first
    assert place.sql("SELECT xmin::text, ctid::text FROM users") == before
    assert place.make.users(email="alice@example.com", name="Bob").outcome == "updated"


def test_a_refusal_leaves_the_transaction_usable(place: Place) -> None:
    place.make.users(email="alice@example.com")
    for wrong in (
        {"email": "alice@example.com", "mood": "angry"},
        {"email": "bob@example.com", "company_id": 999},
        {"email": "bob@example.com", "company_id": "many"},
        {"email": "bob@example.com", "company_id": 1 << 70},
        {"emial": "bob@example.com"},
    ):
        # Twice: asked for a plan, and with one that is known.
        for _ in range(2):
            with pytest.raises((seedbed.CannotMake, seedbed.Refused)):
                place.make.users(**wrong)
            assert place.sql("SELECT email FROM users") == [("alice@example.com",)]


def test_a_known_plan_and_a_value_that_its_column_does_not_take(place: Place) -> None:
    """The service never sees this value before the server does."""
    assert place.make.users(email="alice@example.com", mood="calm").mood == "calm"
    assert place.make.things(code="a", born="2026-01-01").outcome == "created"
    for _ in range(2):
        with pytest.raises((seedbed.CannotMake, seedbed.Refused), match="mood takes one of calm, cross"):
            place.make.users(email="bob@example.com", mood="angry")
        with pytest.raises((seedbed.CannotMake, seedbed.Refused)):
            place.make.things(code="b", born="yesterday's news")
        with pytest.raises((seedbed.CannotMake, seedbed.Refused)):
            place.make.things(code="b", part=101)
    assert place.sql("SELECT count(*)::text FROM users") == [("1",)]
    assert place.make.things(code="b", born="2026-01-02").outcome == "created"


def test_values_arrive_as_they_are(place: Place) -> None:
    for name in (
        "100%",
        "%s %(name)s %%",
        "$1 $2",
        "it's",
        'a "quote"',
        "back\\slash",
        "NULL",
        "",
        "{a,b}",
        "ä\n\t☂",
        ":x",
    ):
        assert place.make.users(email="a@example.com", name=name).name == name
        assert [row.name for row in place.make.users.list(2, name=name)] == [name, name]
    assert place.make.users(email="a@example.com", name=None).name is None


def test_percent_signs_in_names_and_conditions_stay(place: Place) -> None:
    for outcome in ("created", "matched"):
        row = place.make["100%"](**{"a%s": "1%", "b$1": "$1"})
        assert (row.outcome, dict(row)) == (outcome, {"a%s": "1%", "b$1": "$1"})
    assert place.make["100%"]().outcome == "created"


def test_many_rows_and_children(place: Place) -> None:
    users = place.make.users.list(3, name="The same")
    assert [user.outcome for user in users] == ["created"] * 3
    assert len({user.email for user in users}) == 3
    company = place.make.companies.with_(users=2)(name="Acme")
    assert [user.company_id for user in company.related("users")] == [company.id] * 2
    assert place.sql("SELECT count(*)::text FROM users WHERE company_id IS NOT NULL") == [("2",)]


def test_fresh_rows_in_one_transaction_differ(place: Place, lease: seedbed.Lease) -> None:
    implied = place.make.users()
    fresh = [place.make.users.fresh() for _ in range(12)]
    fresh += place.make.users.fresh_list(3)
    assert len({row.email for row in [implied, *fresh]}) == 16
    # Another `Make` on the same connection knows nothing of them, and finds its way.
    other = seedbed.Make(lease).on(place.connection)
    assert place.wait(other.users.fresh()).outcome == "created"
    assert place.sql("SELECT count(*)::text FROM users") == [("17",)]


def test_a_transaction_that_has_failed_is_told_as_such(place: Place) -> None:
    with pytest.raises(Exception, match="nowhere"):
        place.sql("SELECT * FROM nowhere")
    # SQLAlchemy and Django know it themselves.
    with pytest.raises(Exception, match="transaction") as caught:
        place.make.users(email="alice@example.com")
    if "django" not in type(caught.value).__module__ and "sqlalchemy" not in type(caught.value).__module__:
        assert isinstance(caught.value, seedbed.CannotMake)
        assert caught.value.hints[0] == "connection.rollback()"


def test_outside_a_transaction_a_call_is_whole_or_not_at_all(lease: seedbed.Lease) -> None:
    """`posts` needs an author; the title is refused after the author was made."""
    import psycopg

    with psycopg.connect(lease.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE posts ADD CHECK (title <> 'no')")
        make = seedbed.Make(lease).on(connection)
        with pytest.raises(seedbed.CannotMake):
            make.posts(title="no")
        assert connection.info.transaction_status == 0
        assert count(lease, "users") == 0
        assert make.posts(title="yes").outcome == "created"
        assert (count(lease, "users"), count(lease, "posts")) == (1, 1)


def test_a_broken_connection_is_the_driver_s_error(lease: seedbed.Lease) -> None:
    import psycopg
    import psycopg2

    for connect, error in ((psycopg.connect, psycopg.Error), (psycopg2.connect, psycopg2.Error)):
        connection: Any = connect(lease.url)
        make = seedbed.Make(lease).on(connection)
        make.users(email="alice@example.com")
        with psycopg.connect(lease.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                          " AND datname = current_database() AND backend_type = 'client backend'")  # fmt: skip
        with pytest.raises(error):
            make.users(email="bob@example.com")
        connection.close()


def test_nothing_of_the_connection_changes(lease: seedbed.Lease) -> None:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(lease.url, row_factory=dict_row) as connection:
        make = seedbed.Make(lease).on(connection)
        make.users(email="alice@example.com")
        assert connection.row_factory is dict_row
        assert connection.cursor_factory is psycopg.Cursor
        assert connection.execute("SELECT %s AS text", ("x",)).fetchone() == {"text": "x"}
        connection.rollback()


def test_texts_are_read_past_the_connection_s_own_readers(lease: seedbed.Lease) -> None:
    import psycopg
    import psycopg2
    from psycopg2 import extensions, extras

    class Shouting(psycopg.types.string.TextLoader):
        def load(self, data: Any) -> str:
            return str(super().load(data)).upper()

    class Doubting(psycopg.types.string.StrDumper):
        def dump(self, obj: str) -> bytes:
            return (obj + "?").encode()

    with psycopg.connect(lease.url) as connection:
        connection.adapters.register_loader("text", Shouting)
        connection.adapters.register_dumper(str, Doubting)
        assert seedbed.Make(lease).on(connection).users(email="alice@example.com").email == "alice@example.com"
        connection.rollback()
    other = psycopg2.connect(lease.url, cursor_factory=extras.RealDictCursor)
    shouting = extensions.new_type((25,), "SHOUTING", lambda value, cursor: value and value.upper())
    extensions.register_type(shouting, other)
    assert seedbed.Make(lease).on(other).users(email="alice@example.com").email == "alice@example.com"
    other.close()


def test_a_pool_s_connection_of_asyncpg_serves(lease: seedbed.Lease) -> None:
    import asyncio

    import asyncpg

    async def run() -> None:
        async with asyncpg.create_pool(lease.url, min_size=1, max_size=1) as pool, pool.acquire() as connection:
            make = seedbed.Make(lease).on(connection)
            # No transaction of the caller's: each call is one of its own.
            assert (await make.posts(title="Hello")).outcome == "created"
            assert not connection.is_in_transaction()

    asyncio.run(run())
    assert count(lease, "posts") == 1


def test_a_row_as_parent_costs_its_child_no_savepoint(lease: seedbed.Lease, connection: Any) -> None:
    on = seedbed.Make(lease).on(connection)
    alice = on.users(email="a@example.com")
    on.posts(author=alice, title="x")
    statements: list[str] = []
    from seedbed.drivers import psycopg as driver

    real = driver.Psycopg.query

    def query(self: Any, sql: str, parameters: Any, savepoint: bool) -> Any:
        statements.append(f"{sql.split(None, 1)[0]} {savepoint}")
        return real(self, sql, parameters, savepoint)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver.Psycopg, "query", query)
        assert on.posts(author=alice, title="x").outcome == "matched"
        assert on.posts(author_id=str(alice.id), title="x").outcome == "matched"
    assert statements == ["SELECT False", "SELECT True"]


@pytest.mark.parametrize("thing", [object(), 3, "postgresql://", None.__class__])
def test_what_is_no_connection_is_refused(make: seedbed.Make, thing: Any) -> None:
    with pytest.raises(seedbed.CannotMake, match="rows cannot be made on a"):
        make.on(thing)


def test_cursors_and_engines_are_refused_with_what_to_pass(make: seedbed.Make, connection: Any) -> None:
    from sqlalchemy import create_engine

    with pytest.raises(seedbed.CannotMake, match="this is a cursor"):
        make.on(connection.cursor())
    with pytest.raises(seedbed.CannotMake, match="this is an engine"):
        make.on(create_engine("postgresql+psycopg://"))
    with create_engine("sqlite://").connect() as other, pytest.raises(seedbed.CannotMake, match="is to sqlite"):
        make.on(other).users()


def test_pipelines_are_refused(make: seedbed.Make, connection: Any) -> None:
    with connection.pipeline(), pytest.raises(seedbed.CannotMake, match="pipeline mode"):
        make.on(connection).users()
