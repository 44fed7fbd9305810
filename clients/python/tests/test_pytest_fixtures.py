"""The fixtures of the plugin: a database that every test finds as the last one did, whatever it did to it."""

from __future__ import annotations

import pytest

from runner_project import Project

pytest_plugins = ("pytester",)


def test_commits_of_one_test_are_unknown_to_the_next(project: Project) -> None:
    project.tests("""
@pytest.mark.parametrize("turn", range(4))
def test_the_first_is_number_one(db, turn):
    assert count(db) == 0
    assert join(db) == 1
    db.commit()

def test_other_connections_see_it(db, seedbed, seedbed_url):
    import psycopg
    join(db)
    db.commit()
    with seedbed.connect() as one, psycopg.connect(seedbed_url) as two:
        assert count(one) == count(two) == 1
        two.execute("DELETE FROM currencies")

def test_reference_data_is_there(db):
    assert db.execute("SELECT count(*) FROM currencies").fetchone() == (2,)
""")
    project.run("-q").assert_outcomes(passed=6)


def test_a_test_may_change_the_schema(project: Project) -> None:
    project.tests("""
@pytest.mark.parametrize("turn", range(2))
def test_ddl(db, turn):
    db.execute("CREATE TABLE extra ()")
    db.execute("ALTER TABLE members DROP COLUMN name")
    db.commit()

def test_after(db):
    assert db.execute("SELECT to_regclass('extra')").fetchone() == (None,)
    join(db)
""")
    project.run("-q").assert_outcomes(passed=3)


def test_db_is_the_same_connection_and_as_new_in_each_test(project: Project) -> None:
    project.tests("""
import psycopg.rows
seen = set()

def test_spoil_it(db):
    seen.add(db.info.backend_pid)
    db.row_factory = psycopg.rows.dict_row
    db.autocommit = True
    db.execute("SET search_path = nowhere")
    db.execute("SET statement_timeout = 1234")
    db.execute("CREATE TEMPORARY TABLE mine ()")
    db.execute("SELECT pg_advisory_lock(7)")
    db.execute("LISTEN news")
    db.execute("DECLARE cur CURSOR WITH HOLD FOR SELECT 1")

def test_as_new(db):
    seen.add(db.info.backend_pid)
    assert len(seen) == 1
    assert not db.autocommit
    assert count(db) == 0
    assert db.execute("SHOW statement_timeout").fetchone() == ("0",)
    assert db.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    assert db.execute(held).fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM pg_listening_channels()").fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM pg_cursors").fetchone() == (0,)

def test_leave_it_in_an_error(db):
    with pytest.raises(psycopg.Error):
        db.execute("SELECT 1/0")

def test_usable(db):
    assert join(db) == 1

def test_close_it(db):
    db.close()

def test_opened_anew(db):
    assert join(db) == 1
    assert db.info.backend_pid not in seen

def test_killed_by_the_test(db, seedbed):
    with seedbed.connect() as other:
        other.execute("SELECT pg_terminate_backend(%s)", (db.info.backend_pid,))

def test_opened_anew_again(db):
    assert join(db) == 1
""")
    result = project.run("-q")
    result.assert_outcomes(passed=8)


def test_psycopg2(project: Project) -> None:
    project.ini("seedbed_driver = psycopg2")
    project.tests("""
def one(db, sql):
    with db.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]

def test_spoil_it(db):
    import psycopg2.extensions
    assert isinstance(db, psycopg2.extensions.connection)
    assert one(db, "INSERT INTO members (email, name) VALUES ('a', 'a') RETURNING id") == 1
    db.commit()
    db.autocommit = True
    one(db, "SELECT set_config('search_path', 'nowhere', false)")

def test_as_new(db):
    assert not db.autocommit
    assert one(db, "SELECT count(*) FROM members") == 0
    assert one(db, "SHOW application_name") == "test_inner.py::test_as_new"

def test_close_it(db):
    db.close()

def test_opened_anew(db):
    assert one(db, "SELECT count(*) FROM members") == 0
""")
    project.run("-q").assert_outcomes(passed=4)


def test_an_unknown_driver_is_told(project: Project) -> None:
    project.ini("seedbed_driver = oracledb")
    project.tests("def test_it(db): pass\n")
    result = project.run("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the driver oracledb cannot be used here, only psycopg or psycopg2*"])


