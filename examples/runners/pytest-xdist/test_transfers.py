"""A trigger writes another table; foreign keys, checks and TRUNCATE."""

import psycopg
import pytest

from rows import join, members, one, open_account, transfer


def two_accounts(database):
    assert members(database.one) == 0
    ada, ben = join(database.one), join(database.one, "ben@example.org", "Ben")
    accounts = open_account(database.one, ada, 100), open_account(database.one, ben, 0)
    database.one.commit()
    assert accounts == (1, 2)
    return accounts


def balances(connection):
    return one(connection, "SELECT string_agg(balance::text, ' ' ORDER BY id) FROM accounts")


def test_money_moves(database):
    transfer(database.one, *two_accounts(database), 30)
    database.one.commit()
    assert balances(database.two) == "70 30"


def test_more_than_there_is_does_not_move(database):
    accounts = two_accounts(database)
    with pytest.raises(psycopg.errors.CheckViolation):
        transfer(database.one, *accounts, 101)
    database.one.rollback()
    assert balances(database.two) == "100 0"


def test_two_connections_transfer_in_turn(database):
    accounts = two_accounts(database)
    for _ in range(5):
        for connection in (database.one, database.two):
            transfer(connection, *accounts, 10)
            connection.commit()
    assert balances(database.one) == "0 100"


def test_members_take_their_accounts_with_them(database):
    two_accounts(database)
    database.two.execute("DELETE FROM members WHERE name = 'Ada'")
    database.two.commit()
    assert balances(database.one) == "0"


def test_everything_can_be_truncated(database):
    transfer(database.one, *two_accounts(database), 1)
    database.one.execute("TRUNCATE members, accounts, transfers, currencies RESTART IDENTITY")
    database.one.commit()
    assert members(database.two) == 0
