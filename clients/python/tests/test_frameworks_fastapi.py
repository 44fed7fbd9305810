"""FastAPI with its test client: the service has a pool of its own, which the tests neither know nor touch."""

from __future__ import annotations

import pytest

from runner_project import Project

pytest_plugins = ("pytester",)
pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("psycopg_pool")

# Each asks for its database when it is imported, or when it begins, as services do.
SERVICES = {
    "a blocking pool": """
from psycopg_pool import ConnectionPool

@asynccontextmanager
async def life(app):
    with ConnectionPool(os.environ["DATABASE_URL"], min_size=2, open=False) as app.pool:
        yield

app = FastAPI(lifespan=life)

@app.post("/members", status_code=201)
def join(email: str):
    with app.pool.connection() as connection:
        return connection.execute(INSERT % "%s", (email,)).fetchone()[0]

@app.get("/members")
def members():
    with app.pool.connection() as connection:
        return [email for email, in connection.execute(SELECT)]

@app.post("/migrate")
def migrate():
    with app.pool.connection() as connection:
        connection.execute(ALTER)
""",
    "a pool of asyncio": """
import asyncpg

@asynccontextmanager
async def life(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2, max_size=4) as app.pool:
        yield

app = FastAPI(lifespan=life)

@app.post("/members", status_code=201)
async def join(email: str):
    return await app.pool.fetchval(INSERT % "$1", email)

@app.get("/members")
async def members():
    return [email for email, in await app.pool.fetch(SELECT)]

@app.post("/migrate")
async def migrate():
    await app.pool.execute(ALTER)
""",
    "an engine of asyncio": """
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgresql", "postgresql+asyncpg"))
app = FastAPI()

@app.post("/members", status_code=201)
async def join(email: str):
    async with engine.begin() as connection:
        return await connection.scalar(text(INSERT % ":email"), {"email": email})

@app.get("/members")
async def members():
    async with engine.connect() as connection:
        return list(await connection.scalars(text(SELECT)))

@app.post("/migrate")
async def migrate():
    async with engine.begin() as connection:
        await connection.execute(text(ALTER))
""",
}

HEAD = """
import os
from contextlib import asynccontextmanager
from fastapi import FastAPI

INSERT = "INSERT INTO members (email, name) VALUES (%s, 'x') RETURNING id"
SELECT = "SELECT email FROM members ORDER BY email"
ALTER = "ALTER TABLE members ADD COLUMN born date"
"""

TESTS = """
import pytest
from fastapi.testclient import TestClient

ADA = {"email": "ada@example.org"}

@pytest.fixture(scope="session")
def client():
    from application import app
    with TestClient(app) as client:
        yield client

@pytest.mark.parametrize("turn", range(3))
def test_what_it_commits_no_other_test_sees(client, turn):
    assert client.get("/members").json() == []
    assert client.post("/members", params=ADA).json() == 1
    assert client.get("/members").json() == ["ada@example.org"]

def test_it_sees_rows_that_are_made(client, make):
    make.members(**ADA)
    assert client.get("/members").json() == ["ada@example.org"]

def test_it_does_not_see_rows_in_the_test_s_transaction(client, db, make):
    make.members(**ADA)
    assert client.get("/members").json() == []
    db.commit()
    assert client.get("/members").json() == ["ada@example.org"]

def test_its_pool_outlives_a_replaced_database(client, seedbed):
    client.post("/members", params=ADA)
    client.post("/migrate")
    assert seedbed.rewind().replaced
    assert client.get("/members").json() == []
    assert client.post("/members", params=ADA).json() == 1

@pytest.mark.parametrize("turn", range(2))
def test_the_next_test_finds_it_well(client, turn):
    assert client.post("/members", params=ADA).json() == 1
    assert client.post("/migrate").status_code == 200
"""


@pytest.mark.parametrize("kind", SERVICES)
def test_a_service_with(project: Project, kind: str) -> None:
    pytest.importorskip("asyncpg")
    pytest.importorskip("sqlalchemy")
    project.ini("seedbed_env = DATABASE_URL", "pythonpath = .", "asyncio_default_fixture_loop_scope = function")
    project.file("application.py", HEAD + SERVICES[kind])
    project.file("test_inner.py", TESTS)
    project.run("-q").assert_outcomes(passed=8)