def test_a_test_is_known_to_the_server_by_its_name(project: Project) -> None:
    project.tests("""
NAME = "SELECT current_setting('application_name')"

def test_short(db, seedbed_url):
    import psycopg
    assert db.execute(NAME).fetchone()[0] == "test_inner.py::test_short"
    with psycopg.connect(seedbed_url) as other:
        assert other.execute(NAME).fetchone()[0] == "test_inner.py::test_short"

@pytest.mark.parametrize("word", ["x" * 80 + "\\u00e9nd"])
def test_long(db, word):
    name = db.execute(NAME).fetchone()[0]
    assert len(name) == 63 and name.startswith("...xxx") and name.endswith("nd]")

def test_quotes(db, request):
    assert db.execute(NAME).fetchone()[0] == "test_inner.py::test_quotes"

def test_not_there_without(request):
    import os
    assert "'" not in os.environ.get("PGAPPNAME", "")
""")
    project.run("-q").assert_outcomes(passed=4)


def test_asked_for_in_the_middle_of_a_test(project: Project) -> None:
    project.tests("""
@pytest.mark.parametrize("turn", range(3))
def test_late(request, turn):
    db = request.getfixturevalue("db")
    assert join(db) == 1
    db.commit()

def test_late_make(request):
    make = request.getfixturevalue("make")
    assert make.members(email="late@example.org").id == 1
""")
    project.run("-q").assert_outcomes(passed=4)


def test_marks_within_a_test(project: Project) -> None:
    project.tests("""
def test_there_and_back(db, seedbed):
    join(db, "one@example.org"); db.commit()
    here = seedbed.mark()
    join(db, "two@example.org"); db.commit()
    assert count(db) == 2
    seedbed.rewind(here)
    assert count(db) == 1
    seedbed.rewind()
    assert count(db) == 0
    join(db); db.commit()

def test_further_than_it_may(db, seedbed):
    assert count(db) == 0
    seedbed.lease.rewind(seedbed.lease.first)

def test_after(db):
    assert count(db) == 0

def test_kept_by_hand(db, seedbed):
    import psycopg
    join(db)
    kept = seedbed.keep()
    with psycopg.connect(kept.url) as other:
        assert count(other) == 1
    assert kept.name and "@" not in repr(kept)

def test_no_password_in_representations(seedbed):
    assert "://" not in repr(seedbed)
""")
    project.run("-q").assert_outcomes(passed=5)


def test_make_is_in_the_transaction_of_db_else_committed(project: Project) -> None:
    project.tests("""
def test_with_db(make, db, seedbed):
    row = make.members(email="a@example.org")
    assert count(db) == 1
    with seedbed.connect() as other:
        assert count(other) == 0
    assert row.outcome == "created"

def test_without(make, seedbed):
    make.members(email="a@example.org")
    with seedbed.connect() as other:
        assert count(other) == 1

def test_committed_by_hand(make, db, seedbed):
    seedbed.make.members(email="a@example.org")
    assert count(db) == 1
""")
    project.run("-q").assert_outcomes(passed=3)


def test_async_tests(project: Project) -> None:
    pytest.importorskip("pytest_asyncio")
    pytest.importorskip("anyio")
    project.ini("asyncio_mode = strict")
    project.tests("""
import pytest_asyncio

@pytest_asyncio.fixture
async def adb(seedbed):
    async with await seedbed.connect_async() as connection:
        yield connection

@pytest.mark.asyncio
@pytest.mark.parametrize("turn", range(2))
async def test_psycopg(adb, turn):
    rows = await adb.execute("INSERT INTO members (email, name) VALUES ('a', 'a') RETURNING id")
    assert await rows.fetchone() == (1,)
    await adb.commit()

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
@pytest.mark.parametrize("turn", range(2))
async def test_asyncpg(seedbed_url, turn):
    import asyncpg
    connection = await asyncpg.connect(seedbed_url)
    assert await connection.fetchval("INSERT INTO members (email, name) VALUES ('a', 'a') RETURNING id") == 1
    await connection.close()

def test_after(db):
    assert count(db) == 0
""")
    project.run("-q").assert_outcomes(passed=5)
