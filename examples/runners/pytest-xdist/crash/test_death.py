"""Workers die with a transaction committed and another open. Each is followed by a new one
with a new name, which gets the slot of a dead one, clean."""

import os

import pytest

from rows import join, members


@pytest.mark.parametrize("turn", range(3))
def test_a_worker_dies(database, turn):
    assert members(database.one) == 0
    join(database.one)
    database.one.commit()
    join(database.two, "ben@example.org")
    os._exit(1)


@pytest.mark.parametrize("turn", range(12))
def test_life_goes_on(database, turn):
    assert members(database.one) == 0
    assert join(database.one) == 1
    database.one.commit()
