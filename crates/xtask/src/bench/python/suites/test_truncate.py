# What suites on a container of their own do: one connection for all tests, and
# after each every table is emptied.
import os

import psycopg
import pytest


@pytest.fixture(scope="session")
def connection():
    with psycopg.connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def emptying():
    tables = ", ".join(f"t{number}" for number in range(1, int(os.environ["BENCH_TABLES"]) + 1))
    return f"TRUNCATE big, {tables} RESTART IDENTITY CASCADE"


@pytest.fixture
def database(connection, emptying):
    yield connection
    connection.execute(emptying)
    connection.commit()


def test_it(number, database):
    database.execute("INSERT INTO t1 (number) VALUES (1000001)")
    database.commit()
