"""The connection that is kept from test to test is as new for each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

import seedbed
from seedbed.connection import KeptConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(params=["psycopg", "psycopg2"])
def kept(request: pytest.FixtureRequest, lease: seedbed.Lease) -> Iterator[KeptConnection]:
    kept = KeptConnection(lambda: lease.url, lambda: request.param)
    yield kept
    kept.drop()


def one(connection: Any, sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def again(kept: KeptConnection) -> Any:
    kept.give_back()
    return kept.lend("the next")


def test_it_is_the_same_session_as_long_as_it_can_be(kept: KeptConnection) -> None:
    first = kept.lend("the first")
    pid = one(first, "SELECT pg_backend_pid()")
    for _ in range(12):
        # Often enough for psycopg to prepare it.
        one(first, "SELECT 1")
        one(first, "SELECT set_config('work_mem', '1MB', false), pg_advisory_lock(1)")
        first.commit()
        first = again(kept)
        assert one(first, "SELECT pg_backend_pid()") == pid
        assert one(first, "SHOW application_name") == "the next"
        assert one(first, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()") == 0
        assert one(first, "SHOW work_mem") != "1MB"


def test_a_statement_that_a_test_prepared_is_not_there_for_the_next(kept: KeptConnection) -> None:
    connection = kept.lend("the first")
    connection.cursor().execute("PREPARE mine AS SELECT 1")
    connection.commit()
    connection = again(kept)
    connection.cursor().execute("PREPARE mine AS SELECT 2")
    assert one(connection, "EXECUTE mine") == 2


def psycopg_loader(connection: Any) -> None:
    from psycopg.types.string import TextLoader

    connection.adapters.register_loader("int4", TextLoader)


def psycopg_dumper(connection: Any) -> None:
    from psycopg.types.numeric import IntDumper

    connection.adapters.register_dumper(str, IntDumper)


def psycopg_handler(connection: Any) -> None:
    connection.add_notice_handler(lambda notice: None)


def psycopg2_encoding(connection: Any) -> None:
    connection.set_client_encoding("LATIN1")


def psycopg2_type(connection: Any) -> None:
    from psycopg2.extensions import new_type, register_type

    register_type(new_type((23,), "INT4", lambda value, cursor: "changed"), connection)


@pytest.mark.parametrize(
    ("driver", "change"),
    [
        ("psycopg", psycopg_loader),
        ("psycopg", psycopg_dumper),
        ("psycopg", psycopg_handler),
        ("psycopg2", psycopg2_encoding),
        ("psycopg2", psycopg2_type),
    ],
)
def test_what_a_test_changed_of_the_driver_s_ways_is_not_there_for_the_next(
    lease: seedbed.Lease, driver: str, change: Callable[[Any], None]
) -> None:
    kept = KeptConnection(lambda: lease.url, lambda: driver)
    connection = kept.lend("the first")
    change(connection)
    connection.commit()
    connection = again(kept)
    assert one(connection, "SELECT 1::int4") == 1
    assert one(connection, "SELECT 'ä€'::text") == "ä€"
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", ("text",))
        assert cursor.fetchone() == ("text",)
    assert not getattr(connection, "_notice_handlers", ())
    kept.drop()


def test_a_fork_does_not_use_it(kept: KeptConnection) -> None:
    connection = kept.lend("the parent's")
    connection.cursor().execute("CREATE TEMP TABLE mine (id int)")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nothing"
        try:
            kept.give_back(commit=True)
            kept.drop()
            kept.lend("the child's")
        except seedbed.LeaseEnded as error:
            said = str(error)
        os.write(write, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert f"belongs to process {os.getpid()}; this is its fork {child}" in os.read(read, 4096).decode()
    os.close(read)
    os.close(write)
    # Its transaction is open still.
    assert one(connection, "SELECT count(*) FROM mine") == 0
    connection.rollback()
