"""Data that all tests of a file share: built once, committed, and there in every test,
whatever the one before has done to it."""

import pytest

from rows import join, members, one


@pytest.fixture(scope="module")
def team(database):
    before = database.lease.mark()
    for name in ("Cem", "Dee", "Eve"):
        join(database.one, f"{name.lower()}@example.org", name)
    database.one.commit()
    yield
    database.back_to(before)


@pytest.fixture
def untouched(team, database):
    """What each test must find."""
    assert one(database.one, "SELECT string_agg(name, ' ' ORDER BY id) FROM members") == "Cem Dee Eve"
    assert columns(database.two) == 3
    return database


def columns(connection):
    return one(
        connection,
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'members'",
    )


def test_one_more_joins(untouched):
    assert join(untouched.one) == 4
    untouched.one.commit()
    assert members(untouched.two) == 4


def test_the_schema_changes(untouched):
    untouched.one.execute("ALTER TABLE members ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'")
    untouched.one.execute("DELETE FROM members WHERE name = 'Eve'")
    assert join(untouched.one) == 4
    untouched.one.commit()
    assert columns(untouched.two) == 4


def test_everybody_leaves(untouched):
    untouched.one.execute("DELETE FROM members")
    untouched.one.commit()
    assert members(untouched.two) == 0
    assert join(untouched.two) == 4
    untouched.two.commit()
