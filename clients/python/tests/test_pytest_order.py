"""Where a test's turn begins and ends among its fixtures, and other plugins that run tests their own way."""

from __future__ import annotations

import pytest

from runner_project import Project

pytest_plugins = ("pytester",)


def test_the_turn_begins_before_a_tests_own_fixtures_and_ends_after_them(project: Project) -> None:
    project.file(
        "conftest.py",
        """
import psycopg, pytest
@pytest.fixture(autouse=True)
def early(seedbed_url):
    # Autouse, and of a conftest: the first of the test's own fixtures.
    with psycopg.connect(seedbed_url) as connection:
        connection.execute("INSERT INTO members (email, name) VALUES ('early', 'e')")
    yield
    with psycopg.connect(seedbed_url) as connection:
        connection.execute("INSERT INTO members (email, name) VALUES ('at the end', 'e')")

@pytest.fixture(scope="module", autouse=True)
def wide(seedbed_url):
    with psycopg.connect(seedbed_url) as connection:
        connection.execute("INSERT INTO members (email, name) VALUES ('wide', 'w')")
    yield
    with psycopg.connect(seedbed_url) as connection:
        connection.execute("DELETE FROM members WHERE email = 'wide'")
""",
    )
    body = """
@pytest.fixture
def own(db):
    join(db); db.commit()
    yield
    join(db, "own end"); db.commit()

@pytest.mark.parametrize("turn", range(3))
def test_it(own, db, turn): assert count(db) == 3

def test_other(db): assert count(db) == 2
"""
    project.tests(body, "test_a.py")
    project.tests(body, "test_b.py")
    project.run("-q").assert_outcomes(passed=8)


def test_parametrised_fixtures_of_every_scope(project: Project) -> None:
    project.tests("""
@pytest.fixture(params=[1, 2])
def some(db, request):
    for n in range(request.param): join(db, f"{n}@example.org")
    return request.param

@pytest.fixture(scope="module", params=["x", "y"])
def wide(request, seedbed):
    return request.param

@pytest.mark.parametrize("db_name", ["a"])
def test_it(some, wide, db, db_name, request):
    assert count(db) == some
    db.commit()

class TestClass:
    @pytest.fixture(autouse=True, scope="class")
    def of_class(self, seedbed): yield

    @pytest.fixture(autouse=True)
    def of_test(self, db): join(db, "of_test"); db.commit()

    def test_a(self, db): assert count(db) == 1
    def test_b(self, db): assert count(db) == 1

    @classmethod
    def setup_class(cls): pass
    def setup_method(self): pass
""")
    project.run("-q").assert_outcomes(passed=6)


def test_a_fixture_that_fails(project: Project) -> None:
    project.tests("""
@pytest.fixture
def broken(db):
    join(db); db.commit()
    raise RuntimeError

@pytest.fixture
def broken_at_the_end(db):
    yield
    join(db); db.commit()
    raise RuntimeError

def test_a(broken): pass
def test_b(broken_at_the_end): pass
def test_c(db): assert count(db) == 0
@pytest.mark.skip
def test_d(db): pass
@pytest.mark.xfail(strict=True)
def test_e(db): join(db); db.commit(); assert 0
def test_f(db): pytest.skip("in the middle")
def test_g(db): assert count(db) == 0
""")
    project.run("-q").assert_outcomes(passed=3, errors=2, skipped=2, xfailed=1)


def test_reruns_begin_anew(project: Project) -> None:
    pytest.importorskip("pytest_rerunfailures")
    project.tests("""
runs = []

@sb.shared(scope="module")
def team(db): return join(db, "team@example.org")

def test_flaky(team, db):
    runs.append(1)
    assert count(db) == 1
    join(db); db.commit()
    assert len(runs) == 3

def test_after(team, db): assert count(db) == 1
""")
    result = project.run("-q", "--reruns", "2", "-p", "no:xdist")
    result.assert_outcomes(passed=2)
    assert "2 rerun" in result.stdout.str()


def test_doctests(project: Project) -> None:
    project.ini("seedbed_env = URL")
    project.file(
        "shop.py",
        '''
def members():
    """
    >>> import os, psycopg
    >>> with psycopg.connect(os.environ["URL"]) as connection:
    ...     connection.execute("INSERT INTO members (email, name) VALUES ('a', 'a') RETURNING id").fetchone()
    (1,)
    """

def again():
    """
    >>> db = getfixture("db")
    >>> db.execute("SELECT count(*) FROM members").fetchone()
    (0,)
    """
''',
    )
    project.run("-q", "--doctest-modules").assert_outcomes(passed=2)


def test_a_projects_own_fixtures_of_these_names_win(project: Project) -> None:
    project.file(
        "conftest.py",
        """
import pytest
@pytest.fixture
def db(): return "theirs"
@pytest.fixture
def make(make): return make
@pytest.fixture(scope="session")
def pools(): return []
""",
    )
    project.tests("""
def test_theirs(db, request):
    assert db == "theirs"
    assert "_seedbed_turn" not in request.fixturenames
def test_wrapped(make): assert make.members(email="a@example.org").id == 1
def test_wrapped_again(make): assert make.members(email="a@example.org").id == 1
""")
    project.run("-q").assert_outcomes(passed=3)


def test_pools_are_emptied_when_the_database_was_replaced(project: Project) -> None:
    pytest.importorskip("sqlalchemy")
    project.tests("""
import sqlalchemy
from psycopg_pool import ConnectionPool
replaced = []

@sb.on_replaced
def note(lease): replaced.append(lease.slot)

@pytest.fixture(scope="session")
def engine(seedbed_url):
    engine = sqlalchemy.create_engine(seedbed_url.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()

@pytest.fixture(scope="session")
def pool(seedbed_url):
    with ConnectionPool(seedbed_url, min_size=1, open=True) as pool:
        pool.wait()
        yield pool

@pytest.mark.parametrize("turn", range(3))
def test_it(engine, pool, turn, seedbed):
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE extra ()"))
        connection.execute(sqlalchemy.text("INSERT INTO members (email, name) VALUES ('a', 'a')"))
    with pool.connection() as connection:
        assert count(connection) == 1
    assert len(replaced) == turn

@pytest.mark.seedbed(lane="rollback")
def test_another_lane(engine, pool, seedbed):
    with engine.connect() as connection, pool.connection() as other:
        assert connection.execute(sqlalchemy.text("SELECT count(*) FROM members")).scalar() == count(other) == 0
    assert len(replaced) == 4
""")
    project.run("-q").assert_outcomes(passed=4)
