"""SQLAlchemy as applications use it: an engine with its pool, sessions, `join_transaction_mode`; the same in asyncio.

Each inner test runs in a real pytest of its own, in any order; what one commits, or does to the schema, no other sees.
"""

from __future__ import annotations

import pytest

from runner_project import Project

pytest_plugins = ("pytester",)
pytest.importorskip("sqlalchemy")

CONFTEST = """
import os
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

class Base(DeclarativeBase):
    pass

class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]

# As an application does: once, when it is imported.
engine = create_engine(os.environ["DATABASE_URL"], pool_size=3)

@pytest.fixture
def joined():
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()
"""

BLOCKING = """
import pytest
from concurrent.futures import ThreadPoolExecutor
from conftest import Member, engine
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

def count(session): return session.scalar(select(func.count()).select_from(Member))

@pytest.mark.parametrize("turn", range(3))
def test_a_session_commits(turn):
    with Session(engine) as session:
        session.add(Member(email="ada@example.org", name="Ada"))
        session.commit()
    with Session(engine) as session:
        assert session.scalars(select(Member.id)).all() == [1]

def test_connections_of_the_pool_see_each_other():
    with engine.begin() as one:
        one.execute(text("INSERT INTO members (email, name) VALUES ('a@example.org', 'A')"))
    with engine.connect() as one, engine.connect() as two:
        assert one.scalar(text("SELECT count(*) FROM members")) == 1
        assert two.scalar(text("SELECT count(*) FROM members")) == 1

def test_threads():
    def join(number):
        with Session(engine) as session, session.begin():
            session.add(Member(email=f"{number}@example.org", name="x"))
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(join, range(9)))
    with Session(engine) as session:
        assert count(session) == 9

@pytest.mark.parametrize("turn", range(2))
def test_the_database_is_replaced_and_the_pool_goes_on(turn):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE members ADD COLUMN born date"))
        connection.execute(text("INSERT INTO members (email, name) VALUES ('a@example.org', 'A')"))

def test_in_the_middle_of_a_test(seedbed):
    with Session(engine) as session:
        assert count(session) == 0
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE members"))
    assert seedbed.rewind().replaced
    with Session(engine) as session:
        assert count(session) == 0

def test_rows_are_made_committed(make):
    member = make.members(email="eve@example.org")
    with Session(engine) as session:
        assert session.get(Member, member.id).email == "eve@example.org"

def test_rows_are_made_in_a_session(make):
    with Session(engine) as session:
        session.add(Member(email="eve@example.org", name="Eve"))
        # What the session still holds is flushed first, and found.
        assert make.on(session).members(email="eve@example.org").outcome == "matched"
        ada = make.on(session).members(email="ada@example.org")
        assert session.get(Member, ada.id).name == ada.name
        session.rollback()
        assert count(session) == 0

@pytest.mark.parametrize("turn", range(2))
def test_a_joined_session_commits_nothing(joined, make, turn):
    make.on(joined).members(email="ada@example.org")
    joined.add(Member(email="eve@example.org", name="Eve"))
    joined.commit()
    assert count(joined) == 2
    with Session(engine) as other:
        assert count(other) == 0
    # A commit that fails takes back what came after the last one, and no more.
    make.on(joined).members(email="ben@example.org")
    joined.add(Member(email="eve@example.org", name="Eve again"))
    with pytest.raises(IntegrityError):
        joined.commit()
    joined.rollback()
    assert count(joined) == 2

@pytest.mark.seedbed(lane="rollback")
def test_a_joined_session_suits_the_lane_rollback(joined, make):
    make.on(joined).members(email="ada@example.org")
    joined.commit()
    assert count(joined) == 1

def test_nothing_is_left():
    with Session(engine) as session:
        assert count(session) == 0
        assert not session.scalar(text("SELECT count(*) FROM pg_attribute WHERE attname = 'born' AND attnum > 0"))
"""

ASYNC = """
import os
import pytest
from conftest import Member
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

pytestmark = pytest.mark.asyncio(loop_scope="session")
drivers = pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])

ENGINES = {}

def of(driver):
    # Of the session's loop, as an application has one for its life.
    if driver not in ENGINES:
        url = os.environ["DATABASE_URL"].replace("psycopg", driver)
        ENGINES[driver] = create_async_engine(url, pool_size=2)
    return ENGINES[driver]

async def count(session): return await session.scalar(select(func.count()).select_from(Member))

@drivers
@pytest.mark.parametrize("turn", range(2))
async def test_a_session_commits(driver, turn):
    async with AsyncSession(of(driver)) as session:
        session.add(Member(email="ada@example.org", name="Ada"))
        await session.commit()
    async with AsyncSession(of(driver)) as session:
        assert (await session.scalars(select(Member.id))).all() == [1]

@drivers
async def test_rows_are_made_in_a_session(driver, make):
    async with AsyncSession(of(driver)) as session:
        ada = await make.on(session).members(email="ada@example.org")
        assert (await session.get(Member, ada.id)).name == ada.name
        async with AsyncSession(of(driver)) as other:
            assert await count(other) == 0

@drivers
async def test_a_joined_session_commits_nothing(driver, make):
    async with of(driver).connect() as connection, connection.begin() as outer:
        async with AsyncSession(connection, join_transaction_mode="create_savepoint") as session:
            await make.on(session).members(email="ada@example.org")
            await session.commit()
            assert await count(session) == 1
        await outer.rollback()
    async with AsyncSession(of(driver)) as session:
        assert await count(session) == 0

@drivers
@pytest.mark.parametrize("turn", range(2))
async def test_the_database_is_replaced_and_the_pool_goes_on(driver, turn):
    async with of(driver).begin() as connection:
        await connection.execute(text("ALTER TABLE members ADD COLUMN born date"))
    async with AsyncSession(of(driver)) as session:
        assert await count(session) == 0
"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.ini(
        "seedbed_env = DATABASE_URL=postgresql+psycopg://",
        "asyncio_default_fixture_loop_scope = function",
        "filterwarnings = error::pytest.PytestUnhandledThreadExceptionWarning",
    )
    project.file("conftest.py", CONFTEST)
    return project


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_engine_and_sessions(shop: Project, arguments: tuple[str, ...]) -> None:
    shop.file("test_inner.py", BLOCKING)
    shop.run("-q", "-W", "error::seedbed.pytest_turns.SeedbedWarning", *arguments).assert_outcomes(passed=14)


def test_in_random_order(shop: Project) -> None:
    pytest.importorskip("pytest_randomly")
    shop.file("test_inner.py", BLOCKING)
    shop.file("pytest.ini", "[pytest]\nseedbed_env = DATABASE_URL=postgresql+psycopg://\n")
    shop.run("-q").assert_outcomes(passed=14)


def test_asyncio(shop: Project) -> None:
    pytest.importorskip("asyncpg")
    pytest.importorskip("pytest_asyncio")
    shop.file("test_inner.py", ASYNC)
    shop.run("-q").assert_outcomes(passed=12)
