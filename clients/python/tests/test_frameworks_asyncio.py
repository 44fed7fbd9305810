"""Drivers of asyncio under the two plugins that run coroutines, with connections of a test and with pools that outlive
it: psycopg and asyncpg, pytest-asyncio and anyio."""

from __future__ import annotations

import pytest

from runner_project import Project

pytest_plugins = ("pytester",)
pytest.importorskip("asyncpg")
pytest.importorskip("psycopg_pool")

CONFTEST = """
import asyncpg
import psycopg
import psycopg_pool
import pytest
import PLUGIN

ADA = "INSERT INTO members (email, name) VALUES ('ada@example.org', 'Ada') RETURNING id"

async def psycopg_value(connection, sql):
    return (await (await connection.execute(sql)).fetchone())[0]

async def asyncpg_value(connection, sql):
    return await connection.fetchval(sql)

VALUE = {"psycopg": psycopg_value, "asyncpg": asyncpg_value}

@pytest.fixture(params=["psycopg", "asyncpg"])
def driver(request):
    return request.param

@FIXTURE
async def connection(driver, seedbed):
    if driver == "psycopg":
        async with await psycopg.AsyncConnection.connect(seedbed.url) as connection:
            yield connection
            await connection.rollback()
    else:
        connection = await asyncpg.connect(seedbed.url)
        yield connection
        await connection.close()

@FIXTURE
async def value(driver, connection):
    async def value(sql, connection=connection):
        return await VALUE[driver](connection, sql)
    yield value
"""

TESTS = """
import asyncio
import psycopg
import pytest
import seedbed as sb
from conftest import ADA

pytestmark = pytest.mark.MARK

COUNT = "SELECT count(*) FROM members"

@pytest.mark.parametrize("turn", range(2))
async def test_a_test_commits(driver, connection, value, db, turn):
    assert await value(ADA) == 1
    if driver == "psycopg":
        await connection.commit()
    assert db.execute(COUNT).fetchone() == (1,)

async def test_rows_are_made_in_its_transaction(connection, value, driver, make, db):
    if driver == "psycopg":
        ada = await make.on(connection).members(email="ada@example.org")
        assert await value(COUNT) == 1
        assert db.execute(COUNT).fetchone() == (0,)
    else:
        async with connection.transaction():
            ada = await make.on(connection).members(email="ada@example.org")
            assert db.execute(COUNT).fetchone() == (0,)
    assert ada.email == "ada@example.org"

async def test_rows_are_made_committed(seedbed, value):
    # Without a connection a call is not awaited.
    seedbed.make.members.list(3)
    assert await value(COUNT) == 3

async def test_several_at_once(seedbed, driver, value):
    async def join(number):
        connection = await sb.connect_async(seedbed.url, driver)
        try:
            await connection.execute(f"INSERT INTO members (email, name) VALUES ('{number}@example.org', 'x')")
            if driver == "psycopg":
                await connection.commit()
        finally:
            await connection.close()
    await asyncio.gather(*map(join, range(5)))
    assert await value(COUNT) == 5

@pytest.mark.parametrize("turn", range(2))
async def test_it_changes_the_schema(connection, value, driver, turn):
    await connection.execute("ALTER TABLE members ADD COLUMN born date")
    if driver == "psycopg":
        await connection.commit()

async def test_one_it_forgot_is_ended_and_named(seedbed, driver):
    connection = await sb.connect_async(seedbed.url, driver)
    if driver == "asyncpg":
        await connection.transaction().start()
    await connection.execute(ADA.split(" RETURNING")[0])
    FORGOTTEN.append(connection)

FORGOTTEN = []
"""

BLOCKING = """
def test_blocking_ones_live_beside(db, make):
    assert db.execute("SELECT count(*) FROM members").fetchone() == (0,)
    make.members()
"""

POOLS = """
import asyncpg
import psycopg_pool
import pytest
import pytest_asyncio
from conftest import ADA

pytestmark = pytest.mark.asyncio(loop_scope="session")

@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def of_psycopg(seedbed_url):
    async with psycopg_pool.AsyncConnectionPool(seedbed_url, min_size=2, open=False) as pool:
        yield pool

@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def of_asyncpg(seedbed_url):
    async with asyncpg.create_pool(seedbed_url, min_size=2, max_size=4) as pool:
        yield pool

@pytest.mark.parametrize("turn", range(2))
@pytest.mark.parametrize("replaced", [False, True])
async def test_pool_of_psycopg(of_psycopg, turn, replaced):
    async with of_psycopg.connection() as connection:
        assert await (await connection.execute(ADA)).fetchone() == (1,)
        if replaced:
            await connection.execute("ALTER TABLE members ADD COLUMN born date")

@pytest.mark.parametrize("turn", range(2))
@pytest.mark.parametrize("replaced", [False, True])
async def test_pool_of_asyncpg(of_asyncpg, make, turn, replaced):
    assert await of_asyncpg.fetchval(ADA) == 1
    async with of_asyncpg.acquire() as connection, connection.transaction():
        assert (await make.on(connection).members(email="eve@example.org")).outcome == "created"
    if replaced:
        await of_asyncpg.execute("ALTER TABLE members ADD COLUMN born date")
"""


def write(project: Project, plugin: str) -> None:
    anyio = plugin == "anyio"
    conftest = CONFTEST.replace("@FIXTURE", "@pytest.fixture" if anyio else "@pytest_asyncio.fixture")
    conftest = conftest.replace("PLUGIN", plugin)
    if anyio:
        conftest += "\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    project.file("conftest.py", conftest)
    project.file("test_inner.py", TESTS.replace("MARK", "anyio" if anyio else "asyncio"))
    project.file("test_inner_blocking.py", BLOCKING)
    project.ini("" if anyio else "asyncio_default_fixture_loop_scope = function")


@pytest.mark.parametrize("plugin", ["pytest_asyncio", "anyio"])
def test_connections(project: Project, plugin: str) -> None:
    pytest.importorskip(plugin)
    write(project, plugin)
    result = project.run("-q", *(["-p", "no:asyncio"] if plugin == "anyio" else []))
    result.assert_outcomes(passed=17, warnings=2)
    result.stdout.fnmatch_lines(
        ["*test_one_it_forgot_is_ended_and_named* left a session open that held a transaction*"]
    )


def test_pools_that_outlive_tests(project: Project) -> None:
    pytest.importorskip("pytest_asyncio")
    write(project, "pytest_asyncio")
    project.file("test_inner.py", POOLS)
    project.run("-q").assert_outcomes(passed=9)
