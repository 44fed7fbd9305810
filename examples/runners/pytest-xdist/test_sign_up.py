"""Every test inserts the same address and commits: without isolation, all but one fail."""

import psycopg
import pytest

from rows import join, members, one


@pytest.mark.parametrize("turn", range(4))
def test_the_first_member_is_number_one(database, turn):
    assert members(database.one) == 0
    assert join(database.one) == 1
    database.one.commit()
    assert members(database.two) == 1


def test_an_address_is_taken_once(database):
    join(database.one)
    database.one.commit()
    with pytest.raises(psycopg.errors.UniqueViolation):
        join(database.two)
    database.two.rollback()
    assert join(database.two, "ben@example.org") == 3
    database.two.commit()
    assert members(database.one) == 2


def test_another_connection_waits_for_the_first(database):
    join(database.one)
    database.two.execute("SET LOCAL lock_timeout = '50ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        join(database.two)
    database.two.rollback()
    database.one.commit()
    assert members(database.two) == 1


def test_half_of_a_transaction_can_be_taken_back(database):
    join(database.one)
    database.one.execute("SAVEPOINT half")
    join(database.one, "ben@example.org")
    database.one.execute("ROLLBACK TO half")
    database.one.commit()
    assert one(database.two, "SELECT string_agg(email, ' ') FROM members") == "ada@example.org"


def test_many_join_by_copy(database):
    with database.one.cursor().copy("COPY members (email, name) FROM STDIN") as copy:
        copy.write_row(("ada@example.org", "Ada"))
        for number in range(200):
            copy.write_row((f"m{number}@example.org", "M"))
    database.one.commit()
    assert members(database.two) == 201


def test_what_a_test_leaves_open_is_closed(database):
    join(database.one)
    join(database.two, "ben@example.org")


def test_reference_data_can_be_deleted(database):
    join(database.one)
    database.one.execute("DELETE FROM currencies")
    database.one.commit()
    assert one(database.two, "SELECT count(*) FROM currencies") == 0


def test_reference_data_is_there(database):
    join(database.one)
    database.one.commit()
    names = "SELECT string_agg(code, ' ' ORDER BY code) FROM currencies"
    assert one(database.two, names) == "CHF EUR USD"
