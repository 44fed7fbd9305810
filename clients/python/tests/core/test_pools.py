"""After a replacement every pool that is known hands out connections that work."""

from __future__ import annotations

import asyncio
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

import seedbed
from seedbed import pools

from .places import django_connection, of_scheme

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("seedbed.pools"), "_HOOKS", [])


@pytest.fixture
def own(lease: seedbed.Lease) -> Iterator[seedbed.Lease]:
    """The lease whose database is replaced in the middle of the test."""
    yield lease


def replace(lease: seedbed.Lease) -> None:
    import psycopg

    with psycopg.connect(lease.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE another (id int)")
    assert lease.rewind().replaced


def test_engines_of_sqlalchemy_reconnect(own: seedbed.Lease) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(of_scheme(own, "psycopg"))
    other = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/elsewhere")
    kept = other.pool
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    replace(own)
    pools.empty(own)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    assert other.pool is kept
    engine.dispose()


def test_engines_of_asyncio_reconnect(own: seedbed.Lease) -> None:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    async def run() -> None:
        engine = create_async_engine(of_scheme(own, "asyncpg"))
        for turn in range(2):
            async with engine.connect() as connection:
                assert (await connection.execute(text("SELECT 1"))).scalar() == 1
            if turn == 0:
                replace(own)
                pools.empty(own)
        await engine.dispose()

    with warnings.catch_warnings():
        # What was dropped without being closed had been closed by the server.
        warnings.simplefilter("ignore")
        asyncio.run(run())


def test_django_reconnects(own: seedbed.Lease) -> None:
    connection = django_connection(own)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    replace(own)
    pools.empty(own)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    connection.close()


def test_pools_of_psycopg_reconnect(own: seedbed.Lease) -> None:
    from psycopg_pool import ConnectionPool

    with ConnectionPool(own.url, min_size=2, open=True) as pool:
        pool.wait()
        replace(own)
        pools.empty(own)
        for _ in range(4):
            with pool.connection() as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)


def test_pools_of_asyncio_reconnect(own: seedbed.Lease) -> None:
    import asyncpg
    from psycopg_pool import AsyncConnectionPool

    async def run() -> None:
        async with asyncpg.create_pool(own.url, min_size=2) as one, AsyncConnectionPool(own.url, min_size=2) as other:
            await other.wait()
            replace(own)
            if not hasattr(other, "drain"):
                with pytest.warns(RuntimeWarning, match="pip install 'psycopg_pool>=3.3'"):
                    pools.empty(own)
                assert await one.fetchval("SELECT 1") == 1
                return
            pools.empty(own)
            assert await one.fetchval("SELECT 1") == 1
            for _ in range(4):
                async with other.connection() as connection:
                    cursor = await connection.execute("SELECT 1")
                    assert await cursor.fetchone() == (1,)

    asyncio.run(run())


def test_hooks_are_called_after_the_pools_even_if_one_fails(lease: seedbed.Lease) -> None:
    seen: list[Any] = []

    @seedbed.on_replaced
    def first(lease: seedbed.Lease) -> None:
        seen.append(lease)
        raise ZeroDivisionError

    @seedbed.on_replaced
    def second(lease: seedbed.Lease) -> None:
        seen.append(lease)

    with pytest.raises(ZeroDivisionError):
        pools.empty(lease)
    assert seen == [lease, lease]


def test_libraries_that_nobody_imported_are_not_imported() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from seedbed import pools; pools.empty(None)\n"
        "assert not {'sqlalchemy', 'django', 'psycopg_pool', 'asyncpg'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
